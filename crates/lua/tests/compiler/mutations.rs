//! Damaged programs: both compilers must agree whether they are programs still, and on the words.

use super::oracle::{compare, corpus, rounds};
use mlua::Lua;

/// What a mutation may put in: every token, and what belongs to none.
const PIECES: [&str; 84] = [
    "and",
    "break",
    "do",
    "else",
    "elseif",
    "end",
    "false",
    "for",
    "function",
    "goto",
    "if",
    "in",
    "local",
    "nil",
    "not",
    "or",
    "repeat",
    "return",
    "then",
    "true",
    "until",
    "while",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "#",
    "&",
    "~",
    "|",
    "<<",
    ">>",
    "//",
    "==",
    "~=",
    "<=",
    ">=",
    "<",
    ">",
    "=",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "::",
    ";",
    ":",
    ",",
    ".",
    "..",
    "...",
    "a",
    "x",
    "t",
    "f()",
    "_ENV",
    "self",
    "1",
    "0",
    "1.5",
    "300",
    "1e300",
    "'s'",
    "[[l]]",
    "<const>",
    "<close>",
    "local x <const> = 1",
    "goto out",
    "::out::",
    "break",
    "\n",
    "--",
    "--[[",
    "]]",
    "\\",
    "\0",
    "\u{e9}",
    "\"",
    "'",
    "$",
];

fn text(source: &[u8]) -> String {
    String::from_utf8_lossy(source).into_owned()
}

/// Splits a source into words, spaces and single symbols.
fn pieces(source: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let length = match first {
            ' ' => rest.find(|c| c != ' '),
            _ if is_word(first) => rest.find(|c| !is_word(c)),
            _ => Some(first.len_utf8()),
        };
        let (piece, tail) = rest.split_at(length.unwrap_or(rest.len()));
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

fn mutate<'s>(random: &mut fastrand::Rng, pieces: &[&'s str]) -> Vec<&'s str> {
    // A window of the source keeps single runs short and makes the rest end early.
    let start = if random.bool() { 0 } else { random.usize(0..pieces.len()) };
    let length = random.usize(1..400).min(pieces.len() - start);
    let mut mutated = pieces[start..start + length].to_vec();
    for _ in 0..random.usize(0..4) {
        let at = random.usize(0..mutated.len());
        match random.u8(0..5) {
            0 if mutated.len() > 1 => drop(mutated.remove(at)),
            1 => mutated.insert(at, random.choice(PIECES).unwrap()),
            2 => mutated[at] = random.choice(PIECES).unwrap(),
            3 => mutated[at] = pieces[random.usize(0..pieces.len())],
            _ => {
                let other = random.usize(0..mutated.len());
                mutated.swap(at, other);
            }
        }
    }
    mutated
}

/// More rounds can be asked for in `LUA_MUTATIONS`.
#[test]
fn damaged_programs() {
    let lua = Lua::new();
    let rounds = rounds(4000);
    let sources: Vec<_> = corpus().into_iter().map(|(_, source)| text(&source)).collect();
    let split: Vec<_> = sources.iter().map(|source| pieces(source)).collect();
    let mut accepted = 0;
    for seed in 0..rounds {
        let mut random = fastrand::Rng::with_seed(seed);
        let source = &split[random.usize(0..split.len())];
        let mutated = mutate(&mut random, source).concat();
        if let Err(difference) = compare(&lua, mutated.as_bytes(), "=mutated") {
            panic!("seed {seed}:\n{mutated}\n{difference}");
        }
        accepted += u64::from(lua::compiler::compile(mutated.as_bytes(), b"=mutated").is_ok());
    }
    assert!(accepted > rounds / 50 && accepted < rounds, "{accepted} of {rounds} accepted");
}
