-- Reversing prefixes of every permutation: reads and writes of a short integer array.
local SIZE = 9

local order, work, turns = {}, {}, {}
for i = 1, SIZE do order[i], turns[i] = i, i end
local checksum, most, even = 0, 0, true

local function flips()
  for i = 1, SIZE do work[i] = order[i] end
  local count = 0
  local first = work[1]
  while first ~= 1 do
    local low, high = 1, first
    while low < high do
      work[low], work[high] = work[high], work[low]
      low, high = low + 1, high - 1
    end
    count = count + 1
    first = work[1]
  end
  return count
end

while true do
  local count = flips()
  if count > most then most = count end
  checksum = checksum + (even and count or -count)
  even = not even
  -- The next permutation: turn longer and longer prefixes by one place.
  local length = 2
  while length <= SIZE do
    local first = order[1]
    for i = 1, length - 1 do order[i] = order[i + 1] end
    order[length] = first
    turns[length] = turns[length] - 1
    if turns[length] > 0 then break end
    turns[length] = length
    length = length + 1
  end
  if length > SIZE then break end
end

return checksum .. " " .. most
