-- Objects: method calls through one and two levels of inheritance, fields read and written.
local SIZE = 1600000

local Shape = {}
Shape.__index = Shape
function Shape.new(class, width)
  return setmetatable({ width = width, moved = 0 }, class)
end
function Shape:move(by)
  self.moved = self.moved + by
  return self
end
function Shape:area() return 0 end

local Square = setmetatable({}, { __index = Shape })
Square.__index = Square
function Square:area() return self.width * self.width end

local shapes = { Shape.new(Shape, 1), Shape.new(Square, 2), Shape.new(Square, 3) }
local sum = 0
for i = 1, SIZE do
  local shape = shapes[i % 3 + 1]
  sum = (sum + shape:move(1):area()) % 1000003
end
for _, shape in ipairs(shapes) do sum = sum + shape.moved end

return sum
