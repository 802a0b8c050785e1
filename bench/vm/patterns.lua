-- Patterns: gsub with a string, a table and a function, find, match, gmatch.
local SIZE = 600

local lines = {}
for i = 1, 40 do
  lines[i] = "key" .. i .. " = value_" .. (i * 31) .. "; -- note (" .. i .. ") [end] 12.5e3"
end
local text = table.concat(lines, "\n")
local colours = { key1 = "red", key2 = "green", key3 = "blue" }
local sum = 0
for round = 1, SIZE do
  local swapped = text:gsub("(%w+) = (%w+)", "%2 = %1")
  local coloured, count = text:gsub("key%d+", colours)
  local doubled = text:gsub("%((%d+)%)", function(digits)
    return "<" .. tonumber(digits) * 2 .. ">"
  end)
  for name, value in text:gmatch("(%a+%d*) = value_(%d+)") do
    sum = (sum + #name + tonumber(value)) % 1000003
  end
  local at = text:find("%[e[a-z]+%]%s+%d+%.%d", round)
  local number = text:match("%-%- note.-(%d+%.?%d*e%d)\n")
  sum = (sum + #swapped + #coloured + count + #doubled + (at or 0) + #number) % 1000003
end

return sum
