-- Building strings: `..`, table.concat, string.format, tostring.
local SIZE = 90000

local parts = {}
local length = 0
for i = 1, SIZE do
  local name = "item" .. i .. ":" .. (i * 3)
  parts[#parts + 1] = string.format("%-14s|%6.2f|%05d|%x", name, i / 7, i % 1000, i)
  if #parts == 500 then
    local line = table.concat(parts, ", ")
    length = length + #line
    parts = {}
  end
  length = length + #tostring(i / 2)
end
local text = ""
for i = 1, 3000 do text = text .. string.char(97 + i % 26) end

return length + #text + text:byte(1777)
