-- A numeric loop over floats, without calls and tables.
local SIZE = 12000000

local sum, sign = 0.0, 1.0
for i = 1, SIZE do
  sum = sum + sign / (2.0 * i - 1.0)
  sign = -sign
end

return string.format("%.9f", sum * 4.0)
