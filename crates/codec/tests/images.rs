//! Images: they come back as they were, and damage is named.

mod support;

use codec::*;
use fastrand::Rng;

fn one(object: Object) -> Image {
    Image { prototypes: vec![], objects: vec![object], root: Value::Nil }
}

fn reference(index: u32) -> Value {
    Value::Object(ObjectId(index))
}

#[test]
fn random_images_come_back() {
    let mut rng = Rng::with_seed(1);
    let mut objects = 0;
    for _ in 0..3_000 {
        let image = support::image(&mut rng, 12);
        objects += image.objects.len();
        let bytes = image.encode().unwrap();
        assert_eq!(Image::decode(&bytes).unwrap(), image);
        assert_eq!(Image::decode(&bytes).unwrap().encode().unwrap(), bytes);
    }
    assert!(objects > 10_000, "{objects}");
}

#[test]
fn all_bits_of_floats_survive() {
    let bits = [0x7ff8_0000_0000_1234, 0xfff0_0000_0000_0001, 1 << 63, 1];
    let floats: Vec<Value> = bits.iter().map(|&bits| Value::Float(f64::from_bits(bits))).collect();
    let mut mixed = floats.clone();
    mixed.push(Value::Nil);
    for array in [floats, mixed] {
        let bytes = one(Object::Table(Table { array, ..Table::default() })).encode().unwrap();
        let decoded = Image::decode(&bytes).unwrap();
        let Object::Table(table) = &decoded.objects[0] else { panic!("not a table") };
        let back: Vec<u64> = table
            .array
            .iter()
            .filter_map(|value| match value {
                Value::Float(float) => Some(float.to_bits()),
                _ => None,
            })
            .collect();
        assert_eq!(back, bits);
    }
}

#[test]
fn arrays_and_repeated_names_are_compact() {
    let array = (0..1000).map(Value::Integer).collect();
    let numbers = one(Object::Table(Table { array, ..Table::default() }));
    assert!(numbers.encode().unwrap().len() < 2_200);

    let record = |id: i64| {
        Object::Table(Table {
            entries: vec![
                (Value::String(b"identifier".to_vec()), Value::Integer(id)),
                (Value::String(b"description".to_vec()), Value::String(b"a string".to_vec())),
            ],
            ..Table::default()
        })
    };
    let objects = (0..1000).map(record).collect();
    let records = Image { objects, ..Image::default() };
    assert!(records.encode().unwrap().len() < 16_000);
}

#[test]
fn every_cut_and_every_flip_is_noticed() {
    let mut rng = Rng::with_seed(2);
    let bytes = support::image(&mut rng, 8).encode().unwrap();
    for end in 0..bytes.len() {
        let error = Image::decode(&bytes[..end]).unwrap_err();
        assert!(error.is_truncated(), "{end}: {error}");
    }
    for position in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[position] ^= 1 << rng.u8(0..8);
        let error = Image::decode(&flipped).unwrap_err();
        match position {
            0..8 => assert!(error.is_not_an_image(), "{error}"),
            8..10 => assert!(error.is_newer_version() || error.is_checksum_mismatch(), "{error}"),
            10..44 => assert!(error.is_checksum_mismatch(), "{error}"),
            _ => assert!(!error.is_not_an_image() && error.position().is_some(), "{error}"),
        }
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        Image::decode(&longer).unwrap_err().to_string(),
        format!("malformed: bytes after the end (at byte {})", bytes.len())
    );
}

#[test]
fn errors_say_what_and_where() {
    let bytes = Image::default().encode().unwrap();
    let mut newer = bytes.clone();
    newer[8] = 7;
    let error = Image::decode(&newer).unwrap_err();
    assert!(error.is_newer_version());
    let text = "written by a newer version 7 (this one reads up to 1) (at byte 8)";
    assert_eq!(error.to_string(), text);

    let mut older = bytes.clone();
    older[8] = 0;
    support::repair(&mut older);
    assert!(Image::decode(&older).unwrap_err().is_malformed());

    let mut damaged = bytes.clone();
    damaged[64] ^= 1;
    let error = Image::decode(&damaged).unwrap_err();
    assert_eq!(error.to_string(), "checksum mismatch in the prototypes section (at byte 64)");

    assert!(Image::decode(&[]).unwrap_err().is_truncated());
    assert!(Image::decode(b"\x1bLua").unwrap_err().is_not_an_image());
}

#[test]
fn the_first_image_ever_written_still_reads() {
    let fixture = include_bytes!("fixtures/v1.image");
    assert_eq!(Image::decode(fixture).unwrap(), sample());
    assert_eq!(sample().encode().unwrap(), fixture);
}

/// One of each kind of object.
fn sample() -> Image {
    let mut builder = ImageBuilder::default();
    let prototype = builder.prototype(b"\x1bLua chunk".to_vec());
    let ids: Vec<ObjectId> = (0..8).map(|_| builder.reserve().unwrap()).collect();
    let name = || Value::String(b"name".to_vec());
    builder.fill(
        ids[0],
        Object::Table(Table {
            array: vec![Value::Integer(-1), Value::Float(0.1), Value::Nil, Value::Boolean(true)],
            entries: vec![(name(), name()), (Value::Float(0.5), reference(0))],
            metatable: Some(ids[6]),
        }),
    );
    builder.fill(ids[1], Object::Closure(Closure { prototype, upvalues: vec![ids[2], ids[3]] }));
    builder.fill(ids[2], Object::Cell(Value::Integer(1 << 40)));
    builder.fill(ids[3], Object::Cell(Value::Nil));
    builder.fill(
        ids[4],
        Object::Native(NativeFunction {
            name: b"coroutine.wrap".to_vec(),
            captures: vec![reference(5)],
        }),
    );
    builder.fill(
        ids[5],
        Object::Coroutine(Box::new(Coroutine {
            status: CoroutineStatus::Suspended,
            stack: vec![reference(1), Value::Boolean(false)],
            frames: vec![Frame {
                kind: 1,
                flags: 300,
                function: reference(1),
                pc: 9,
                base: 1,
                numbers: vec![-1, i64::MAX],
                values: vec![name()],
            }],
            open_cells: vec![OpenCell { slot: 1, cell: ids[3] }],
            to_close: vec![1],
            pending: vec![Value::String(vec![0, 255])],
        })),
    );
    builder.fill(ids[6], Object::Named(b"meta".to_vec()));
    builder.fill(
        ids[7],
        Object::Host(HostObject { handler: b"picture".to_vec(), bytes: vec![1, 2, 3] }),
    );
    builder.finish(reference(0)).unwrap()
}

#[test]
fn wrong_references_are_refused_on_both_sides() {
    let mut cases = vec![];
    let mut case = |change: &dyn Fn(&mut Image), text: &'static str| {
        let mut image = sample();
        change(&mut image);
        cases.push((image, text));
    };
    case(&|i| i.root = reference(8), "malformed: a missing object (id 8)");
    case(&|i| i.root = reference(2), "malformed: a cell used as a value (id 2)");
    case(&|i| closure(i).prototype = 1, "malformed: a missing prototype (id 1)");
    case(&|i| closure(i).upvalues[0].0 = 0, "malformed: an upvalue that is no cell (id 0)");
    case(&|i| closure(i).upvalues[0].0 = 99, "malformed: a missing object (id 99)");
    case(
        &|i| closure(i).upvalues = vec![ObjectId(2); 256],
        "too large: the upvalues of a function (at most 255)",
    );
    case(
        &|i| table(i).metatable = Some(ObjectId(1)),
        "malformed: a metatable that is no table (id 1)",
    );
    case(&|i| table(i).metatable = Some(ObjectId(50)), "malformed: a missing object (id 50)");
    case(&|i| table(i).entries[0].0 = Value::Nil, "nil cannot be a key");
    case(&|i| table(i).entries[0].0 = Value::Float(f64::NAN), "NaN cannot be a key");
    case(&|i| table(i).entries[0].1 = reference(3), "malformed: a cell used as a value (id 3)");
    case(&|i| coroutine(i).frames[0].base = 3, "malformed: a frame outside its stack (id 3)");
    case(
        &|i| coroutine(i).to_close = vec![1, 1],
        "malformed: a stack slot out of order or range (id 1)",
    );
    case(
        &|i| coroutine(i).open_cells[0].slot = 2,
        "malformed: a stack slot out of order or range (id 2)",
    );
    case(
        &|i| coroutine(i).open_cells[0].cell.0 = 2,
        "malformed: an open cell with a value of its own (id 2)",
    );
    case(
        &|i| {
            let cell = ObjectId(3);
            coroutine(i).open_cells = vec![OpenCell { slot: 0, cell }, OpenCell { slot: 1, cell }];
        },
        "malformed: a cell that is open twice (id 3)",
    );
    for (image, text) in cases {
        assert_eq!(image.encode().unwrap_err().to_string(), text);
        // What a faulty writer could have stored is refused when it is read, too.
        let error = Image::decode(&layout::encode(&image)).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

fn closure(image: &mut Image) -> &mut Closure {
    match &mut image.objects[1] {
        Object::Closure(closure) => closure,
        other => panic!("{other:?}"),
    }
}

fn table(image: &mut Image) -> &mut Table {
    match &mut image.objects[0] {
        Object::Table(table) => table,
        other => panic!("{other:?}"),
    }
}

fn coroutine(image: &mut Image) -> &mut Coroutine {
    match &mut image.objects[5] {
        Object::Coroutine(coroutine) => coroutine,
        other => panic!("{other:?}"),
    }
}

/// A second encoder, written from `docs/image.md` alone; it shares no code with the crate.
mod layout {
    use codec::*;
    use twox_hash::XxHash64;

    fn varint(out: &mut Vec<u8>, mut value: u64) {
        loop {
            let byte = (value % 128) as u8;
            value /= 128;
            if value == 0 {
                return out.push(byte);
            }
            out.push(byte + 128);
        }
    }

    fn signed(out: &mut Vec<u8>, value: i64) {
        let wide = i128::from(value);
        varint(out, if wide < 0 { (-wide * 2 - 1) as u64 } else { (wide * 2) as u64 });
    }

    fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
        varint(out, bytes.len() as u64);
        out.extend(bytes);
    }

    type Seen = Vec<Vec<u8>>;

    fn value(out: &mut Vec<u8>, seen: &mut Seen, value: &Value) {
        match value {
            Value::Nil => out.push(0),
            Value::Boolean(boolean) => out.push(1 + u8::from(*boolean)),
            Value::Integer(integer) if (-(1 << 31)..1 << 31).contains(integer) => {
                out.push(3);
                signed(out, *integer);
            }
            Value::Integer(integer) => {
                out.push(4);
                out.extend(integer.to_le_bytes());
            }
            Value::Float(float) => {
                out.push(5);
                out.extend(float.to_le_bytes());
            }
            Value::String(string) => {
                if let Some(index) = seen.iter().position(|other| other == string) {
                    out.push(0x11);
                    return varint(out, index as u64);
                }
                if (2..=64).contains(&string.len()) {
                    seen.push(string.clone());
                }
                out.push(6);
                bytes(out, string);
            }
            Value::Object(id) => {
                out.push(0x10);
                varint(out, id.0.into());
            }
        }
    }

    fn values(out: &mut Vec<u8>, seen: &mut Seen, list: &[Value]) {
        varint(out, list.len() as u64);
        list.iter().for_each(|item| value(out, seen, item));
    }

    fn ids(out: &mut Vec<u8>, list: &[u32]) {
        varint(out, list.len() as u64);
        list.iter().for_each(|&id| varint(out, id.into()));
    }

    fn table(out: &mut Vec<u8>, seen: &mut Seen, table: &Table) {
        let integers = table.array.iter().all(|item| matches!(item, Value::Integer(_)));
        let floats = table.array.iter().all(|item| matches!(item, Value::Float(_)));
        let kind = match table.array.is_empty() {
            true => 0,
            false if integers => 2,
            false if floats => 4,
            false => 0,
        };
        out.extend([1, kind + u8::from(table.metatable.is_some())]);
        table.metatable.iter().for_each(|id| varint(out, id.0.into()));
        varint(out, table.array.len() as u64);
        for item in &table.array {
            match item {
                Value::Integer(integer) if kind == 2 => signed(out, *integer),
                Value::Float(float) if kind == 4 => out.extend(float.to_le_bytes()),
                item => value(out, seen, item),
            }
        }
        varint(out, table.entries.len() as u64);
        for (key, item) in &table.entries {
            value(out, seen, key);
            value(out, seen, item);
        }
    }

    fn coroutine(out: &mut Vec<u8>, seen: &mut Seen, coroutine: &Coroutine) {
        out.extend([5, coroutine.status as u8]);
        values(out, seen, &coroutine.stack);
        varint(out, coroutine.frames.len() as u64);
        for frame in &coroutine.frames {
            out.push(frame.kind);
            varint(out, frame.flags.into());
            value(out, seen, &frame.function);
            varint(out, frame.pc.into());
            varint(out, frame.base.into());
            varint(out, frame.numbers.len() as u64);
            frame.numbers.iter().for_each(|&number| signed(out, number));
            values(out, seen, &frame.values);
        }
        varint(out, coroutine.open_cells.len() as u64);
        for open in &coroutine.open_cells {
            varint(out, open.slot.into());
            varint(out, open.cell.0.into());
        }
        ids(out, &coroutine.to_close);
        values(out, seen, &coroutine.pending);
    }

    fn object(out: &mut Vec<u8>, seen: &mut Seen, object: &Object) {
        match object {
            Object::Table(inner) => table(out, seen, inner),
            Object::Closure(closure) => {
                out.push(2);
                varint(out, closure.prototype.into());
                ids(out, &closure.upvalues.iter().map(|id| id.0).collect::<Vec<_>>());
            }
            Object::Cell(inner) => {
                out.push(3);
                value(out, seen, inner);
            }
            Object::Native(native) => {
                out.push(4);
                bytes(out, &native.name);
                values(out, seen, &native.captures);
            }
            Object::Coroutine(inner) => coroutine(out, seen, inner),
            Object::Host(host) => {
                out.push(6);
                bytes(out, &host.handler);
                bytes(out, &host.bytes);
            }
            Object::Named(name) => {
                out.push(7);
                bytes(out, name);
            }
        }
    }

    pub fn encode(image: &Image) -> Vec<u8> {
        let (mut prototypes, mut objects, mut root) = (vec![], vec![], vec![]);
        varint(&mut prototypes, image.prototypes.len() as u64);
        image.prototypes.iter().for_each(|prototype| bytes(&mut prototypes, &prototype.chunk));
        let mut seen = Seen::new();
        varint(&mut objects, image.objects.len() as u64);
        image.objects.iter().for_each(|item| object(&mut objects, &mut seen, item));
        value(&mut root, &mut seen, &image.root);
        let sections = [(b"PROT", prototypes), (b"OBJS", objects), (b"ROOT", root)];
        let total = 44 + sections.iter().map(|(_, payload)| 20 + payload.len()).sum::<usize>();
        let mut out = b"\x89MOON\r\n\0\x01\0\x03\0".to_vec();
        out.extend((-0x0123_4567_89ab_cdef_i64).to_le_bytes());
        out.extend((-370.5_f64).to_le_bytes());
        out.extend((total as u64).to_le_bytes());
        out.extend(XxHash64::oneshot(0, &out).to_le_bytes());
        for (tag, payload) in sections {
            let mut head = tag.to_vec();
            head.extend((payload.len() as u64).to_le_bytes());
            let checksum = XxHash64::oneshot(XxHash64::oneshot(0, &head), &payload);
            out.extend(head);
            out.extend(checksum.to_le_bytes());
            out.extend(payload);
        }
        out
    }
}

#[test]
fn the_document_describes_the_bytes() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..500 {
        let image = support::image(&mut rng, 12);
        assert_eq!(image.encode().unwrap(), layout::encode(&image));
    }
}

#[test]
fn limits_hold() {
    let text = |bytes: usize| one(Object::Cell(Value::String(vec![b'a'; bytes])));
    assert!(text(limits::VALUE_BYTES_MAX).encode().is_ok());
    assert!(text(limits::VALUE_BYTES_MAX + 1).encode().unwrap_err().is_limit());
    assert!(
        Image::decode(&layout::encode(&text(limits::VALUE_BYTES_MAX + 1))).unwrap_err().is_limit()
    );
    let name = |bytes: usize| one(Object::Named(vec![b'a'; bytes]));
    assert!(name(limits::NAME_BYTES_MAX).encode().is_ok());
    assert!(name(limits::NAME_BYTES_MAX + 1).encode().unwrap_err().is_limit());
    let host = HostObject { handler: vec![], bytes: vec![0; limits::VALUE_BYTES_MAX + 1] };
    assert!(one(Object::Host(host)).encode().unwrap_err().is_limit());
    let mut deep = sample();
    coroutine(&mut deep).stack = vec![Value::Nil; limits::STACK_SLOTS_MAX + 1];
    assert!(deep.encode().unwrap_err().is_limit());
    let mut many = sample();
    coroutine(&mut many).frames = vec![Frame::default(); limits::FRAMES_MAX + 1];
    assert!(many.encode().unwrap_err().is_limit());
}

#[test]
fn a_builder_refuses_holes() {
    let mut builder = ImageBuilder::default();
    let (first, second) = (builder.reserve().unwrap(), builder.reserve().unwrap());
    builder.fill(first, Object::Cell(Value::Nil));
    builder.fill(ObjectId(9), Object::Cell(Value::Nil));
    let error = builder.finish(Value::Nil).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("malformed: an object was reserved and not filled (id {})", second.0)
    );
    assert_eq!(error.position(), None);
}
