-- A JSON encoder over nested data: type tests, traversal, escapes, string building.
local SIZE = 90

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }
local function escape(char)
  return escapes[char] or string.format("\\u%04x", char:byte())
end

local encode
local function encode_list(list, out)
  out[#out + 1] = "["
  for i, value in ipairs(list) do
    if i > 1 then out[#out + 1] = "," end
    encode(value, out)
  end
  out[#out + 1] = "]"
end

local function encode_object(object, out)
  local keys = {}
  for key in pairs(object) do keys[#keys + 1] = key end
  table.sort(keys)
  out[#out + 1] = "{"
  for i, key in ipairs(keys) do
    if i > 1 then out[#out + 1] = "," end
    encode(key, out)
    out[#out + 1] = ":"
    encode(object[key], out)
  end
  out[#out + 1] = "}"
end

function encode(value, out)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = '"' .. value:gsub('[%c"\\]', escape) .. '"'
  elseif kind == "number" then
    out[#out + 1] = math.type(value) == "integer" and tostring(value)
      or string.format("%.14g", value)
  elseif kind == "table" then
    if value[1] ~= nil then encode_list(value, out) else encode_object(value, out) end
  else
    out[#out + 1] = tostring(value)
  end
end

local data = {}
for i = 1, 100 do
  data[i] = {
    id = i,
    name = "user " .. i,
    text = 'said "hello"\n\tand left \\ ' .. i,
    score = i / 8,
    active = i % 2 == 0,
    tags = { "a", "b" .. i, { deep = { i, i + 1, i + 2 } } },
  }
end

local sum = 0
for _ = 1, SIZE do
  local out = {}
  encode(data, out)
  local text = table.concat(out)
  sum = (sum + #text + text:byte(#text // 2)) % 1000003
end

return sum
