// Runs a program with one argument in the wasm module: node node.mjs PROGRAM ARGUMENT. The module
// has no files; files.lua beside this stands in for what of them the host can serve.
import { readFileSync } from "node:fs";
import { Moonkeep, MoonkeepError } from "../../js/dist/node.js";

/** What an open file is for the program: an object that is none of Lua's own. */
class OpenFile {}

const readfile = (name) => {
  try {
    return new Uint8Array(readFileSync(String(name)));
  } catch {
    return null;
  }
};

const [program, argument] = process.argv.slice(2);
const lua = await Moonkeep.open({
  functions: { readfile, newfile: () => new OpenFile() },
  print() {},
  sandboxed: false,
});
try {
  await lua.compute(readFileSync(new URL("files.lua", import.meta.url)));
  await lua.compute(readFileSync(program), argument);
} catch (error) {
  console.error(error instanceof MoonkeepError ? error.message : error);
  process.exitCode = 1;
}
await lua.close();
