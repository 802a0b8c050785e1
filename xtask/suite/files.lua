-- What the suite's files expect of a host with files, for a module without any: the host reads
-- sources (`readfile`) and gives an object that stands for an open file (`newfile`); a file that
-- is written lasts as long as this program.
local read, object, written = readfile, newfile, {}
local setmeta, getmeta = debug.setmetatable, debug.getmetatable
readfile, newfile = nil, nil

local function source(name)
  local text = written[name] or read(name)
  if text and text:sub(1, 1) == "#" then text = "--" .. text end
  return text
end

function loadfile(name, mode, env)
  local text = source(name)
  if not text then return nil, "cannot open " .. name end
  if env == nil then env = _G end
  return load(text, "@" .. name, mode or "bt", env)
end

function dofile(name) return assert(loadfile(name))() end

-- Files of the suite that require others, and their own temporary ones.
table.insert(package.searchers, 2, function(name)
  local file = name .. ".lua"
  if not source(file) then return nil end
  return assert(loadfile(file)), file
end)

-- Files as userdata, whose metatable says what they are called in messages.
local FILE = { __name = "FILE*" }
FILE.__index = FILE
function FILE.__gc(file)
  if file == nil then error("bad argument #1 to '__gc' (FILE* expected, got no value)") end
end

local function new()
  local file = object()
  setmeta(file, FILE)
  return file
end

local stdin, stdout = new(), new()
local input, output, target = stdin, stdout, nil

local function check(file, action)
  if getmeta(file) == FILE then return file end
  local meta = getmeta(file)
  local got = meta and meta.__name or type(file)
  error(("bad argument #1 to '%s' (FILE* expected, got %s)"):format(action, got), 2)
end

function FILE:write(...)
  if self == output and target then
    for i = 1, select("#", ...) do target[#target + 1] = (select(i, ...)) end
  end
  return self
end

function FILE:flush() return self end

function FILE:setvbuf() return true end

function FILE:close()
  if target then written[target.name], target = table.concat(target), nil end
  output = stdout
  return true
end

io = { stdin = stdin, stdout = stdout, stderr = new() }

function io.input(file)
  if file then input = check(file, "input") end
  return input
end

function io.output(file)
  if type(file) == "string" then
    target, output = { name = file }, new()
  elseif file then
    output = check(file, "output")
  end
  return output
end

function io.write(...)
  for i = 1, select("#", ...) do
    local kind = type((select(i, ...)))
    if kind ~= "string" and kind ~= "number" then
      error(("bad argument #%d to 'io.write' (string expected, got %s)"):format(i, kind), 2)
    end
  end
  return output:write(...)
end

function io.close(file) return (file or output):close() end

local count = 0
function os.tmpname()
  count = count + 1
  return "temporary" .. count
end

function os.remove(name)
  if not written[name] then return nil, name .. ": No such file or directory", 2 end
  written[name] = nil
  return true
end

package.loaded.io = io
