// Runs a Lua program with a store in Node: node examples/node.mjs PROGRAM STORE.
// A project that has installed the package imports from "moonkeep" instead.
import { readFileSync } from "node:fs";
import { Moonkeep } from "../js/dist/node.js";

const [program, store] = process.argv.slice(2);
if (!program) throw new Error("which program? node examples/node.mjs PROGRAM [STORE]");
const lua = await Moonkeep.open({ store });
await lua.compute(readFileSync(program, "utf8")); // what it prints goes to the console
await lua.close();
