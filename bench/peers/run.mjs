// Runs one Lua program on one VM under Node several times and prints, as one line of JSON, its
// checksum and the CPU time of each run: node run.mjs VM FILE RUNS.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

// Each opens a VM and returns { run, collect, version }; run returns what the program returns.
const vms = {
  async moonkeep(source) {
    const { Moonkeep } = await import("../../js/dist/node.js");
    const lua = await Moonkeep.open();
    return {
      run: async () => (await lua.compute(source))[0],
      collect: () => lua.collectGarbage(),
      version: `Moonkeep ${require("../../js/package.json").version}`,
    };
  },

  async wasmoon(source) {
    const { LuaFactory } = await import("wasmoon");
    const engine = await new LuaFactory().createEngine();
    return {
      run: () => engine.doStringSync(source),
      collect: () => engine.doStringSync("collectgarbage()"),
      version: `wasmoon ${require("wasmoon/package.json").version}`,
    };
  },

  async fengari(source) {
    const { lua, lauxlib, lualib, to_luastring, to_jsstring } = await import("fengari").then(
      (module) => module.default,
    );
    const state = lauxlib.luaL_newstate();
    lualib.luaL_openlibs(state);
    const check = (status) => {
      if (status !== lua.LUA_OK) throw new Error(lua.lua_tojsstring(state, -1));
    };
    return {
      run() {
        check(lauxlib.luaL_loadstring(state, to_luastring(source)));
        check(lua.lua_pcall(state, 0, 1, 0));
        const value = to_jsstring(lauxlib.luaL_tolstring(state, -1));
        lua.lua_settop(state, 0);
        return value;
      },
      collect() {},
      version: `fengari ${require("fengari/package.json").version}`,
    };
  },
};

const [name, file, runs] = process.argv.slice(2);
const vm = await vms[name](readFileSync(file, "utf8"));
const cpuMs = [];
let checksum;
for (let index = 0; index < Number(runs); index++) {
  const start = process.cpuUsage();
  const value = String(await vm.run());
  const used = process.cpuUsage(start);
  cpuMs.push((used.user + used.system) / 1000);
  if (checksum !== undefined && checksum !== value) {
    throw new Error(`${file}: returned ${checksum}, then ${value}`);
  }
  checksum = value;
  vm.collect();
}
console.log(JSON.stringify({ vm: vm.version, checksum, cpu_ms: cpuMs }));
