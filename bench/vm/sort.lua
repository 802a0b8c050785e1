-- table.sort with a comparator over records, and without one over numbers and strings.
local SIZE = 40000

local seed = 42
local function random(limit)
  seed = (seed * 3877 + 29573) % 139968
  return seed % limit
end

local records, numbers, names = {}, {}, {}
for i = 1, SIZE do
  records[i] = { key = random(5000), rank = i }
  numbers[i] = random(100000)
  names[i] = "name" .. random(100000)
end
table.sort(records, function(a, b)
  if a.key ~= b.key then return a.key < b.key end
  return a.rank > b.rank
end)
table.sort(numbers)
table.sort(names)

local sum = 0
for i = 1, SIZE, 7 do
  sum = (sum * 31 + records[i].key + records[i].rank + numbers[i] + #names[i]) % 1000003
end

return sum .. " " .. names[1] .. " " .. names[SIZE]
