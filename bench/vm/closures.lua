-- Creating closures, sharing variables between them, calling them.
local SIZE = 450000

local function account(balance)
  local function add(amount)
    balance = balance + amount
    return balance
  end
  return add, function() return balance end
end

local function compose(f, g)
  return function(x) return f(g(x)) end
end

local sum = 0
for i = 1, SIZE do
  local add, read = account(i % 10)
  add(2)
  add(i % 3)
  local twice = compose(add, add)
  twice(1)
  sum = (sum + read()) % 1000003
end

return sum
