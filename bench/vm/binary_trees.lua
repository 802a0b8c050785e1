-- Many short-lived trees beside a long-lived one: allocation and collection.
local SIZE = 16

local function grow(depth)
  if depth == 0 then return {} end
  return { grow(depth - 1), grow(depth - 1) }
end

local function count(tree)
  if not tree[1] then return 1 end
  return 1 + count(tree[1]) + count(tree[2])
end

local kept = grow(SIZE)
local sum = 0
for depth = 4, SIZE, 3 do
  for _ = 1, 1 << (SIZE - depth) do sum = sum + count(grow(depth)) end
end

return sum + count(kept)
