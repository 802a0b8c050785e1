-- Protected calls: most without an error, some with an error value or a message.
local SIZE = 400000

local function risky(i)
  if i % 10 == 0 then error({ code = i }) end
  if i % 15 == 0 then error("number " .. i) end
  return i
end

local function nested(i)
  local ok, value = pcall(risky, i)
  if ok then return value end
  error(value, 0)
end

local sum = 0
for i = 1, SIZE do
  local ok, value = pcall(nested, i)
  if ok then
    sum = (sum + value) % 1000003
  elseif type(value) == "table" then
    sum = (sum + value.code % 7) % 1000003
  else
    sum = (sum + #value:match("number %d+")) % 1000003
  end
end

return sum
