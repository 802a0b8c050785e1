-- The largest singular value of an infinite matrix, cut off: float arrays and small functions.
local SIZE = 240
local ROUNDS = 10

local function entry(row, column)
  local diagonal = row + column - 1
  return 1.0 / (diagonal * (diagonal - 1) * 0.5 + row)
end

local function multiply(x, y)
  for row = 1, SIZE do
    local sum = 0.0
    for column = 1, SIZE do sum = sum + entry(row, column) * x[column] end
    y[row] = sum
  end
end

local function multiply_transposed(x, y)
  for row = 1, SIZE do
    local sum = 0.0
    for column = 1, SIZE do sum = sum + entry(column, row) * x[column] end
    y[row] = sum
  end
end

local u, v, w = {}, {}, {}
for i = 1, SIZE do u[i] = 1.0 end
for _ = 1, ROUNDS do
  multiply(u, w)
  multiply_transposed(w, v)
  multiply(v, w)
  multiply_transposed(w, u)
end
local uv, vv = 0.0, 0.0
for i = 1, SIZE do
  uv = uv + u[i] * v[i]
  vv = vv + v[i] * v[i]
end

return string.format("%.9f", math.sqrt(uv / vv))
