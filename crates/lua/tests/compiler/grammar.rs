//! Programs made by walking Lua's grammar at random: most are valid, all are strange.

use super::oracle::compare;
use mlua::Lua;

const NAMES: [&str; 8] = ["a", "b", "c", "d", "t", "f", "g", "_ENV"];
const LITERALS: [&str; 24] = [
    "nil",
    "true",
    "false",
    "0",
    "1",
    "2",
    "127",
    "128",
    "-1",
    "255",
    "256",
    "65536",
    "0.5",
    "2.0",
    "300.0",
    "1e300",
    "0x7fffffffffffffff",
    "'s'",
    "''",
    "'a key of more than forty bytes, as it is'",
    "...",
    "{}",
    "[[x]]",
    "1e15",
];
const BINARY: [&str; 21] = [
    "+", "-", "*", "/", "//", "%", "^", "&", "|", "~", "<<", ">>", "..", "==", "~=", "<", "<=",
    ">", ">=", "and", "or",
];
const UNARY: [&str; 4] = ["-", "not ", "#", "~"];
const ATTRIBUTES: [&str; 6] = ["", "", "", "", " <const>", " <close>"];

struct Writer {
    random: fastrand::Rng,
    text: String,
    /// Statements and expressions that may still be written.
    budget: u32,
    depth: u32,
}

impl Writer {
    fn pick<'s>(&mut self, choices: &[&'s str]) -> &'s str {
        choices[self.random.usize(0..choices.len())]
    }

    fn put(&mut self, text: &str) {
        self.text += text;
        // Line ends at random places make line information worth comparing.
        self.text.push(if self.random.u8(0..12) == 0 { '\n' } else { ' ' });
    }

    fn name(&mut self) {
        let name = self.pick(&NAMES);
        self.put(name);
    }

    fn list(&mut self, count_max: u8, item: impl Fn(&mut Self)) {
        for index in 0..self.random.u8(1..=count_max) {
            if index > 0 {
                self.put(",");
            }
            item(self);
        }
    }

    fn expression(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 || self.depth > 12 {
            let literal = self.pick(&LITERALS);
            return self.put(literal);
        }
        self.depth += 1;
        match self.random.u8(0..16) {
            0..=3 => {
                let literal = self.pick(&LITERALS);
                self.put(literal);
            }
            4 => {
                let operator = self.pick(&UNARY);
                self.put(operator);
                self.expression();
            }
            5..=9 => {
                self.expression();
                let operator = self.pick(&BINARY);
                self.put(operator);
                self.expression();
            }
            10 => self.function(""),
            11 => self.table(),
            _ => self.suffixed(),
        }
        self.depth -= 1;
    }

    fn table(&mut self) {
        self.put("{");
        for _ in 0..self.random.u8(0..5) {
            match self.random.u8(0..4) {
                0 => {
                    self.name();
                    self.put("=");
                }
                1 => {
                    self.put("[");
                    self.expression();
                    self.put("] =");
                }
                _ => {}
            }
            self.expression();
            self.put(",");
        }
        self.put("}");
    }

    fn suffixed(&mut self) {
        if self.random.u8(0..4) == 0 {
            self.put("(");
            self.expression();
            self.put(")");
        } else {
            self.name();
        }
        for _ in 0..self.random.u8(0..3) {
            self.suffix();
        }
    }

    fn suffix(&mut self) {
        match self.random.u8(0..5) {
            0 => {
                self.put(".");
                self.name();
            }
            1 => {
                self.put("[");
                self.expression();
                self.put("]");
            }
            2 => {
                self.put(":");
                self.name();
                self.arguments();
            }
            _ => self.arguments(),
        }
    }

    fn arguments(&mut self) {
        self.put("(");
        if self.random.bool() {
            self.list(3, Self::expression);
        }
        self.put(")");
    }

    fn function(&mut self, name: &str) {
        let parameters = self.pick(&["()", "(a)", "(...)", "(a, b, ...)", "(t, _ENV)"]);
        self.put("function");
        self.put(name);
        self.put(parameters);
        self.block();
        self.put("end");
    }

    fn block(&mut self) {
        self.depth += 1;
        let count = if self.depth > 8 { 1 } else { self.random.u8(0..5) };
        for _ in 0..count {
            self.statement();
        }
        if self.random.u8(0..6) == 0 {
            let last = self.pick(&["return", "return a", "return f()", "return a, ...", "break"]);
            self.put(last);
        }
        self.depth -= 1;
    }

    fn statement(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        if self.budget == 0 || self.depth > 9 {
            return self.put("f()");
        }
        match self.random.u8(0..20) {
            0..=3 => self.local(),
            4..=6 => {
                self.list(3, Self::suffixed);
                self.put("=");
                self.list(3, Self::expression);
            }
            7 | 8 => {
                self.suffixed();
                self.arguments();
            }
            9 | 10 => self.conditional(),
            11 | 12 => self.looping(),
            13 => {
                self.put("do");
                self.block();
                self.put("end");
            }
            14 | 15 => {
                let jump = self.pick(&["goto l1", "goto l2", "::l1::", "::l2::", "::l1:: ;"]);
                self.put(jump);
            }
            16 => {
                self.put("local");
                self.function("f");
            }
            17 => {
                let name = self.pick(&["f", "t.f", "t:m", "a.b.c", "a"]);
                self.function(name);
            }
            _ => self.put("; "),
        }
    }

    fn local(&mut self) {
        self.put("local");
        self.list(3, |writer| {
            writer.name();
            let attribute = writer.pick(&ATTRIBUTES);
            writer.put(attribute);
        });
        if self.random.u8(0..4) > 0 {
            self.put("=");
            self.list(3, Self::expression);
        }
    }

    fn conditional(&mut self) {
        self.put("if");
        self.expression();
        self.put("then");
        for _ in 0..self.random.u8(0..3) {
            self.block();
            self.put("elseif");
            self.expression();
            self.put("then");
        }
        self.block();
        if self.random.bool() {
            self.put("else");
            self.block();
        }
        self.put("end");
    }

    fn looping(&mut self) {
        match self.random.u8(0..4) {
            0 => {
                self.put("while");
                self.expression();
                self.put("do");
                self.block();
            }
            1 => {
                self.put("repeat");
                self.block();
                self.put("until");
                return self.expression();
            }
            2 => {
                self.put("for a =");
                self.expression();
                self.put(",");
                self.list(2, Self::expression);
                self.put("do");
                self.block();
            }
            _ => {
                self.put("for");
                self.list(3, Self::name);
                self.put("in");
                self.list(3, Self::expression);
                self.put("do");
                self.block();
            }
        }
        self.put("end");
    }
}

/// More programs can be asked for in `LUA_MUTATIONS`.
#[test]
fn random_programs() {
    let lua = Lua::new();
    let rounds = super::oracle::rounds(3000);
    let mut accepted = 0;
    for seed in 0..rounds {
        let random = fastrand::Rng::with_seed(seed);
        let mut writer = Writer { random, text: String::new(), budget: 60, depth: 0 };
        for _ in 0..writer.random.u8(1..6) {
            writer.statement();
        }
        if let Err(difference) = compare(&lua, writer.text.as_bytes(), "=random") {
            panic!("seed {seed}:\n{}\n{difference}", writer.text);
        }
        accepted += u64::from(lua::compiler::compile(writer.text.as_bytes(), b"=x").is_ok());
    }
    assert!(accepted > rounds / 5 && accepted < rounds, "{accepted} of {rounds} accepted");
}
