-- The sieve of Eratosthenes: writes to one large array.
local SIZE = 2500000

local composite = {}
for i = 1, SIZE do composite[i] = false end
local count = 0
for i = 2, SIZE do
  if not composite[i] then
    count = count + 1
    if i <= SIZE // i then
      for multiple = i * i, SIZE, i do composite[multiple] = true end
    end
  end
end

return count
