-- Switches between coroutines: a chain of generators, and a ring of tasks.
local SIZE = 160000

local function count(limit)
  return coroutine.wrap(function()
    for i = 1, limit do coroutine.yield(i) end
  end)
end

local function doubled(source)
  return coroutine.wrap(function()
    for i in source do coroutine.yield(i * 2) end
  end)
end

local sum = 0
for i in doubled(count(SIZE)) do sum = (sum + i) % 1000003 end

local tasks = {}
for id = 1, 10 do
  tasks[id] = coroutine.create(function(step)
    while true do step = coroutine.yield(step + id) end
  end)
end
for round = 1, SIZE // 5 do
  for id = 1, #tasks do
    local _, value = coroutine.resume(tasks[id], round)
    sum = (sum + value) % 1000003
  end
end

return sum
