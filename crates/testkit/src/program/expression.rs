//! Expressions of a known kind, from random choices.

use fastrand::Rng;

/// What an expression is known to give. Kinds keep most programs free of errors; misuse is
/// generated on purpose elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Number,
    String,
    Boolean,
    /// A sequence of integers without holes.
    Integers,
    /// A sequence of strings without holes.
    Strings,
}

/// A variable in scope.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub name: String,
    pub kind: Kind,
    pub assignable: bool,
}

/// A local function in scope.
#[derive(Clone, Debug)]
pub(super) struct Routine {
    pub name: String,
    pub parameters: Vec<Kind>,
    pub result: Kind,
    /// Upper bound of the statements that one call runs.
    pub cost: u64,
}

pub(super) struct Generator {
    pub rng: Rng,
    pub variables: Vec<Variable>,
    pub routines: Vec<Routine>,
    pub names: u32,
    pub out: String,
    pub indent: usize,
    /// How often the present statement runs per call of its function, and what one call costs.
    pub repeats: u64,
    pub cost: u64,
    /// The depth of loops and whether the function takes varargs.
    pub loops: u32,
    pub varargs: bool,
}

/// Statements that one call, or one section, may run.
pub(super) const COST_MAX: u64 = 3_000;

const INTEGERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "10",
    "255",
    "0x7fffffff",
    "0xff",
    "(1 << 31)",
    "(1 << 53)",
    "((1 << 53) + 1)",
    "math.maxinteger",
    "math.mininteger",
    "9223372036854775807",
    "0xffffffffffffffff",
    "(-9223372036854775807 - 1)",
    "0xA0b",
    "1000000007",
];

const FLOATS: &[&str] = &[
    "0.0",
    "-0.0",
    "0.1",
    "1.0",
    "3.",
    ".5",
    "1e2",
    "1e-3",
    "1e15",
    "1e16",
    "1e100",
    "2^53",
    "2^63",
    "-2^63",
    "0x1p4",
    "0xA.8p0",
    "0x.1p-3",
    "9223372036854775808",
    "1e308",
    "5e-324",
    "math.pi",
    "math.huge",
    "-math.huge",
    "123456.789e3",
];

const STRINGS: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#"'single'"#,
    r#""hello world""#,
    r#""10""#,
    r#""0x10""#,
    r#"" 5 ""#,
    r#""1e1""#,
    r#""a\0b""#,
    r#""\x41\65\u{48}\z
    tail""#,
    r#""\u{20AC}\u{7FFFFFFF}""#,
    r#""line\nnext\ttab""#,
    r#""quote\"'\\""#,
    "[[long]]",
    "[==[\nlong ]] string]==]",
    r#""key=value; k2 = v2""#,
    r#""The quick brown fox""#,
    r#""\255\254""#,
    r#""caf\u{e9}""#,
    r#""%d %s %%""#,
];

impl Generator {
    pub fn new(seed: u64) -> Self {
        let variable =
            |name: &str, kind, assignable| Variable { name: name.to_owned(), kind, assignable };
        Self {
            rng: Rng::with_seed(seed),
            variables: vec![
                variable("A", Kind::Integer, true),
                variable("B", Kind::Integer, true),
                variable("C", Kind::Integer, false),
                variable("X", Kind::Number, true),
                variable("Y", Kind::Number, false),
                variable("S1", Kind::String, true),
                variable("S2", Kind::String, true),
                variable("T1", Kind::Integers, true),
                variable("T2", Kind::Strings, true),
            ],
            routines: Vec::new(),
            names: 0,
            out: String::new(),
            indent: 0,
            repeats: 1,
            cost: 0,
            loops: 0,
            varargs: false,
        }
    }

    pub fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.rng.usize(..list.len())]
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    pub fn small(&mut self) -> String {
        self.rng.u32(..11).to_string()
    }

    /// An expression of the kind, at most `depth` operators deep.
    pub fn expression(&mut self, kind: Kind, depth: u32) -> String {
        if depth > 0
            && self.chance(15)
            && let Some(call) = self.call(kind, depth)
        {
            return call;
        }
        if depth == 0 || self.chance(20) {
            return self.leaf(kind);
        }
        match kind {
            Kind::Integer => self.integer(depth - 1),
            Kind::Number => self.number(depth - 1),
            Kind::String => self.string(depth - 1),
            Kind::Boolean => self.boolean(depth - 1),
            Kind::Integers => self.integers(depth - 1),
            Kind::Strings => self.strings(depth - 1),
        }
    }

    /// A value of any kind, nil and functions among them.
    pub fn any(&mut self, depth: u32) -> String {
        match self.rng.u32(..12) {
            0 => "nil".to_owned(),
            1 => "print".to_owned(),
            2 => format!("{{{}, k = {}}}", self.any(0), self.any(0)),
            3 => self.expression(Kind::Integers, depth),
            4 => self.expression(Kind::Strings, depth),
            5 | 6 => self.expression(Kind::Boolean, depth),
            7 => self.expression(Kind::Number, depth),
            8 | 9 => self.expression(Kind::Integer, depth),
            _ => self.expression(Kind::String, depth),
        }
    }

    pub fn kind(&mut self) -> Kind {
        match self.rng.u32(..10) {
            0..3 => Kind::Integer,
            3..5 => Kind::Number,
            5..7 => Kind::String,
            7 => Kind::Boolean,
            8 => Kind::Integers,
            _ => Kind::Strings,
        }
    }

    /// The name of a visible variable of the kind; one that is shadowed is not visible.
    pub fn variable(&mut self, kind: Kind, assignable: bool) -> Option<String> {
        let fits = |index: usize, list: &[Variable]| {
            let variable = &list[index];
            variable.kind == kind
                && (variable.assignable || !assignable)
                && !list[index + 1..].iter().any(|later| later.name == variable.name)
        };
        let list = &self.variables;
        let found: Vec<usize> = (0..list.len()).filter(|&index| fits(index, list)).collect();
        let index = *self.rng.choice(&found)?;
        Some(self.variables[index].name.clone())
    }

    fn leaf(&mut self, kind: Kind) -> String {
        if self.chance(60)
            && let Some(name) = self.variable(kind, false)
        {
            return name;
        }
        match kind {
            Kind::Integer if self.chance(60) => self.small(),
            Kind::Integer => self.pick(INTEGERS).to_owned(),
            Kind::Number if self.chance(30) => self.leaf(Kind::Integer),
            Kind::Number => self.pick(FLOATS).to_owned(),
            Kind::String => self.pick(STRINGS).to_owned(),
            Kind::Boolean => self.pick(&["true", "false"]).to_owned(),
            Kind::Integers => {
                let count = self.rng.usize(..5);
                let items: Vec<String> = (0..count).map(|_| self.leaf(Kind::Integer)).collect();
                format!("{{{}}}", items.join(", "))
            }
            Kind::Strings => {
                let count = self.rng.usize(..4);
                let items: Vec<String> = (0..count).map(|_| self.leaf(Kind::String)).collect();
                format!("{{{}}}", items.join("; "))
            }
        }
    }

    fn call(&mut self, kind: Kind, depth: u32) -> Option<String> {
        let room = COST_MAX.saturating_sub(self.cost) / self.repeats.max(1);
        let fits = |routine: &&Routine| routine.result == kind && routine.cost < room;
        let found: Vec<Routine> = self.routines.iter().filter(fits).cloned().collect();
        let routine = self.rng.choice(&found)?.clone();
        self.cost += self.repeats * routine.cost;
        let arguments: Vec<String> =
            routine.parameters.iter().map(|&kind| self.expression(kind, depth - 1)).collect();
        let extra = if self.chance(20) { self.any(0) } else { String::new() };
        let comma = if extra.is_empty() || arguments.is_empty() { "" } else { ", " };
        Some(format!("{}({}{comma}{extra})", routine.name, arguments.join(", ")))
    }

    /// Puts parentheses around now and then; without them precedence decides.
    fn maybe_parens(&mut self, text: String) -> String {
        if self.chance(50) { format!("({text})") } else { text }
    }

    /// A divisor that is not zero, or, rarely, anything.
    fn divisor(&mut self, depth: u32) -> String {
        match self.rng.u32(..20) {
            0 => format!("({})", self.expression(Kind::Integer, depth)),
            1..10 => self.rng.u32(1..9).to_string(),
            10..15 => format!("-{}", self.rng.u32(1..9)),
            _ => format!("(({}) | 1)", self.expression(Kind::Integer, depth)),
        }
    }

    pub fn integer(&mut self, depth: u32) -> String {
        let text = match self.rng.u32(..20) {
            0..8 => {
                let operator = self.pick(&["+", "-", "*", "&", "|", "~", "<<", ">>", "+", "-"]);
                let left = self.expression(Kind::Integer, depth);
                let right = self.expression(Kind::Integer, depth);
                format!("{left} {operator} {right}")
            }
            8..11 => {
                let operator = self.pick(&["//", "%"]);
                let left = self.expression(Kind::Integer, depth);
                format!("{left} {operator} {}", self.divisor(depth))
            }
            11 => format!("-({})", self.expression(Kind::Integer, depth)),
            12 => format!("~({})", self.expression(Kind::Integer, depth)),
            13 => format!("#({})", self.expression(Kind::String, depth)),
            14 => format!("#({})", self.expression(Kind::Integers, depth)),
            15 => {
                let condition = self.expression(Kind::Boolean, depth);
                let yes = self.expression(Kind::Integer, depth);
                let no = self.expression(Kind::Integer, depth);
                return format!("(({condition}) and {yes} or {no})");
            }
            16 => {
                let name = self.pick(&["math.max", "math.min"]);
                let first = self.expression(Kind::Integer, depth);
                format!("{name}({first}, {})", self.expression(Kind::Integer, depth))
            }
            17 => format!("math.abs({})", self.expression(Kind::Integer, depth)),
            18 if self.varargs => "select('#', ...)".to_owned(),
            18 => format!("select('#', {}, {})", self.any(0), self.any(0)),
            _ => format!("string.len({})", self.expression(Kind::String, depth)),
        };
        self.maybe_parens(text)
    }

    pub fn number(&mut self, depth: u32) -> String {
        let text = match self.rng.u32(..14) {
            0..5 => {
                let operator = self.pick(&["+", "-", "*", "/"]);
                let left = self.expression(Kind::Number, depth);
                format!("{left} {operator} {}", self.expression(Kind::Number, depth))
            }
            5 => {
                let base = self.expression(Kind::Number, depth);
                format!("({base}) ^ {}", self.pick(&["2", "0", "-1", "0.5", "3"]))
            }
            6 | 7 => {
                let operator = self.pick(&["//", "%"]);
                let left = self.expression(Kind::Number, depth);
                format!("({left}) {operator} {}", self.pick(&["3", "0.7", "-2.5", "1e10", "-4"]))
            }
            8 => format!("- ({})", self.expression(Kind::Number, depth)),
            9 => format!("math.sqrt(math.abs({}))", self.expression(Kind::Number, depth)),
            10 => format!("(math.modf({}))", self.expression(Kind::Number, depth)),
            11 => format!("math.fmod({}, 3.5)", self.expression(Kind::Number, depth)),
            12 => {
                let name = self.pick(&["math.max", "math.min"]);
                let first = self.expression(Kind::Number, depth);
                format!("{name}({first}, {})", self.expression(Kind::Number, depth))
            }
            _ => self.expression(Kind::Integer, depth),
        };
        self.maybe_parens(text)
    }

    pub fn string(&mut self, depth: u32) -> String {
        let string = |generator: &mut Self| generator.expression(Kind::String, depth);
        match self.rng.u32(..17) {
            0..3 => {
                let left = string(self);
                let text = format!("{left} .. {}", string(self));
                self.maybe_parens(text)
            }
            3 => format!("({} .. {})", string(self), self.leaf(Kind::Integer)),
            4 => format!("S({})", self.expression(Kind::Number, depth)),
            5 => {
                let from = self.rng.i32(-5..8);
                format!("({}):sub({from}, {})", string(self), self.rng.i32(-5..12))
            }
            6 => format!("({}):{}()", string(self), self.pick(&["upper", "lower", "reverse"])),
            7 => format!("cut(({}):rep({}))", string(self), self.rng.u32(..4)),
            8 => format!("(({}):gsub(\"%w+\", \"<%0>\"))", string(self)),
            9 => {
                let spec = self.pick(&["%d", "%5d", "%-6d|", "%+i", "%x", "%#X", "%o", "%03d"]);
                format!("string.format(\"{spec}\", {})", self.expression(Kind::Integer, depth))
            }
            10 => {
                let spec = self.pick(&["%s", "%q", "%10.3s", "%-8s|"]);
                let text = self.pick(&["\"a b\"", "S1", "12", "true", "nil"]);
                let text = if spec.contains('.') { "S1" } else { text };
                format!("string.format('{spec}', {text})")
            }
            11 => {
                let separator = self.pick(&["\", \"", "\"\"", "\"-\""]);
                format!("table.concat({}, {separator})", self.expression(Kind::Integers, depth))
            }
            12 => format!("table.concat({})", self.expression(Kind::Strings, depth)),
            13 => format!("tostring({})", self.expression(Kind::Boolean, depth)),
            14 => format!("type({})", self.any(depth)),
            15 => {
                let yes = string(self);
                let condition = self.expression(Kind::Boolean, depth);
                format!("(({condition}) and {yes} or {})", string(self))
            }
            _ => {
                let spec = self.pick(&["%.3f", "%g", "%10.2e", "%.14g", "%a"]);
                let value = self.leaf(Kind::Number);
                format!("string.format(\"{spec}\", N({value}))")
            }
        }
    }

    pub fn boolean(&mut self, depth: u32) -> String {
        let text = match self.rng.u32(..12) {
            0..4 => {
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "~="]);
                let left = self.expression(Kind::Number, depth);
                format!("{left} {operator} {}", self.expression(Kind::Number, depth))
            }
            4 | 5 => {
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "~="]);
                let left = self.expression(Kind::String, depth);
                format!("{left} {operator} {}", self.expression(Kind::String, depth))
            }
            6 => {
                let operator = self.pick(&["==", "~="]);
                format!("{} {operator} {}", self.leaf(Kind::Integer), self.any(0))
            }
            7 | 8 => {
                let operator = self.pick(&["and", "or"]);
                let left = self.expression(Kind::Boolean, depth);
                format!("{left} {operator} {}", self.expression(Kind::Boolean, depth))
            }
            9 => return format!("not ({})", self.any(depth)),
            10 => format!("math.ult({}, {})", self.leaf(Kind::Integer), self.leaf(Kind::Integer)),
            _ => format!("rawequal({}, {})", self.any(0), self.any(0)),
        };
        format!("({text})")
    }

    pub fn integers(&mut self, depth: u32) -> String {
        match self.rng.u32(..6) {
            0 => {
                let count = self.rng.usize(..4);
                let items: Vec<String> =
                    (0..count).map(|_| self.expression(Kind::Integer, depth)).collect();
                format!("{{{}}}", items.join(", "))
            }
            1 => format!("{{table.unpack({})}}", self.expression(Kind::Integers, depth)),
            2 => format!("{{string.byte({}, 1, 4)}}", self.expression(Kind::String, depth)),
            3 => {
                let list = self.expression(Kind::Integers, depth);
                format!("table.move({list}, 1, {}, 1, {{}})", self.rng.u32(..2))
            }
            4 => {
                let first = self.expression(Kind::Integer, depth);
                format!("{{[1] = {first}, {}}}", self.expression(Kind::Integer, depth))
            }
            _ => {
                let list = self.expression(Kind::Integers, depth);
                format!("{{{}, table.unpack({list})}}", self.leaf(Kind::Integer))
            }
        }
    }

    pub fn strings(&mut self, depth: u32) -> String {
        match self.rng.u32(..3) {
            0 => format!(
                "{{{}, {}}}",
                self.expression(Kind::String, depth),
                self.expression(Kind::String, depth)
            ),
            1 => format!("{{table.unpack({})}}", self.expression(Kind::Strings, depth)),
            _ => format!("{{({}):match('(%S+)%s*(.*)')}}", self.leaf(Kind::String)),
        }
    }
}
