// What the built package takes, as one line of JSON. node size.mjs [--modules] FOLDER
//   modules      bytes of the wasm modules by name: raw, gzip, brotli
//   javascript   the same of the browser entry, minified as bundlers do
//   memory       bytes of linear memory right after open, by what is opened
// With --modules only the first. node size.mjs FILE.wasm: raw, gzip, brotli of that file alone.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const [folder, ...flags] = process.argv.slice(2).reverse();
const weigh = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});
if (folder.endsWith(".wasm")) {
  console.log(JSON.stringify(weigh(readFileSync(folder))));
  process.exit();
}
const file = (name) => readFileSync(join(folder, `moonkeep-${name}.wasm`));
const modules = {};
for (const name of ["baseline", "modern"]) modules[name] = weigh(file(name));
const result = { modules };

if (!flags.includes("--modules")) {
  const { transformSync } = createRequire(resolve("js/package.json"))("esbuild");
  const source = readFileSync(join(folder, "browser.js"), "utf8");
  const { code } = transformSync(source, { minify: true, format: "esm" });
  result.javascript = weigh(Buffer.from(code));
  result.memory = await memory();
}
console.log(JSON.stringify(result));

/** Opens a machine without a store and with one. */
async function memory() {
  const { Moonkeep } = await import(pathToFileURL(join(resolve(folder), "node.js")));
  const place = mkdtempSync(join(tmpdir(), "moonkeep-size-"));
  const taken = {};
  for (const [name, options] of [
    ["without a store", {}],
    ["with a store", { store: join(place, "size.keep") }],
  ]) {
    const lua = await Moonkeep.open({ ...options, wasm: file("baseline") });
    taken[name] = lua.stats().memoryBytes;
    await lua.close();
  }
  rmSync(place, { recursive: true });
  return taken;
}
