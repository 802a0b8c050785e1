//! The collector's steps: how much each does, and that nothing that lives is lost between them.

use std::rc::Rc;

use lua::{Kind, Libraries, Throw, Value, Vm};

/// What any step may look at, in bytes: a chunk of a table, the last bit of marking, a stack.
const STEP_BYTES_MAX: usize = 256 * 1024;

fn vm() -> Vm {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    vm
}

#[track_caller]
fn eval(vm: &mut Vm, source: &str) -> Vec<Value> {
    match vm.eval(source.as_bytes(), "=test") {
        Ok(values) => values,
        Err(throw) => panic!("{}", String::from_utf8_lossy(&vm.thrown_message(throw))),
    }
}

/// The largest of the steps of some cycles, between which a function does something.
#[track_caller]
fn largest_step(setup: &str, between: &str) -> usize {
    let mut vm = vm();
    eval(&mut vm, setup);
    vm.collect_garbage();
    vm.pause_collector();
    let between = eval(&mut vm, between)[0];
    vm.set_field(vm.registry(), "between", between).unwrap();
    let first = vm.collector_cycles();
    let (mut largest, mut steps) = (0, 0);
    while vm.collector_cycles() < first + 3 {
        vm.call(between, &[]).unwrap();
        largest = largest.max(vm.collect_one_step());
        steps += 1;
        assert!(steps < 20_000, "cycles do not end");
    }
    assert!(steps > 30, "the steps are no steps");
    largest
}

#[test]
fn a_large_table_that_is_written_to_is_not_visited_at_once() {
    let writes = "local n = 0
        return function()
          for i = 1, 50 do n = (n * 1103515245 + 12345) % 300000 t[n + 1] = {n} end
        end";
    let array = "t = {} for i = 1, 300000 do t[i] = i end";
    assert!(largest_step(array, writes) < STEP_BYTES_MAX);
    let hash = "t = {} for i = 1, 300000 do t[-i] = i end for i = 300001, 2, -1 do t[i] = i end";
    assert!(largest_step(hash, writes) < STEP_BYTES_MAX);
}

#[test]
fn many_tables_that_are_written_to_are_not_visited_at_once() {
    let setup = "t = {} for i = 1, 60000 do t[i] = {i, x = i} end";
    let writes = "local n = 0
        return function()
          for i = 1, 3000 do n = (n * 1103515245 + 12345) % 60000 t[n + 1].x = i end
          t[n + 1].x = {}
        end";
    assert!(largest_step(setup, writes) < STEP_BYTES_MAX);
}

#[test]
fn what_is_built_meanwhile_is_not_visited_at_once() {
    // Held by a variable of a function alone, which the collector sees when marking ends.
    let setup = "local function make()
          local list = nil
          while true do
            for i = 1, 40 do list = {list, i} end
            if list[2] % 7 == 0 and #keep > 200000 then list = nil end
            coroutine.yield()
          end
        end
        keep = {} for i = 1, 200000 do keep[i] = {i} end
        build = coroutine.wrap(make)";
    assert!(largest_step(setup, "return function() build() end") < STEP_BYTES_MAX);
}

#[test]
fn coroutines_that_take_turns_let_cycles_end() {
    let setup = "t = {} for i = 1, 2000 do
          t[i] = coroutine.wrap(function() local x while true do x = {x and x[1]} coroutine.yield()
            end end)
        end";
    let turns = "local n = 0
        return function() for i = 1, 60 do n = n % 2000 + 1 t[n]() end end";
    // In the end all of them are visited at once.
    assert!(largest_step(setup, turns) < 2_000 * 1024);
}

#[test]
fn weak_keys_that_live_are_not_looked_at_once_more() {
    let setup = "keys, t = {}, setmetatable({}, {__mode = 'k'})
        for i = 1, 100000 do keys[i] = {} t[keys[i]] = i end";
    // Some entries die, some are new, some get a value that only they hold.
    let writes = "local n = 0
        return function()
          for i = 1, 50 do
            n = (n * 1103515245 + 12345) % 100000
            if n % 3 == 0 then keys[n + 1] = {} end
            t[keys[n + 1]] = {n}
          end
        end";
    assert!(largest_step(setup, writes) < 2 * STEP_BYTES_MAX);
}

#[test]
fn a_chain_of_ephemerons_takes_one_pass() {
    // Each key is reached through the value of the one before, in the least favourable order.
    let mut vm = vm();
    eval(
        &mut vm,
        "local weak = setmetatable({}, {__mode = 'k'})
         first = {}
         local keys, key = {first}, first
         for i = 1, 30000 do local next = {} weak[key] = {{next}} keys[i + 1] = next key = next end
         weak.last = key
         table_of = weak",
    );
    vm.pause_collector();
    let first = vm.collector_cycles();
    let mut work = 0;
    while vm.collector_cycles() < first + 2 {
        work += vm.collect_one_step();
    }
    assert!(work < 100 << 20, "{work} bytes for two cycles over 30,000 ephemerons");
    let source = "local n, key = 0, first
        while table_of[key] do key = table_of[key][1][1] n = n + 1 end
        return n";
    assert_eq!(eval(&mut vm, source)[0].as_integer(), Some(30_000));
    vm.collect_garbage();
    let source = "first = nil collectgarbage() local n = 0
        for k in pairs(table_of) do n = n + 1 end return n";
    assert_eq!(eval(&mut vm, source)[0].as_integer(), Some(1));
}

#[test]
fn garbage_of_one_kind_does_not_grow_with_what_other_kinds_left() {
    let mut vm = vm();
    let source = "
        local function until_collected(make)
          local done = false local x = setmetatable({}, {__gc = function() done = true end})
          x = nil
          local i = 0
          repeat i = i + 1 x = make(i) until done
        end
        for round = 1, 12 do
          until_collected(function(i) return {} end)
          until_collected(function(i) return i .. 'x' .. i end)
          until_collected(function(i) return function() return i end end)
        end
        return collectgarbage('count')";
    let count = eval(&mut vm, source)[0].as_float().unwrap();
    assert!(count < 1000.0, "{count} KB are in use");
}

/// Random changes of a graph whose nodes know what they should refer to.
const GRAPH: &str = r#"
local seed, step = ...
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 8 % n + 1
end
local log, count = {}, 0
local function node(...)
  count = count + 1
  return {id = count, name = "node " .. count, ...}
end
local function check(x)
  if type(x) == "table" and x.id then
    assert(x.name == "node " .. x.id, "a node was lost")
    return x.id
  end
  return tostring(x)
end
local roots, big = {}, {}
for i = 1, 40 do roots[i] = node() end
local weak = setmetatable({}, {__mode = "v"})
local ephemeron = setmetatable({}, {__mode = "k"})
local flip = setmetatable({}, {__mode = "v"})
local cells, threads = {}, {}
local actions = {
  function() roots[random(40)] = node(roots[random(40)]) end,
  function() local a = roots[random(40)] a.next = roots[random(40)] end,
  function() -- Only this variable holds it for a while.
    local a = roots[random(40)] local b = a.next or a[1] a.next, a[1] = nil, nil
    step() step()
    if b then log[#log + 1] = check(b) roots[random(40)] = b end
  end,
  function() local v = node() big[random(6000)] = v big["k" .. random(6000)] = node(v) end,
  function() big[random(6000)] = nil big["k" .. random(6000)] = nil end,
  function() local v = big[random(6000)] if v then log[#log + 1] = check(v) end end,
  function()
    local v = node()
    cells[random(20)] = {get = function() return v end, set = function(x) v = x end}
  end,
  function() local c = cells[random(20)] if c then log[#log + 1] = check(c.get()) c.set(node()) end
    end,
  function()
    local c = {}
    local co = coroutine.wrap(function()
      local v, w = node(), node()
      c.set, c.get = function(x) v = x end, function() return v end
      while true do w = coroutine.yield(v, w) end
    end)
    co() threads[random(20)] = {co = co, cell = c}
  end,
  function() -- A variable on the stack of a coroutine that waits.
    local t = threads[random(20)]
    if t then t.cell.set(node()) step() log[#log + 1] = check(t.cell.get()) end
  end,
  function()
    local t = threads[random(20)]
    if t then local v, w = t.co(node()) log[#log + 1] = check(v) log[#log + 1] = check(w) end
  end,
  function() weak[random(50)] = roots[random(40)] ephemeron[roots[random(40)]] = node() end,
  function() for _, v in pairs(weak) do check(v) end
    for k, v in pairs(ephemeron) do check(k) check(v) end end,
  function() flip[random(9)] = node() setmetatable(flip, nil) step() step() step()
    for i = 1, 9 do flip[i] = node() end step() step()
    for i = 1, 9 do log[#log + 1] = check(flip[i]) end setmetatable(flip, {__mode = "v"}) end,
  function() local p = table.pack(node(), node(), roots[random(40)]) step() step()
    for i = 1, 3 do log[#log + 1] = check(p[i]) end roots[random(40)] = p[1] end,
  function()
    local list = {} for i = 1, 30 do list[i] = "word " .. random(1000) end
    step() table.sort(list) step() log[#log + 1] = table.concat(list, " ")
  end,
  function() local s = {} for i = 1, random(300) do s[i] = node() s["x" .. i] = s[i] end
    step() for i = 1, #s do check(s[i]) check(s["x" .. i]) end end,
  function() local i = random(40) roots[i] = setmetatable(node(), {__index = node(), __gc =
    function(o) check(o) end}) end,
}
for i = 1, 1500 do
  actions[random(#actions)]()
  for _ = 1, random(3) do step() end
end
for i = 1, 40 do local n, a = 0, roots[i]
  while a and n < 50 do log[#log + 1] = check(a) a = a.next or a[1] n = n + 1 end end
for k, v in pairs(big) do check(v) check(v[1]) end
return table.concat(log, ",")
"#;

fn graph(seed: i64, collects: bool) -> Result<Vec<u8>, Throw> {
    let mut vm = vm();
    vm.pause_collector();
    let step = Rc::new(move |call: &mut lua::Call<'_>| {
        if collects {
            // Small steps, so that much happens between them.
            call.vm.collect_part_of_step(2048);
        }
        Ok(0)
    });
    let step = vm.register_host("step", step);
    let program = vm.load(GRAPH.as_bytes(), "=graph")?;
    match vm.call(program, &[Value::integer(seed), Value::native(step)]) {
        Ok(results) => {
            if collects {
                assert!(vm.collector_cycles() > 3, "{} cycles", vm.collector_cycles());
                assert_eq!(vm.measure().bytes, vm.heap().bytes());
            }
            Ok(vm.bytes(results[0]).unwrap().to_vec())
        }
        Err(throw) => panic!("seed {seed}: {}", String::from_utf8_lossy(&vm.thrown_message(throw))),
    }
}

#[test]
fn nothing_that_lives_is_lost_between_steps() {
    for seed in 1..60 {
        let expected = graph(seed, false).unwrap();
        let found = graph(seed, true).unwrap();
        assert!(found == expected, "seed {seed}");
    }
}

/// Chains of ephemerons, each key held by the value of the one before; their heads come and go.
const CHAINS: &str = r#"
local seed, step = ...
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 8 % n + 1
end
local weak, heads = setmetatable({}, {__mode = "k"}), {}
local function chain(length)
  local key = {length = length}
  weak[key] = {of = length, next = length > 1 and chain(length - 1) or nil}
  return key
end
local function walk(key)
  local count = 0
  while key do
    local value = assert(weak[key], "an entry was lost")
    assert(value.of == key.length, "an entry has the value of another one")
    key, count = value.next, count + 1
  end
  return count
end
for i = 1, 3000 do heads[i] = chain(random(3)) end
local actions = {
  function() heads[random(3000)] = chain(random(6)) end,
  function() heads[random(3000)] = nil end,
  function() local key = heads[random(3000)] if key then
    weak[key] = {of = key.length, next = key.length > 1 and chain(key.length - 1) or nil} end end,
  function() local key = heads[random(3000)] if key then walk(key) end end,
  function() for _ = 1, random(400) do weak[{length = 1}] = {of = 1} end end,
  function() -- Only this variable holds what follows.
    local i = random(3000) local key = heads[i]
    local rest = key and weak[key].next
    heads[i], key = nil, nil
    step() step()
    if rest then walk(rest) heads[i] = rest end
  end,
  function() for i = 1, random(400) do weak[i] = {of = i} end end,
  function() for i = 1, 400 do weak[i] = nil end end,
}
for _ = 1, 3000 do
  actions[random(#actions)]()
  for _ = 1, random(3) do step() end
end
for i = 1, 400 do weak[i] = nil end
local expected = 0
for i = 1, 3000 do if heads[i] then expected = expected + walk(heads[i]) end end
collectgarbage() collectgarbage()
local found = 0
for key, value in pairs(weak) do
  assert(key.length == value.of)
  found = found + 1
end
return found == expected and found > 1000
"#;

#[test]
fn ephemerons_stay_as_long_as_their_keys_between_steps() {
    for seed in 1..30 {
        let mut vm = vm();
        vm.pause_collector();
        let step = Rc::new(move |call: &mut lua::Call<'_>| {
            call.vm.collect_part_of_step(4096);
            Ok(0)
        });
        let step = vm.register_host("step", step);
        let program = vm.load(CHAINS.as_bytes(), "=chains").unwrap();
        let result = vm.call(program, &[Value::integer(seed), Value::native(step)]);
        match result {
            Ok(results) => assert_eq!(results[0].kind(), Kind::Boolean(true), "seed {seed}"),
            Err(throw) => {
                let message = vm.thrown_message(throw);
                panic!("seed {seed}: {}", String::from_utf8_lossy(&message))
            }
        }
        assert!(vm.collector_cycles() > 3, "{} cycles", vm.collector_cycles());
        assert_eq!(vm.measure().bytes, vm.heap().bytes());
    }
}
