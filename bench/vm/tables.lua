-- Array tables and tables with string keys: appends, reads, inserts, updates, traversal.
local SIZE = 700000

local list = {}
for i = 1, SIZE do list[#list + 1] = i % 97 end
local sum = 0
for round = 1, 3 do
  for i = 1, #list do sum = (sum + list[i] * round) % 1000003 end
end
for i = #list, SIZE // 2, -1 do list[i] = nil end

local words = {}
for i = 1, 1000 do words[i] = "word" .. i end
local counts = {}
for i = 0, SIZE * 2 - 1 do
  local word = words[i * 7 % 1000 + 1]
  counts[word] = (counts[word] or 0) + 1
end
for _, count in pairs(counts) do sum = (sum + count * 3) % 1000003 end

local points = {}
for i = 1, SIZE // 8 do points[i] = { x = i, y = -i, label = words[i % 1000 + 1] } end
for _, point in ipairs(points) do
  point.x, point.y = point.y + 1, point.x + #point.label
  sum = (sum + point.x + point.y) % 1000003
end

return sum + #list
