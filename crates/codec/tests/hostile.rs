//! Hostile bytes: mutated images and messages never panic, and cost memory in proportion.

mod support;

use codec::*;
use fastrand::Rng;
use std::mem::size_of;

/// Bytes of memory that one byte of input may cost. A two-byte reference to a shared string of
/// 64 bytes and a two-byte empty table are the dearest things that a format can say.
const MEMORY_PER_BYTE: usize = 64;

#[test]
fn mutated_images_are_errors_or_images() {
    let mut rng = Rng::with_seed(1);
    let (mut accepted, mut behind_checksums) = (0, 0);
    for _ in 0..300 {
        let bytes = support::image(&mut rng, 10).encode().unwrap();
        for _ in 0..100 {
            let mut mutated = bytes.clone();
            support::mutate(&mut rng, &mut mutated);
            support::repair(&mut mutated);
            match Image::decode(&mutated) {
                Ok(image) => {
                    accepted += 1;
                    assert!(image_memory(&image) <= MEMORY_PER_BYTE * mutated.len());
                    let again = image.encode().unwrap();
                    let twice = Image::decode(&again).unwrap().encode().unwrap();
                    assert_eq!(again, twice);
                }
                Err(error) => {
                    behind_checksums += usize::from(error.is_malformed() || error.is_limit());
                    assert!(error.position().is_none_or(|at| at <= mutated.len()), "{error}");
                }
            }
        }
    }
    assert!(accepted > 3_000, "{accepted}");
    assert!(behind_checksums > 3_000, "{behind_checksums}");
}

#[test]
fn mutated_messages_are_errors_or_messages() {
    let mut rng = Rng::with_seed(2);
    let mut accepted = 0;
    for _ in 0..500 {
        let bytes = support::message(&mut rng, 6).encode().unwrap();
        for _ in 0..100 {
            let mut mutated = bytes.clone();
            support::mutate(&mut rng, &mut mutated);
            if let Ok(message) = Message::decode(&mutated) {
                accepted += 1;
                assert!(message_memory(&message) <= MEMORY_PER_BYTE * mutated.len());
                let again = message.encode().unwrap();
                assert_eq!(Message::decode(&again).unwrap().encode().unwrap(), again);
            }
        }
    }
    assert!(accepted > 5_000, "{accepted}");
}

#[test]
fn noise_is_an_error() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..20_000 {
        let mut noise: Vec<u8> = (0..rng.usize(..200)).map(|_| rng.u8(..)).collect();
        let _ = Message::decode(&noise);
        assert!(Image::decode(&noise).is_err());
        let valid = Image::default().encode().unwrap();
        let keep = rng.usize(..valid.len());
        noise.splice(..0, valid[..keep].iter().copied());
        support::repair(&mut noise);
        let _ = Image::decode(&noise);
    }
}

#[test]
fn large_counts_without_items_cost_nothing() {
    for count in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xff, 0xff, 0x03]] {
        let error = Message::decode(count).unwrap_err();
        assert!(error.is_truncated());
        let mut table = vec![1, 0x10, 0, 1];
        table.extend(count);
        assert!(Message::decode(&table).unwrap_err().is_truncated());
    }
}

#[test]
fn the_cheapest_bytes_cost_bounded_memory() {
    let objects = vec![Object::Table(Table::default()); 10_000];
    let empty_tables = Image { objects, ..Image::default() };
    let text = Value::String(vec![b'a'; 64]);
    let strings = Image {
        objects: vec![Object::Table(Table { array: vec![text; 10_000], ..Table::default() })],
        ..Image::default()
    };
    let coroutine = Coroutine {
        status: CoroutineStatus::Dead,
        stack: vec![],
        frames: vec![Frame::default(); 10_000],
        open_cells: vec![],
        to_close: vec![],
        pending: vec![],
    };
    let frames =
        Image { objects: vec![Object::Coroutine(Box::new(coroutine))], ..Image::default() };
    for image in [empty_tables, strings, frames] {
        let bytes = image.encode().unwrap();
        let decoded = Image::decode(&bytes).unwrap();
        let memory = image_memory(&decoded);
        assert!(memory > 10 * bytes.len(), "the case is not the worst: {memory}");
        assert!(memory <= MEMORY_PER_BYTE * bytes.len(), "{memory} for {}", bytes.len());
    }
}

/// The capacity of a list and what its items own beside themselves.
fn list<T>(items: &Vec<T>, owned: impl Fn(&T) -> usize) -> usize {
    items.capacity() * size_of::<T>() + items.iter().map(owned).sum::<usize>()
}

fn value_memory(value: &Value) -> usize {
    match value {
        Value::String(bytes) => bytes.capacity(),
        _ => 0,
    }
}

fn image_memory(image: &Image) -> usize {
    let objects = list(&image.objects, |object| match object {
        Object::Table(table) => {
            list(&table.array, value_memory)
                + list(&table.entries, |(key, value)| value_memory(key) + value_memory(value))
        }
        Object::Closure(closure) => list(&closure.upvalues, |_| 0),
        Object::Cell(value) => value_memory(value),
        Object::Native(native) => native.name.capacity() + list(&native.captures, value_memory),
        Object::Coroutine(coroutine) => {
            size_of::<Coroutine>()
                + list(&coroutine.stack, value_memory)
                + list(&coroutine.open_cells, |_| 0)
                + list(&coroutine.to_close, |_| 0)
                + list(&coroutine.pending, value_memory)
                + list(&coroutine.frames, |frame| {
                    list(&frame.numbers, |_| 0) + list(&frame.values, value_memory)
                })
        }
        Object::Host(host) => host.handler.capacity() + host.bytes.capacity(),
        Object::Named(name) => name.capacity(),
    });
    objects + list(&image.prototypes, |prototype| prototype.chunk.capacity())
}

fn message_memory(message: &Message) -> usize {
    let string = |value: &WireValue| match value {
        WireValue::String(bytes) => bytes.capacity(),
        _ => 0,
    };
    list(&message.values, string)
        + list(&message.tables, |table| {
            list(&table.array, string)
                + list(&table.entries, |(key, value)| string(key) + string(value))
        })
}
