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
  table.insert(package.searchers, 2, function(name)
    return loadfile(name .. ".lua") or "no file " .. name .. ".lua"
  end)
  local function write(self, ...) return self end
  io = io or {}
  io.stdout = io.stdout or { write = write, flush = write, setvbuf = write }
  io.stderr = io.stderr or io.stdout
  io.write = io.write or function() return io.stdout end
  package.loaded.io = io
`;

const [program, argument] = process.argv.slice(2);
const readfile = (name) => {
  try {
    return new Uint8Array(readFileSync(String(name)));
  } catch {
    return null;
  }
};
const lua = await Moonkeep.open({ functions: { readfile }, print() {} });
try {
  await lua.compute(FILES);
  await lua.compute(readFileSync(program), argument);
} catch (error) {
  console.error(error instanceof MoonkeepError ? error.message : error);
  process.exitCode = 1;
}
await lua.close();
