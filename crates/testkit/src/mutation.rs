//! Mutated chunks and images that are not only read but run: whatever passes the checks must
//! never panic, hang or exceed its limits.

use crate::program;
use codec::{Image, Object};
use fastrand::Rng;
use lua::{Kind, Libraries, Limits, Value, Vm};
use moonkeep::{Engine, Options};
use std::rc::Rc;

/// Limits of a run: small, so that many runs fit in a second.
fn limits() -> Limits {
    Limits { fuel: Some(30_000), heap_bytes: Some(4 << 20), call_depth: 2_000, ..Limits::default() }
}

/// How many cases came how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Mutated inputs.
    pub cases: u64,
    /// Those that passed all checks and were run.
    pub accepted: u64,
    /// Those whose run ended without an error.
    pub succeeded: u64,
}

/// Changes, inserts, removes or copies some bytes.
pub fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        if bytes.is_empty() {
            return;
        }
        let at = rng.usize(..bytes.len());
        match rng.u8(0..7) {
            0 | 1 => bytes[at] ^= 1 << rng.u8(0..8),
            2 => bytes[at] = rng.u8(..),
            3 => bytes[at] = *rng.choice(&[0, 1, 2, 0x7f, 0x80, 0x81, 0xff]).unwrap_or(&0),
            4 => bytes[at] = bytes[at].wrapping_add(rng.u8(0..3)).wrapping_sub(1),
            5 => {
                // An instruction or another word takes the place of one nearby.
                let from = rng.usize(..bytes.len());
                for offset in 0..4 {
                    if at + offset < bytes.len() && from + offset < bytes.len() {
                        bytes[at + offset] = bytes[from + offset];
                    }
                }
            }
            _ => drop(bytes.remove(at)),
        }
    }
}

/// The binary chunk of a generated program, or of a part of one.
///
/// ```
/// assert!(testkit::mutation::chunk(1).starts_with(b"\x1bLua"));
/// ```
pub fn chunk(seed: u64) -> Vec<u8> {
    let source = match seed % 4 {
        0 => program::program(seed, 2),
        1 => format!("return {}", program::expression(seed)),
        _ => SOURCES[(seed / 4) as usize % SOURCES.len()].to_owned(),
    };
    let function = lua::compiler::compile(source.as_bytes(), b"=m").unwrap_or_default();
    lua::chunk::dump(&function, seed.is_multiple_of(3))
}

/// Short programs that are dense in instructions worth mutating.
const SOURCES: &[&str] = &[
    "local a, b = ... local function f(x, ...) local t = {x, ...} return t, ... end \
     for i = 1, 3 do local u, v = f(i, a, b) b = u[1] + #u .. i end return f(b)",
    "local t = {1, 2, x = {}} for k, v in pairs(t) do t[k] = function() k = v return k, t end end \
     local x <close> = setmetatable({}, {__close = function() t = nil end}) return t[1](), t.x",
    "local co = coroutine.wrap(function(...) for i = 1, 5 do local a, b = coroutine.yield(i, ...) \
     if not a then break end end return ... end) return co(1, 2), co(3), co()",
    "local function f(n) if n < 2 then return n end return f(n - 1) + f(n - 2) end \
     local s = 0 for i = 10.0, 1, -1.5 do s = s + f(i // 1) & 7 end return -s, ~(s // 1 | 0)",
    "local a <const> = 5 local t = setmetatable({}, {__index = function(t, k) return k end, \
     __add = function(a, b) return b end, __lt = function() return true end}) \
     return t.x, t + a, a + t, t < t, not (t <= t == nil), t[1], t['a' .. a]",
    "goto go ::back:: do return pcall(error, 'x') end ::go:: local i = 0 repeat i = i + 1 \
     local j = function() return i end until j() > 3 goto back",
    "local ok, e = xpcall(function(...) local a <close> = nil error({...}) end, debug.traceback, \
     1, 2) return type(e), select('#', table.unpack({1, nil, 3}, 1, 3)), (...)",
];

/// Runs a chunk, binary or text, in a fresh machine with small limits: text never passes.
/// Returns whether it verified and whether its run succeeded.
pub fn run_chunk(bytes: &[u8]) -> (bool, bool) {
    let Ok(chunk) = lua::chunk::undump(bytes).and_then(lua::chunk::verify) else {
        return (false, false);
    };
    let mut vm = Vm::new();
    vm.set_output(Rc::new(|_| {}));
    // What reads files or the environment, or writes to the terminal, is left out.
    if vm.open_selected(&lua::LibraryOptions::sandboxed()).is_err() {
        return (true, false);
    }
    vm.set_limits(&limits());
    let environment = Value::table(vm.globals());
    let Ok(function) = vm.load_chunk(chunk, environment) else { return (true, false) };
    // The first run may end with a collection: only what is kept lives on for the second.
    vm.keep(vec![function], Vec::new());
    let first = vm.call(function, &[Value::integer(3), Value::TRUE]).is_ok();
    // Once more: the heap holds what the first run left.
    let second = vm.call(function, &[]).is_ok();
    vm.collect_garbage();
    (true, first || second)
}

/// Makes mutated chunks, several in a row of one original.
#[derive(Debug, Default)]
pub struct Chunks {
    original: Vec<u8>,
}

impl Chunks {
    /// The mutated chunk of a seed.
    pub fn case(&mut self, seed: u64) -> Vec<u8> {
        if seed.is_multiple_of(64) || self.original.is_empty() {
            self.original = chunk(seed / 64);
        }
        let mut mutated = self.original.clone();
        mutate(&mut Rng::with_seed(seed), &mut mutated);
        mutated
    }
}

/// Mutates and runs `count` chunks. A panic passes through; `progress` hears each seed before.
pub fn chunks(first_seed: u64, count: u64, mut progress: impl FnMut(u64)) -> Tally {
    let mut tally = Tally::default();
    let mut chunks = Chunks::default();
    for seed in first_seed..first_seed + count {
        progress(seed);
        let (accepted, succeeded) = run_chunk(&chunks.case(seed));
        tally.cases += 1;
        tally.accepted += u64::from(accepted);
        tally.succeeded += u64::from(succeeded);
    }
    tally
}

/// What the images that are mutated hold: suspended coroutines in every state that can be
/// stored, closures that share variables, library functions, cycles and metatables.
const HOME: &str = r#"
local shared, other = 1, {}
local function suspend(f, ...) local co = coroutine.create(f) coroutine.resume(co, ...) return co
  end
_home.closures = {function() shared = shared + 1 return shared end, function(x) other = x return
  shared end}
_home.plain = suspend(function(a, ...) local b = {a} while true do b[#b + 1] =
  coroutine.yield(#b, ...) shared = a end end, 1, 2, 3)
_home.protected = suspend(function() return pcall(function(x) local y = coroutine.yield(x) return
  y + x end, 5) end)
_home.handled = suspend(function() return xpcall(function() coroutine.yield() error("e") end,
  function(m) return m end) end)
_home.closing = suspend(function() local c <close> = setmetatable({}, {__close = function()
  shared = 0 end}) coroutine.yield(function() return c end) end)
_home.meta = suspend(function() local t = setmetatable({}, {__add = function(a, b) return
  coroutine.yield(b) end, __concat = function(a, b) return coroutine.yield(a) end, __index =
  function(t, k) return coroutine.yield(k) end}) local u = function() return t end return (t +
  1), t .. "x" .. t, t.y, u end)
_home.concat = suspend(function() local t = setmetatable({}, {__concat = function(a, b) return
  coroutine.yield("c") end}) return "a" .. "b" .. t .. "d", shared end)
_home.iterating = suspend(function() for k, v in pairs({1, 2, x = 3}) do local f = function()
  return k, v end coroutine.yield(f) end end)
_home.deep = suspend(function() local function f(n, ...) if n == 0 then return
  coroutine.yield(...) end local r = f(n - 1, n, ...) return r, n end return f(6) end)
_home.returning = suspend(function() local c <close> = setmetatable({}, {__close = function()
  coroutine.yield("closing") end}) return 1, 2, 3 end)
_home.fresh = coroutine.create(function(...) return ... end)
_home.dead = suspend(function() error("died") end)
_home.calling = suspend(function() return (select('#', (function(...) return ...,
  coroutine.yield(...) end)(1, 2))) end)
_home.object = setmetatable({n = 1.5, self = _home}, {__index = function(t, k) return k end,
  __close = print, __name = "Object"})
_home.functions = {print, string.format, ("x"):gmatch("."), coroutine.wrap(function()
  coroutine.yield(other) end), next}
"#;

/// Calls, resumes, reads and writes everything that it finds, within limits.
pub const EXERCISE: &str = r#"
local seen, count = {}, 0
local function visit(value, depth)
  local kind = type(value)
  if kind == "string" or kind == "number" then pcall(function() return value .. "", value + 1,
  #value end) return end
  if value == nil or seen[value] or depth > 6 then return end
  seen[value] = true
  if kind == "table" then
    pcall(function() local m = getmetatable(value) if m then visit(m, depth + 1) end end)
    for k, v in next, value do visit(k, depth + 1) visit(v, depth + 1) end
    pcall(function() return value.zzz, value + 1, value .. "x" end)
    pcall(function() local c <close> = value end)
  elseif kind == "function" then
    for i = 1, 2 do local r = table.pack(pcall(value, i, value)) for j = 1, math.min(r.n, 5) do
  visit(r[j], depth + 1) end end
  elseif kind == "thread" then
    pcall(debug.traceback, value)
    for i = 1, 5 do
      local r = table.pack(coroutine.resume(value, i, "v"))
      for j = 2, math.min(r.n, 5) do visit(r[j], depth + 1) end
      if i == 3 then collectgarbage() end
    end
    pcall(coroutine.close, value)
  end
end
visit(_home, 1)
visit(_home, 1)
collectgarbage()
return true
"#;

/// The image that mutations start from.
///
/// # Errors
/// What the engine says, were the program of the image wrong.
pub fn image() -> Result<Image, moonkeep::Error> {
    let mut engine = Engine::new(&Options::default())?;
    engine.run(HOME.as_bytes(), "=home")?;
    Ok(Image::decode(&engine.save()?)?)
}

/// Restores an image and uses everything in it; whether it was restored, and whether the
/// exercise ended without an error.
pub fn run_image(bytes: &[u8]) -> (bool, bool) {
    let options = Options { limits: limits(), sandboxed: true, ..Options::default() };
    let Ok(mut engine) = Engine::new(&options) else { return (false, false) };
    engine.vm().set_output(Rc::new(|_| {}));
    if engine.restore(bytes).is_err() {
        return (false, false);
    }
    let succeeded = engine.run(EXERCISE.as_bytes(), "=exercise").is_ok();
    // Each coroutine by itself, too: the exercise may have spent its budget before.
    let home = engine.home();
    let mut key = Value::NIL;
    while let Some((next, value)) = engine.vm().table_next(home, key) {
        if let Kind::Thread(thread) = value.kind() {
            let _ = engine.vm().close_coroutine(thread);
        }
        key = next;
    }
    engine.vm().collect_garbage();
    let _ = engine.save();
    (true, succeeded)
}

/// Changes numbers inside coroutines and references between objects, which no random bytes
/// would reach so often.
pub fn mutate_image(rng: &mut Rng, image: &mut Image) {
    for _ in 0..rng.usize(1..4) {
        let objects = image.objects.len();
        let Some(index) = (objects > 0).then(|| rng.usize(..objects)) else { return };
        let other = codec::ObjectId(rng.usize(..objects) as u32);
        match &mut image.objects[index] {
            Object::Coroutine(coroutine) => mutate_coroutine(rng, coroutine, other),
            Object::Closure(closure) => match rng.u8(0..2) {
                0 => closure.prototype = rng.usize(..image.prototypes.len().max(1)) as u32,
                _ => {
                    if let Some(upvalue) = choose(rng, &mut closure.upvalues) {
                        *upvalue = other;
                    }
                }
            },
            Object::Cell(value) => *value = codec::Value::Object(other),
            Object::Native(native) => match choose(rng, &mut native.captures) {
                Some(value) => *value = codec::Value::Object(other),
                None => native.captures.push(codec::Value::Integer(-1)),
            },
            Object::Table(table) => {
                if rng.u8(0..4) == 0 {
                    table.metatable = Some(other);
                } else if let Some(value) = choose(rng, &mut table.array) {
                    *value = codec::Value::Object(other);
                } else if let Some(entry) = choose(rng, &mut table.entries) {
                    entry.1 = codec::Value::Object(other);
                }
            }
            Object::Host(_) | Object::Named(_) => {}
        }
    }
}

fn choose<'a, T>(rng: &mut Rng, items: &'a mut [T]) -> Option<&'a mut T> {
    let index = (!items.is_empty()).then(|| rng.usize(..items.len()))?;
    items.get_mut(index)
}

/// A number near another, or far away.
fn shift(rng: &mut Rng, number: u32) -> u32 {
    match rng.u8(0..8) {
        0 => rng.u32(0..300),
        1 => u32::MAX - rng.u32(0..3),
        2 => 0,
        _ => number.wrapping_add(rng.u32(0..7)).wrapping_sub(3),
    }
}

fn mutate_coroutine(rng: &mut Rng, coroutine: &mut codec::Coroutine, other: codec::ObjectId) {
    let object = codec::Value::Object(other);
    match rng.u8(0..10) {
        0 => {
            if let Some(value) = choose(rng, &mut coroutine.stack) {
                *value = match rng.u8(0..3) {
                    0 => codec::Value::Nil,
                    1 => codec::Value::Integer(rng.i64(-1..9)),
                    _ => object,
                };
            }
        }
        1 => drop(coroutine.stack.pop()),
        2 => coroutine.stack.push(object),
        3 => {
            if let Some(open) = choose(rng, &mut coroutine.open_cells) {
                match rng.bool() {
                    true => open.slot = shift(rng, open.slot),
                    false => open.cell = other,
                }
            }
        }
        4 => match choose(rng, &mut coroutine.to_close) {
            Some(slot) => *slot = shift(rng, *slot),
            None => coroutine.to_close.push(rng.u32(0..20)),
        },
        5 if !coroutine.frames.is_empty() => {
            let index = rng.usize(..coroutine.frames.len());
            let copy = coroutine.frames[index].clone();
            match rng.bool() {
                true => coroutine.frames.insert(index, copy),
                false => drop(coroutine.frames.remove(index)),
            }
        }
        _ => {
            if let Some(frame) = choose(rng, &mut coroutine.frames) {
                mutate_frame(rng, frame, object);
            }
        }
    }
}

fn mutate_frame(rng: &mut Rng, frame: &mut codec::Frame, object: codec::Value) {
    match rng.u8(0..6) {
        0 => frame.kind = rng.u8(0..8),
        1 => frame.flags = rng.u32(0..16),
        2 => frame.function = object,
        3 => frame.pc = shift(rng, frame.pc),
        4 => frame.base = shift(rng, frame.base),
        _ => {
            if let Some(number) = choose(rng, &mut frame.numbers) {
                *number = match rng.u8(0..4) {
                    0 => rng.i64(0..300),
                    1 => 0x8000,
                    _ => *number + rng.i64(-3..4),
                };
            }
        }
    }
}

/// The mutated image of a seed. The encoder repairs all checksums; what it refuses, the decoder
/// would refuse as well: `None`.
pub fn image_case(original: &Image, seed: u64) -> Option<Vec<u8>> {
    let mut rng = Rng::with_seed(seed);
    let mut mutated = original.clone();
    if seed.is_multiple_of(4) {
        // The bytes of a stored function.
        if let Some(prototype) = choose(&mut rng, &mut mutated.prototypes) {
            mutate(&mut rng, &mut prototype.chunk);
        }
    } else {
        mutate_image(&mut rng, &mut mutated);
    }
    mutated.encode().ok()
}

/// Mutates, restores and uses `count` images. A panic passes through; `progress` hears each seed
/// before.
///
/// # Errors
/// What the engine says, were the program of the image wrong.
pub fn images(
    first_seed: u64,
    count: u64,
    mut progress: impl FnMut(u64),
) -> Result<Tally, moonkeep::Error> {
    let original = image()?;
    let mut tally = Tally::default();
    for seed in first_seed..first_seed + count {
        progress(seed);
        tally.cases += 1;
        let Some(bytes) = image_case(&original, seed) else { continue };
        let (accepted, succeeded) = run_image(&bytes);
        tally.accepted += u64::from(accepted);
        tally.succeeded += u64::from(succeeded);
    }
    Ok(tally)
}
