// Prints the bytes of each file named: raw, gzipped, compressed with brotli.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

console.log("| file | raw | gzip | brotli |\n|---|---|---|---|");
for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  const gzip = gzipSync(bytes, { level: 9 }).length;
  console.log(`| ${path} | ${bytes.length} | ${gzip} | ${brotliCompressSync(bytes).length} |`);
}
