//! Random images, messages and values for the tests, from a seed.
#![allow(dead_code)]

use codec::*;
use fastrand::Rng;

pub const STRINGS: &[&[u8]] =
    &[b"", b"\0", b"a", b"a\0", b"a\0\xff", b"a\xff", b"name", b"\xff\xff", b"city", b"\xe2\x82"];

pub const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    -1e-300,
    5e-324,
    9007199254740992.0,
    9007199254740994.0,
    9223372036854774784.0,
    9223372036854775808.0,
    -9223372036854775808.0,
    -9223372036854777856.0,
    1e308,
    -1e308,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

pub const INTEGERS: &[i64] = &[
    0,
    1,
    -1,
    255,
    256,
    -255,
    -256,
    -257,
    i32::MAX as i64,
    i32::MIN as i64,
    i32::MAX as i64 + 1,
    i32::MIN as i64 - 1,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
    i64::MIN + 1,
];

pub fn integer(rng: &mut Rng) -> i64 {
    match rng.u8(0..3) {
        0 => INTEGERS[rng.usize(..INTEGERS.len())],
        1 => rng.i64(-300..300),
        _ => rng.i64(..) >> rng.u32(0..63),
    }
}

/// Never NaN.
pub fn float(rng: &mut Rng) -> f64 {
    match rng.u8(0..4) {
        0 => FLOATS[rng.usize(..FLOATS.len())],
        1 => integer(rng) as f64 + 0.25,
        2 => integer(rng) as f64,
        _ => Some(f64::from_bits(rng.u64(..))).filter(|float| !float.is_nan()).unwrap_or(0.75),
    }
}

pub fn string(rng: &mut Rng) -> Vec<u8> {
    match rng.u8(0..4) {
        0 => (0..rng.usize(..90)).map(|_| rng.u8(..)).collect(),
        1 => (0..rng.usize(..4)).map(|_| *rng.choice(&[0, 1, 0xfe, 0xff]).unwrap()).collect(),
        _ => STRINGS[rng.usize(..STRINGS.len())].to_vec(),
    }
}

/// The kinds of objects of an image, fixed before they are filled so that references can obey.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Table,
    Closure,
    Cell,
    Native,
    Coroutine,
    Host,
    Named,
}

struct Plan {
    kinds: Vec<Kind>,
    unopened: Vec<ObjectId>,
}

impl Plan {
    fn pick(&self, rng: &mut Rng, fits: impl Fn(Kind) -> bool) -> Option<ObjectId> {
        let index = rng.usize(..self.kinds.len().max(1));
        let kind = *self.kinds.get(index)?;
        fits(kind).then_some(ObjectId(index as u32))
    }

    fn value(&self, rng: &mut Rng) -> Value {
        match rng.u8(0..8) {
            0 => Value::Nil,
            1 => Value::Boolean(rng.bool()),
            2 => Value::Integer(integer(rng)),
            3 => Value::Float(f64::from_bits(float(rng).to_bits())),
            4 | 5 => Value::String(string(rng)),
            _ => self.pick(rng, |kind| kind != Kind::Cell).map_or(Value::Nil, Value::Object),
        }
    }

    fn values(&self, rng: &mut Rng, count_max: usize) -> Vec<Value> {
        (0..rng.usize(..=count_max)).map(|_| self.value(rng)).collect()
    }

    fn table(&self, rng: &mut Rng) -> Table {
        let array = match rng.u8(0..4) {
            0 => (0..rng.usize(..6)).map(|_| Value::Integer(integer(rng))).collect(),
            1 => (0..rng.usize(..6)).map(|_| Value::Float(float(rng))).collect(),
            _ => self.values(rng, 4),
        };
        let entries = (0..rng.usize(..5))
            .map(|_| (self.value(rng), self.value(rng)))
            .filter(|(key, _)| *key != Value::Nil)
            .collect();
        let metatable = self.pick(rng, |kind| matches!(kind, Kind::Table | Kind::Named));
        Table { array, entries, metatable }
    }

    fn coroutine(&mut self, rng: &mut Rng) -> Coroutine {
        let stack = self.values(rng, 6);
        let slots = stack.len() as u32;
        let statuses =
            [CoroutineStatus::Created, CoroutineStatus::Suspended, CoroutineStatus::Dead];
        let open_cells = (0..slots)
            .filter(|_| rng.bool())
            .map_while(|slot| Some(OpenCell { slot, cell: self.unopened.pop()? }))
            .collect();
        let frames = (0..rng.usize(..3))
            .map(|_| Frame {
                kind: rng.u8(..),
                flags: rng.u32(..),
                function: self.value(rng),
                pc: rng.u32(..),
                base: rng.u32(..=slots),
                numbers: (0..rng.usize(..3)).map(|_| integer(rng)).collect(),
                values: self.values(rng, 2),
            })
            .collect();
        Coroutine {
            status: statuses[rng.usize(..3)],
            stack,
            frames,
            open_cells,
            to_close: (0..slots).filter(|_| rng.bool()).collect(),
            pending: self.values(rng, 2),
        }
    }

    fn object(&mut self, rng: &mut Rng, index: usize, prototypes: usize) -> Object {
        match self.kinds[index] {
            Kind::Table => Object::Table(self.table(rng)),
            Kind::Closure => Object::Closure(Closure {
                prototype: rng.u32(..prototypes as u32),
                upvalues: (0..3).filter_map(|_| self.pick(rng, |k| k == Kind::Cell)).collect(),
            }),
            // Open cells hold nil; the others get their values at the end.
            Kind::Cell => Object::Cell(Value::Nil),
            Kind::Native => Object::Native(NativeFunction {
                name: b"string.format".to_vec(),
                captures: self.values(rng, 2),
            }),
            Kind::Coroutine => Object::Coroutine(Box::new(self.coroutine(rng))),
            Kind::Host => {
                Object::Host(HostObject { handler: b"image".to_vec(), bytes: string(rng) })
            }
            Kind::Named => Object::Named(b"_G".to_vec()),
        }
    }
}

/// A valid image of up to `objects_max` objects.
pub fn image(rng: &mut Rng, objects_max: usize) -> Image {
    let mut builder = ImageBuilder::default();
    for _ in 0..rng.usize(1..4) {
        builder.prototype(string(rng));
    }
    let prototypes = (0..1).map(|_| builder.prototype(b"last".to_vec())).sum::<u32>() + 1;
    let all = [
        Kind::Table,
        Kind::Table,
        Kind::Closure,
        Kind::Cell,
        Kind::Cell,
        Kind::Native,
        Kind::Coroutine,
        Kind::Host,
        Kind::Named,
    ];
    let kinds: Vec<Kind> =
        (0..rng.usize(..=objects_max)).map(|_| all[rng.usize(..all.len())]).collect();
    let cells = (0..kinds.len()).filter(|&index| kinds[index] == Kind::Cell);
    let unopened = cells.map(|index| ObjectId(index as u32)).collect();
    let mut plan = Plan { kinds, unopened };
    for index in 0..plan.kinds.len() {
        let id = builder.reserve().unwrap();
        let object = plan.object(rng, index, prototypes as usize);
        builder.fill(id, object);
    }
    for id in std::mem::take(&mut plan.unopened) {
        let value = plan.value(rng);
        builder.fill(id, Object::Cell(value));
    }
    let root = plan.value(rng);
    builder.finish(root).unwrap()
}

/// A valid message of up to `tables_max` tables.
pub fn message(rng: &mut Rng, tables_max: usize) -> Message {
    let tables = rng.usize(..=tables_max) as u32;
    let value = |rng: &mut Rng| match rng.u8(0..10) {
        0 => WireValue::Nil,
        1 => WireValue::Boolean(rng.bool()),
        2 => WireValue::Integer(integer(rng)),
        3 => WireValue::Float(float(rng)),
        4 => WireValue::String(string(rng)),
        5 => WireValue::Function(rng.u32(..)),
        6 => WireValue::Coroutine(rng.u32(..)),
        7 => WireValue::Host(rng.u32(..)),
        _ if tables > 0 => WireValue::Table(rng.u32(..tables)),
        _ => WireValue::Nil,
    };
    let mut message = Message::default();
    for index in 0..tables {
        message.tables.push(WireTable {
            array: (0..rng.usize(..4)).map(|_| value(rng)).collect(),
            entries: (0..rng.usize(..4))
                .map(|_| (value(rng), value(rng)))
                .filter(|(key, _)| *key != WireValue::Nil)
                .collect(),
        });
        // Every table has to be reached.
        message.values.push(WireValue::Table(index));
    }
    message.values.extend((0..rng.usize(..4)).map(|_| value(rng)));
    message
}

/// Recomputes every checksum of an image whose other bytes were changed, so that a test reaches
/// what lies behind them. Follows the lengths that the bytes state as far as they make sense.
pub fn repair(bytes: &mut [u8]) {
    use twox_hash::XxHash64;
    if bytes.len() < 44 {
        return;
    }
    let total = bytes.len() as u64;
    bytes[28..36].copy_from_slice(&total.to_le_bytes());
    let header = XxHash64::oneshot(0, &bytes[..36]);
    bytes[36..44].copy_from_slice(&header.to_le_bytes());
    let mut start = 44;
    while start + 20 <= bytes.len() {
        let size = u64::from_le_bytes(bytes[start + 4..start + 12].try_into().unwrap());
        let payload = start + 20;
        let Some(end) = payload.checked_add(size as usize).filter(|&end| end <= bytes.len()) else {
            return;
        };
        let seed = XxHash64::oneshot(0, &bytes[start..start + 12]);
        let checksum = XxHash64::oneshot(seed, &bytes[payload..end]);
        bytes[start + 12..start + 20].copy_from_slice(&checksum.to_le_bytes());
        start = end;
    }
}

/// Changes, inserts, removes or copies some bytes.
pub fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..bytes.len().max(1));
        match rng.u8(0..6) {
            _ if bytes.is_empty() => bytes.push(rng.u8(..)),
            0 => bytes[at] ^= 1 << rng.u8(0..8),
            1 => bytes[at] = rng.u8(..),
            2 => bytes[at] = *rng.choice(&[0, 1, 0x10, 0x11, 0x7f, 0x80, 0xff]).unwrap(),
            3 => bytes.insert(at, rng.u8(..)),
            4 => drop(bytes.remove(at)),
            _ => {
                let end = (at + rng.usize(..8)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
        }
    }
}
