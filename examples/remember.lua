-- The main job: run it twice with the same store, and the second run goes on where the first
-- one stopped. `cargo xtask demo` does so on the command line, in Node and in Chromium.

_home.runs = (_home.runs or 0) + 1

-- Two closures that share one variable, and still share it in the next process.
if not _home.account then
  local balance = 0
  _home.account = {
    add = function(amount) balance = balance + amount end,
    balance = function() return balance end,
  }
end
_home.account.add(10 * _home.runs)

-- A coroutine that waits between two lines of its story, over night if need be.
_home.story = _home.story or coroutine.create(function()
  for _, line in ipairs({ "Once upon a time", "there was a moon", "that forgot nothing" }) do
    coroutine.yield(line)
  end
end)
local _, line = coroutine.resume(_home.story)

local text = "run " .. _home.runs .. ", balance " .. _home.account.balance() .. ": " .. line
print(text)
return text
