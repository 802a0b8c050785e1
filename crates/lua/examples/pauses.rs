//! Measures the collector's steps over 100 MB of live data, one kind of object at a time:
//! `cargo run --release --example pauses`. Times are CPU time.

use cpu_time::ThreadTime;
use lua::{Libraries, Vm};

/// A name and a program that fills the global `live` with about 100 MB.
const KINDS: &[(&str, &str)] = &[
    ("small tables", "live = {} for i = 1, 700000 do live[i] = {x = i} end"),
    ("strings", "live = {} for i = 1, 900000 do live[i] = 'a string with the number ' .. i end"),
    ("closures", "live = {} for i = 1, 700000 do live[i] = function() return i end end"),
    (
        "coroutines",
        "live = {} for i = 1, 22000 do live[i] = coroutine.wrap(function()
        coroutine.yield() end) live[i]() end",
    ),
    ("one table of a million", "live = {} for i = 1, 1000000 do live['k' .. i] = i end"),
    ("one array of four million", "live = {} for i = 1, 4000000 do live[i] = i end"),
    (
        "weak values",
        "kept = {} live = setmetatable({}, {__mode = 'v'})
        for i = 1, 700000 do kept[i] = {} live[i] = kept[i] end",
    ),
    (
        "weak keys",
        "kept = {} live = setmetatable({}, {__mode = 'k'})
        for i = 1, 500000 do kept[i] = {} live[kept[i]] = {} end",
    ),
    (
        "finalizers",
        "live = {} local m = {__gc = function() end}
        for i = 1, 700000 do live[i] = setmetatable({}, m) end",
    ),
];

/// What a program does between two steps: garbage, and writes to what lives.
const CHURN: &str = "
    local n, random = 0, math.random
    return function()
      for i = 1, 60 do
        local fresh = {i, tostring(i)}
        local k = random(1, 500000)
        if live[k] ~= nil and i % 4 == 0 then
          local old = live[k] live[k] = nil live[k] = old
        end
      end
    end";

fn main() {
    println!("| live data | MB | cycles | steps | median ms | p99 ms | max ms | max work KB |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, fill) in KINDS {
        measure(name, fill);
    }
}

fn measure(name: &str, fill: &str) {
    let mut vm = Vm::new();
    vm.open_libraries().expect("the libraries open");
    vm.eval(fill.as_bytes(), "=fill").expect("the live data fits");
    vm.collect_garbage();
    let megabytes = vm.heap().bytes() as f64 / 1e6;
    let churn = vm.eval(CHURN.as_bytes(), "=churn").expect("it compiles")[0];
    vm.set_field(vm.globals(), "churn", churn).expect("memory suffices");
    vm.pause_collector();
    let (mut times, mut work) = (Vec::new(), 0);
    for _ in 0..40_000 {
        vm.call(churn, &[]).expect("it runs");
        let start = ThreadTime::now();
        work = vm.collect_one_step().max(work);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "| {name} | {megabytes:.0} | {} | {} | {:.3} | {:.3} | {:.3} | {} |",
        vm.collector_cycles(),
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0),
        work / 1024,
    );
}
