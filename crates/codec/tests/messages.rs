//! Messages: they come back as they were; shapes that cannot be are refused.

mod support;

use codec::*;
use fastrand::Rng;

#[test]
fn random_messages_come_back() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..5_000 {
        let message = support::message(&mut rng, 8);
        let bytes = message.encode().unwrap();
        assert_eq!(Message::decode(&bytes).unwrap(), message);
        for end in 0..bytes.len() {
            assert!(Message::decode(&bytes[..end]).is_err());
        }
    }
}

#[test]
fn the_documented_example_holds() {
    let cycle = WireTable {
        array: vec![WireValue::Table(0)],
        entries: vec![(WireValue::String(b"n".to_vec()), WireValue::Float(0.5))],
    };
    let message =
        Message { values: vec![WireValue::Integer(-1), WireValue::Table(0)], tables: vec![cycle] };
    let document = include_str!("../../../docs/wire.md");
    let (_, example) = document.split_once("```text\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let bytes: Vec<u8> = example
        .lines()
        .flat_map(|line| line.split_whitespace().take_while(|word| word.len() == 2))
        .filter_map(|word| u8::from_str_radix(word, 16).ok())
        .collect();
    assert_eq!(message.encode().unwrap(), bytes);
}

#[test]
fn integers_take_either_form_when_read() {
    for integer in support::INTEGERS {
        let mut bytes = vec![1, 0x04];
        bytes.extend(integer.to_le_bytes());
        bytes.push(0);
        assert_eq!(Message::decode(&bytes).unwrap().values, [WireValue::Integer(*integer)]);
    }
    let fits = |integer: i64| {
        let values = vec![WireValue::Integer(integer)];
        Message { values, tables: vec![] }.encode().unwrap()[1] == 0x03
    };
    assert!(fits(i32::MIN.into()) && fits(i32::MAX.into()) && fits(0));
    assert!(!fits(i64::from(i32::MAX) + 1) && !fits(i64::from(i32::MIN) - 1));
}

fn chain(length: u32) -> Message {
    let next = |index: u32| match index + 1 < length {
        true => vec![WireValue::Table(index + 1)],
        false => vec![WireValue::Table(0)],
    };
    let tables =
        (0..length).map(|index| WireTable { array: next(index), entries: vec![] }).collect();
    Message { values: vec![WireValue::Table(0)], tables }
}

#[test]
fn nesting_is_limited_on_both_sides() {
    let deepest = chain(limits::NESTING_MAX as u32);
    let bytes = deepest.encode().unwrap();
    assert_eq!(Message::decode(&bytes).unwrap(), deepest);
    let too_deep = chain(limits::NESTING_MAX as u32 + 1);
    let error = too_deep.encode().unwrap_err();
    assert!(error.is_limit());
    assert_eq!(error.to_string(), "too large: the nesting of tables (at most 200)");
    // The same chain as bytes: each table is an array of one table without entries.
    let mut bytes = vec![1, 0x10, 0, 0xc9, 0x01];
    for index in 0u8..201 {
        let next = (index + 1) % 201;
        bytes.extend([1, 0x10]);
        bytes.extend(if next < 128 { vec![next] } else { vec![next, 1] });
        bytes.push(0);
    }
    assert!(Message::decode(&bytes).unwrap_err().is_limit());
    // A shortcut from the values makes the same tables shallow.
    let mut shortcut = too_deep;
    shortcut.values.push(WireValue::Table(100));
    assert_eq!(Message::decode(&shortcut.encode().unwrap()).unwrap(), shortcut);
}

#[test]
fn wrong_messages_are_refused() {
    let refused = |bytes: &[u8]| Message::decode(bytes).unwrap_err().to_string();
    assert_eq!(refused(&[]), "truncated: the input ends too early (at byte 0)");
    assert_eq!(refused(&[1, 0x10, 0, 0]), "malformed: a missing table (id 0)");
    assert_eq!(refused(&[0, 1, 0, 0]), "malformed: a table that nothing reaches (id 0)");
    assert_eq!(refused(&[0, 0, 0]), "malformed: bytes after the end (at byte 2)");
    assert_eq!(refused(&[1, 0x07, 0]), "malformed: an unknown value tag (at byte 1)");
    assert_eq!(refused(&[1, 0x10, 0, 1, 0, 1, 0, 0]), "nil cannot be a key");
    let mut nan = vec![1, 0x10, 0, 1, 0, 1, 0x05];
    nan.extend(f64::NAN.to_le_bytes());
    nan.push(0);
    assert_eq!(refused(&nan), "NaN cannot be a key");
    let wide = [1, 0x11, 0xff, 0xff, 0xff, 0xff, 0x1f, 0];
    assert_eq!(refused(&wide), "malformed: a number exceeds 32 bits (at byte 2)");
    let eleven = [&[0xff; 10][..], &[0]].concat();
    assert_eq!(refused(&eleven), "malformed: a varint exceeds 64 bits (at byte 0)");
    let endless = [0x80; 12];
    assert_eq!(refused(&endless), "malformed: a varint exceeds ten bytes (at byte 0)");
    let huge = [&[0xff; 4][..], &[0x0f]].concat();
    assert!(Message::decode(&huge).unwrap_err().is_truncated());
    let error = Message { values: vec![WireValue::Table(3)], tables: vec![] }.encode();
    assert!(error.unwrap_err().is_malformed());
}

#[test]
fn a_message_has_a_size_limit() {
    let values = vec![WireValue::String(vec![0; limits::MESSAGE_BYTES_MAX])];
    let error = Message { values, tables: vec![] }.encode().unwrap_err();
    assert_eq!(error.to_string(), "too large: a message, in bytes (at most 268435456)");
    assert!(Message::decode(&vec![0; limits::MESSAGE_BYTES_MAX + 1]).unwrap_err().is_limit());
}
