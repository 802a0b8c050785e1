-- Runs one file of the official Lua test suite the way the suite's own driver does: the file's
-- name is the argument, the suite's folder is the current one.
local file = ...

_soft = false -- also what takes long
_port = true -- not what only some systems can do
_nomsg = true
T = nil -- no access to PUC-Rio's internals

function Message() end

-- A test that needs `debug` has to require it.
debug = nil

local run = assert(loadfile(file))
if file == "big.lua" then
  -- This one checks large functions inside a coroutine, in two halves.
  local half = coroutine.wrap(run)
  assert(half() == "b")
  assert(half() == "a")
else
  run()
end
