//! Pieces of Lua with holes, each about one feature, filled with random expressions.

use super::expression::{COST_MAX, Generator, Kind};

/// Separates the pieces of one file.
const SEPARATOR: &str = "\n---\n";

const FILES: &[&str] = &[
    include_str!("snippets/language.lua"),
    include_str!("snippets/metatables.lua"),
    include_str!("snippets/coroutines.lua"),
    include_str!("snippets/errors.lua"),
    include_str!("snippets/strings.lua"),
    include_str!("snippets/tables.lua"),
    include_str!("snippets/numbers.lua"),
    include_str!("snippets/system.lua"),
];

/// The pieces of a file. The text before the first separator says what the file is for.
fn pieces(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.split(SEPARATOR).skip(1)
}

#[cfg(test)]
fn all() -> impl Iterator<Item = &'static str> {
    FILES.iter().flat_map(|file| pieces(file))
}

impl Generator {
    /// Some pieces, each in its own block.
    pub fn snippets(&mut self) {
        for _ in 0..self.rng.u32(1..4) {
            self.one_snippet();
        }
    }

    pub fn one_snippet(&mut self) {
        if self.repeats > 4 {
            return self.line("P(\"again\")");
        }
        let file = FILES[self.rng.usize(..FILES.len())];
        let pieces: Vec<&str> = pieces(file).collect();
        let piece = pieces[self.rng.usize(..pieces.len())];
        // A stack overflow fills a million slots; what does that is not called again.
        let slow = piece.contains("overflow()");
        self.cost += self.repeats * if slow { COST_MAX } else { 100 };
        let varargs = std::mem::replace(&mut self.varargs, false);
        self.line("do");
        for line in piece.lines() {
            let filled = self.fill(line);
            self.line(&format!("  {filled}"));
        }
        self.line("end");
        self.varargs = varargs;
    }

    /// Replaces every `@x` by an expression of the kind that the letter names.
    fn fill(&mut self, line: &str) -> String {
        let mut parts = line.split('@');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let mut letters = part.chars();
            let value = match letters.next() {
                Some('i') => self.expression(Kind::Integer, 2),
                Some('n') => self.expression(Kind::Number, 2),
                Some('s') => self.expression(Kind::String, 2),
                Some('b') => self.expression(Kind::Boolean, 1),
                Some('a') => {
                    format!("{{table.unpack({}, 1, 8)}}", self.expression(Kind::Integers, 2))
                }
                Some('w') => {
                    format!("{{table.unpack({}, 1, 8)}}", self.expression(Kind::Strings, 2))
                }
                Some('v') => self.any(1),
                Some('k') => self.small(),
                Some('d') => self.rng.i32(-4..7).to_string(),
                Some('p') => self.pattern(),
                Some('f') => self.format(),
                Some('z') => self.packing(),
                Some('o') => self.pick(&["+", "-", "*", "/", "//", "%", "^"]).to_owned(),
                Some('c') => self.pick(&["<", "<=", ">", ">=", "==", "~="]).to_owned(),
                Some('q') => self.pick(&["&", "|", "~", "<<", ">>"]).to_owned(),
                other => unreachable!("a piece of Lua has the hole {other:?}: {line}"),
            };
            text.push_str(&value);
            text.push_str(letters.as_str());
        }
        text
    }

    /// A pattern, most of them valid.
    fn pattern(&mut self) -> String {
        let mut text = String::new();
        if self.chance(15) {
            text.push('^');
        }
        for _ in 0..self.rng.u32(1..5) {
            let piece = self.pick(&[
                "a", "o", ".", "%a", "%d", "%s", "%w", "%l", "%u", "%p", "%x", "[a-f]", "[^o]",
                "[%w_]", "%A", "%S", "l", "(%w)", "(.)", "()", "(l+)", "%f[%w]", "%f[%W]", "%b()",
                "%1", "%.", "[]]", "[%a-]", "[^%s]", "%c", "%g", "\\0", "%z", "(", "[a", "%",
                "(a*)", "(%a+)", "[%d-%a]",
            ]);
            text.push_str(piece);
            if !piece.ends_with(')') || self.chance(5) {
                text.push_str(self.pick(&["", "", "", "*", "+", "-", "?"]));
            }
        }
        if self.chance(15) {
            text.push('$');
        }
        format!("\"{}\"", text)
    }

    /// A conversion for `string.format`, valid or not.
    fn format(&mut self) -> String {
        let flags = self.pick(&["", "", "", "-", "+", " ", "#", "0", "-+", "+0"]);
        let width = self.pick(&["", "", "1", "5", "12", "20", "99", "100"]);
        let precision = self.pick(&["", "", ".", ".0", ".3", ".10", ".99"]);
        let conversion = self.pick(&[
            "d", "d", "i", "u", "c", "x", "X", "o", "e", "E", "f", "g", "G", "a", "A", "s", "q",
            "y",
        ]);
        format!("\"[%{flags}{width}{precision}{conversion}]\"")
    }

    /// A format for `string.pack`, valid or not.
    fn packing(&mut self) -> String {
        let order = self.pick(&["", "<", ">", "=", "!4", "<!", ">!2"]);
        let item = self.pick(&[
            "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "i1", "i3", "I5", "i8", "I16",
            "i16", "f", "d", "n", "i17", "I0",
        ]);
        let after = self.pick(&["", "", "x", "xx", "Xi4", "Xd", " "]);
        format!("\"{order}{item}{after}\"")
    }
}

#[cfg(test)]
mod unit {
    #[test]
    fn pieces_are_found_and_small() {
        let pieces: Vec<&str> = super::all().collect();
        assert!(pieces.len() > 120, "{}", pieces.len());
        for piece in pieces {
            assert!(!piece.trim().is_empty());
            assert!(piece.lines().count() < 25, "{piece}");
        }
    }
}
