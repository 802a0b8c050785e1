// Runs a program with one argument in the wasm module: node node.mjs PROGRAM ARGUMENT. The
// module has no files; the program gets a `loadfile` that the host serves.
import { readFileSync } from "node:fs";
import { Moonkeep, MoonkeepError } from "../../js/dist/node.js";

const FILES = `
  local read = readfile
  readfile = nil
  function loadfile(name, mode, env)
    local source = read(name)
    if not source then return nil, "cannot open " .. name end
    if source:sub(1, 1) == "#" then source = "--" .. source end
    if env == nil then env = _G end
    return load(source, "@" .. name, mode or "bt", env)
  end
  function dofile(name) return assert(loadfile(name))() end
  local function same(self) return self end
  if not io then
    local out = { write = same, flush = same, setvbuf = same }
    io = { stdin = same, stdout = out, stderr = out, write = function() return out end }
  end
  if not package then
    package = { loaded = { _G = _G }, preload = {}, path = "", cpath = "", config = "/" }
    package.loaded.package = package
  end
  for _, name in ipairs { "coroutine", "debug", "io", "math", "os", "string", "table", "utf8" } do
    package.loaded[name] = package.loaded[name] or _G[name]
  end
  local native = require
  function require(name)
    if package.loaded[name] ~= nil then return package.loaded[name] end
    local file = package.preload[name] or loadfile(name .. ".lua")
    if not file then return (native or error)(name) end
    local value = file(name, name .. ".lua")
    if value == nil then value = true end
    package.loaded[name] = value
    return value
  end
`;

const [program, argument] = process.argv.slice(2);
const readfile = (name) => {
  try {
    return new Uint8Array(readFileSync(String(name)));
  } catch {
    return null;
  }
};
const lua = await Moonkeep.open({ functions: { readfile }, print() {}, sandboxed: false });
try {
  await lua.compute(FILES);
  await lua.compute(readFileSync(program), argument);
} catch (error) {
  console.error(error instanceof MoonkeepError ? error.message : error);
  process.exitCode = 1;
}
await lua.close();
