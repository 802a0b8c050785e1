//! Programs with a few tokens changed: most do not compile, and the messages are compared.

use super::program;
use fastrand::Rng;

/// Tokens that are put where they may not belong.
const TOKENS: &[&str] = &[
    "end",
    "then",
    "do",
    "until",
    "else",
    "elseif",
    "function",
    "local",
    "return",
    "break",
    "goto",
    "::",
    "if",
    "for",
    "while",
    "repeat",
    "in",
    "and",
    "or",
    "not",
    "nil",
    "true",
    "...",
    "..",
    ".",
    ",",
    ";",
    ":",
    "=",
    "==",
    "~=",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "+",
    "-",
    "#",
    "~",
    "//",
    "<<",
    "<",
    ">",
    "<const>",
    "<close>",
    "x",
    "A",
    "1",
    "0x",
    "1e",
    "3..2",
    "'a'",
    "'a",
    "\"",
    "[[",
    "]]",
    "--[[",
    "--",
    "\\",
    "$",
    "!",
    "`",
    "\n",
    "::l::",
    "goto l",
    "'\\400'",
    "'\\u{}'",
    "'\\xg'",
    "1 .. 2",
    "0xep1",
    "..5",
    "local x <const> = 1 x = 2",
    "break;",
];

/// A piece of a random program with a few tokens removed, doubled, exchanged or inserted.
///
/// ```
/// assert_eq!(testkit::program::mutant(7), testkit::program::mutant(7));
/// ```
pub fn mutant(seed: u64) -> String {
    let mut rng = Rng::with_seed(seed);
    let whole = program(rng.u64(..), 1);
    // The prelude is the same in all programs; what follows it differs.
    let begin = whole.find("\nP(1, ").map_or(0, |at| at + 1);
    let mut tokens = tokens(&whole[begin..]);
    for _ in 0..rng.usize(1..4) {
        let (at, other) = (rng.usize(..tokens.len()), rng.usize(..tokens.len()));
        match rng.u8(..5) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[other]),
            2 => tokens.swap(at, other),
            3 => tokens[at] = TOKENS[rng.usize(..TOKENS.len())],
            _ => tokens.insert(at, TOKENS[rng.usize(..TOKENS.len())]),
        }
        if tokens.is_empty() {
            break;
        }
    }
    tokens.concat()
}

/// Splits into words, numbers, spaces and single other characters; good enough to be changed.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => 1,
        ' ' | '\n' => 2,
        _ => 0,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut previous = 0;
    for (at, c) in text.char_indices() {
        if at > start && (kind(c) != previous || kind(c) == 0) {
            tokens.push(&text[start..at]);
            start = at;
        }
        previous = kind(c);
    }
    tokens.push(&text[start..]);
    tokens
}
