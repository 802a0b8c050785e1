local format, concat, sort = string.format, table.concat, table.sort
local count, digest = 0, 0

local function text(value, depth)
  local kind = type(value)
  if value ~= value and kind == "number" then return "nan" end
  if kind == "string" then return format("%q", value) end
  if kind ~= "table" then
    if kind == "function" or kind == "thread" or kind == "userdata" then return kind end
    return tostring(value)
  end
  if depth == 0 then return "{...}" end
  local parts, named = {}, {}
  local length = 0
  while rawget(value, length + 1) ~= nil do
    length = length + 1
    parts[length] = text(rawget(value, length), depth - 1)
  end
  for key, item in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= length) then
      named[#named + 1] = "[" .. text(key, 1) .. "]=" .. text(item, depth - 1)
    end
  end
  sort(named)
  for _, item in ipairs(named) do parts[#parts + 1] = item end
  return "{" .. concat(parts, ",") .. "}"
end

-- Prints any values in one line and folds the line into the digest.
local function P(...)
  local parts = table.pack(...)
  for index = 1, parts.n do parts[index] = text(parts[index], 3) end
  local line = concat(parts, " ", 1, parts.n)
  count = count + 1
  for index = 1, #line, 7 do digest = (digest * 31 + line:byte(index)) & 0xffffffff end
  print(line)
end

local function finish() return format("%d:%08x", count, digest) end

-- A number as a string, without the sign of NaN.
local function S(value)
  if value ~= value then return "nan" end
  return tostring(value)
end

-- A number that is not NaN.
local function N(value) return value == value and value or 0 end

-- A string of bounded length.
local function cut(value) return #value > 120 and value:sub(1, 60) .. value:sub(-60) or value end

-- A value for a to-be-closed variable that tells when it is closed.
local function closer(name)
  return setmetatable({}, { __close = function(_, problem) P("close", name, problem) end })
end

local A, B, C <const> = 7, -3, 1 << 40
local X, Y <const> = 0.5, -1e10
local S1, S2 = "hello world", "a\0b"
local T1, T2 = { 3, 1, 2 }, { "x", "yy", "" }
math.randomseed(42)
