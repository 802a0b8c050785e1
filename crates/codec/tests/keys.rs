//! Keys: byte order is Lua's order, and every key comes back.

mod support;

use codec::{Key, decode_tuple, encode_tuple, push_tuple_end};
use fastrand::Rng;
use mlua::{Function, IntoLua, Lua, Value};
use std::cmp::Ordering;
use support::{FLOATS, INTEGERS, STRINGS};

fn key(rng: &mut Rng) -> Key {
    match rng.u8(0..10) {
        0 => Key::Nil,
        1 => Key::Boolean(rng.bool()),
        2..5 => Key::Integer(support::integer(rng)),
        5..8 => Key::Float(support::float(rng)),
        8 => Key::String(support::string(rng)),
        _ => Key::Object(rng.u64(..) >> rng.u32(0..64)),
    }
}

fn bytes(key: &Key) -> Vec<u8> {
    encode_tuple(std::slice::from_ref(key)).unwrap()
}

fn every_sample() -> Vec<Key> {
    let mut keys = vec![Key::Nil, Key::Boolean(false), Key::Boolean(true)];
    keys.extend(INTEGERS.iter().map(|&integer| Key::Integer(integer)));
    keys.extend(FLOATS.iter().map(|&float| Key::Float(float)));
    keys.extend(INTEGERS.iter().map(|&integer| Key::Float(integer as f64)));
    keys.extend(STRINGS.iter().map(|string| Key::String(string.to_vec())));
    keys.extend([Key::Object(0), Key::Object(256), Key::Object(u64::MAX)]);
    keys
}

/// What the key is in Lua, where it has an order there.
fn in_lua(lua: &Lua, key: &Key) -> Option<Value> {
    match key {
        Key::Integer(integer) => Some(Value::Integer(*integer)),
        Key::Float(float) => Some(Value::Number(*float)),
        Key::String(bytes) => lua.create_string(bytes).unwrap().into_lua(lua).ok(),
        _ => None,
    }
}

struct Oracle {
    lua: Lua,
    compare: Function,
}

impl Oracle {
    fn new() -> Self {
        let lua = Lua::new();
        let source = "local a, b = ... return a < b and -1 or a == b and 0 or 1";
        let compare = lua.load(source).into_function().unwrap();
        Self { lua, compare }
    }

    fn order(&self, a: &Key, b: &Key) -> Option<Ordering> {
        let both_numbers_or_strings = matches!(a, Key::String(_)) == matches!(b, Key::String(_));
        let (a, b) = (in_lua(&self.lua, a)?, in_lua(&self.lua, b)?);
        both_numbers_or_strings.then(|| self.compare.call::<i64>((a, b)).unwrap().cmp(&0))
    }
}

#[test]
fn byte_order_is_the_order_of_lua() {
    let oracle = Oracle::new();
    let mut keys = every_sample();
    let mut rng = Rng::with_seed(1);
    keys.extend((0..150).map(|_| key(&mut rng)));
    let mut asked = 0;
    for a in &keys {
        for b in &keys {
            let order = bytes(a).cmp(&bytes(b));
            assert_eq!(order, a.compare(b), "{a:?} {b:?}");
            if let Some(expected) = oracle.order(a, b) {
                assert_eq!(order, expected, "{a:?} {b:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 10_000, "{asked}");
}

#[test]
fn kinds_follow_each_other() {
    let ascending = [
        Key::Nil,
        Key::Boolean(false),
        Key::Boolean(true),
        Key::Float(f64::NEG_INFINITY),
        Key::Integer(i64::MIN),
        Key::Float(-0.5),
        Key::Integer(0),
        Key::Float(5e-324),
        Key::Integer(i64::MAX),
        Key::Float(f64::INFINITY),
        Key::String(vec![]),
        Key::String(vec![0xff; 9]),
        Key::Object(0),
    ];
    for pair in ascending.windows(2) {
        assert!(bytes(&pair[0]) < bytes(&pair[1]), "{pair:?}");
        assert!(pair[0].compare(&pair[1]).is_lt(), "{pair:?}");
    }
}

#[test]
fn every_key_comes_back_normalised() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..20_000 {
        let key = key(&mut rng);
        let expected = match key {
            Key::Float(float)
                if float.fract() == 0.0 && (-2f64.powi(63)..2f64.powi(63)).contains(&float) =>
            {
                Key::Integer(float as i64)
            }
            ref key => key.clone(),
        };
        assert_eq!(decode_tuple(&bytes(&key)).unwrap(), [expected]);
    }
}

#[test]
fn tuples_compare_element_by_element() {
    let mut rng = Rng::with_seed(3);
    let samples = every_sample();
    let tuple = |rng: &mut Rng| -> Vec<Key> {
        (0..rng.usize(..4)).map(|_| rng.choice(&samples).unwrap().clone()).collect()
    };
    for _ in 0..20_000 {
        let (a, b) = (tuple(&mut rng), tuple(&mut rng));
        let expected = a
            .iter()
            .zip(&b)
            .map(|(a, b)| a.compare(b))
            .find(|order| order.is_ne())
            .unwrap_or(a.len().cmp(&b.len()));
        let (a_bytes, b_bytes) = (encode_tuple(&a).unwrap(), encode_tuple(&b).unwrap());
        assert_eq!(a_bytes.cmp(&b_bytes), expected, "{a:?} {b:?}");

        let mut end = a_bytes.clone();
        push_tuple_end(&mut end);
        let begins = b.len() >= a.len() && a.iter().zip(&b).all(|(a, b)| a.compare(b).is_eq());
        assert_eq!((a_bytes <= b_bytes && b_bytes < end), begins, "{a:?} {b:?}");
    }
}

#[test]
fn every_tuple_has_one_encoding() {
    let mut rng = Rng::with_seed(4);
    let mut accepted = 0;
    for _ in 0..100_000 {
        let mut encoded = encode_tuple(&[key(&mut rng), key(&mut rng)]).unwrap();
        support::mutate(&mut rng, &mut encoded);
        match decode_tuple(&encoded) {
            Ok(keys) => {
                accepted += 1;
                let again: Vec<u8> = keys
                    .iter()
                    .flat_map(|key| {
                        let mut out = Vec::new();
                        key.encode(&mut out).unwrap();
                        out
                    })
                    .collect();
                assert_eq!(again, encoded, "{keys:?}");
            }
            Err(error) => assert!(error.position().unwrap() <= encoded.len(), "{error}"),
        }
    }
    assert!(accepted > 10_000, "{accepted}");
}

#[test]
fn bad_keys_are_named() {
    assert!(encode_tuple(&[Key::Float(f64::NAN)]).unwrap_err().is_not_a_key());
    let long = encode_tuple(&[Key::String(vec![b'a'; 1024])]).unwrap_err();
    assert!(long.is_limit());
    assert_eq!(long.to_string(), "too large: a key, in bytes (at most 1024)");
    for malformed in [
        &[0x00][..],
        &[0x19, 0x00],
        &[0x17, 0xff],
        &[0x20, 0xff, 0, 0, 0, 0, 0, 0, 0],
        &[0x10, 0x00, 0, 0, 0, 0, 0, 0, 0],
        &[0x0f, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0x21, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0x21, 0xff, 0xf8, 0, 0, 0, 0, 0, 0],
        &[0x18, 0xfe, 0xbf, 0xf8, 0, 0, 0, 0, 0, 0],
        &[0x18, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0],
    ] {
        assert!(decode_tuple(malformed).unwrap_err().is_malformed(), "{malformed:x?}");
    }
    for cut in [&[0x1a, 1][..], &[0x30, b'a'], &[0x38, 0, 0], &[0x18, 0xfe, 0xbf], &[0x21, 0xff]] {
        let error = decode_tuple(cut).unwrap_err();
        assert!(error.is_truncated(), "{cut:x?}");
        assert_eq!(error.position(), Some(cut.len()));
    }
    let second = decode_tuple(&[0x02, 0x02, 0x19, 0x00]).unwrap_err();
    assert_eq!(second.position(), Some(2));
}
