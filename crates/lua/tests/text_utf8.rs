//! UTF-8 primitives: random byte strings compared with PUC-Rio.

mod oracle_text;

use fastrand::Rng;
use lua::text::TextError;
use lua::text::utf8::{
    CHAR_PATTERN, Length, Validity, check_codes, codepoints, decode, encode, len, next_code, offset,
};
use oracle_text::{Oracle, Plain, message};

fn check(
    ours: Result<Vec<Plain>, TextError>,
    theirs: Result<Vec<Plain>, Vec<u8>>,
    function: &str,
    case: &str,
) {
    let ours = ours
        .map_err(|error| message(&error, &format!("utf8.{function}")).escape_ascii().to_string());
    let theirs = theirs.map_err(|message| message.escape_ascii().to_string());
    assert_eq!(ours, theirs, "{function}: {case}");
}

fn random_bytes(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..rng.usize(..8) {
        match rng.u8(..8) {
            0 => bytes.push(rng.u8(..)),
            1 => bytes.push(rng.u8(0x80..)),
            2 => bytes.extend(encode(rng.i64(0..1 << 31)).expect("in range").as_bytes()),
            3 => bytes.extend(encode(rng.i64(0xD700..0xE100)).expect("in range").as_bytes()),
            _ => bytes.extend(encode(1 << rng.u8(..31)).expect("in range").as_bytes()),
        }
    }
    if rng.u8(..4) == 0 && !bytes.is_empty() {
        let at = rng.usize(..bytes.len());
        bytes[at] = rng.u8(..);
    }
    bytes
}

fn validity(is_lax: bool) -> Validity {
    if is_lax { Validity::Lax } else { Validity::Strict }
}

#[test]
fn every_boundary_encodes_and_decodes() {
    let oracle = Oracle::new();
    let their_char = oracle.function("utf8.char");
    let edges = [0, 0x7F, 0x7FF, 0xFFFF, 0x1F_FFFF, 0x3FF_FFFF, 0x7FFF_FFFF];
    for code in edges.into_iter().flat_map(|edge: i64| edge - 1..=edge + 1) {
        let theirs = oracle.call(&their_char, code);
        match encode(code) {
            Some(sequence) => {
                assert_eq!(theirs, Ok(vec![Plain::bytes(sequence.as_bytes())]));
                let size = sequence.as_bytes().len();
                assert_eq!(decode(sequence.as_bytes(), Validity::Lax), Some((code as u32, size)));
                assert_eq!(decode(&sequence.as_bytes()[1..], Validity::Lax), None);
            }
            None => {
                let expected = &b"bad argument #1 to 'utf8.char' (value out of range)"[..];
                assert_eq!(theirs, Err(expected.to_vec()));
            }
        }
    }
    assert_eq!(oracle.eval::<mlua::String>("return utf8.charpattern").as_bytes(), CHAR_PATTERN);
}

#[test]
fn random_strings_have_the_lengths_and_codes_of_puc_rio() {
    let oracle = Oracle::new();
    let their_len = oracle.function("utf8.len");
    let their_codepoint = oracle.function("utf8.codepoint");
    let mut rng = Rng::with_seed(0x5eed_0101);
    for _ in 0..6_000 {
        let bytes = random_bytes(&mut rng);
        let range = bytes.len() as i64 + 2;
        let (first, last, is_lax) = (rng.i64(-range..=range), rng.i64(-range..=range), rng.bool());
        let case = format!("{} {first} {last} {is_lax}", bytes.escape_ascii());
        let subject = oracle.string(&bytes);
        let ours = len(&bytes, first, last, validity(is_lax)).map(|found| match found {
            Length::Count(count) => vec![Plain::Integer(count as i64)],
            Length::Invalid(position) => vec![Plain::Nil, Plain::Integer(position as i64)],
        });
        let theirs = oracle.call(&their_len, (&subject, first, last, is_lax));
        check(ours, theirs, "len", &case);
        let last = rng.bool().then_some(last);
        let ours = codepoints(&bytes, first, last, validity(is_lax)).and_then(|codes| {
            codes.map(|code| code.map(|code| Plain::Integer(i64::from(code)))).collect()
        });
        let theirs = oracle.call(&their_codepoint, (&subject, first, last, is_lax));
        check(ours, theirs, "codepoint", &case);
    }
}

#[test]
fn random_strings_have_the_offsets_of_puc_rio() {
    let oracle = Oracle::new();
    let their_offset = oracle.function("utf8.offset");
    let mut rng = Rng::with_seed(0x5eed_0102);
    for _ in 0..6_000 {
        let bytes = random_bytes(&mut rng);
        let range = bytes.len() as i64 + 2;
        let n = match rng.u8(..20) {
            0 => i64::MIN,
            1 => i64::MAX,
            _ => rng.i64(-range..=range),
        };
        let position = rng.bool().then(|| rng.i64(-range..=range));
        let ours = offset(&bytes, n, position).map(|found| {
            vec![found.map_or(Plain::Nil, |position| Plain::Integer(position as i64))]
        });
        let theirs = oracle.call(&their_offset, (oracle.string(&bytes), n, position));
        check(ours, theirs, "offset", &format!("{} {n} {position:?}", bytes.escape_ascii()));
    }
}

#[test]
fn iteration_over_codes_goes_as_in_puc_rio() {
    let oracle = Oracle::new();
    let start = oracle.function("utf8.codes");
    let step = oracle.function("(function(s, i, lax) return utf8.codes('', lax)(s, i) end)");
    let mut rng = Rng::with_seed(0x5eed_0103);
    for _ in 0..6_000 {
        let bytes = random_bytes(&mut rng);
        let subject = oracle.string(&bytes);
        let theirs = oracle.call(&start, &subject).map(|_| vec![]);
        check(check_codes(&bytes).map(|()| vec![]), theirs, "codes", "start");
        let is_lax = rng.bool();
        let previous = rng.i64(-2..bytes.len() as i64 + 3);
        let ours = next_code(&bytes, previous, validity(is_lax)).map(|found| match found {
            Some((at, code)) => vec![Plain::Integer(at as i64), Plain::Integer(i64::from(code))],
            None => vec![],
        });
        let theirs = oracle.call(&step, (&subject, previous, is_lax));
        check(ours, theirs, "codes", &format!("{} {previous} {is_lax}", bytes.escape_ascii()));
    }
}
