//! Statements, blocks and sections, from random choices.

use super::expression::{COST_MAX, Generator, Kind, Routine, Variable};

/// Levels of blocks within a section.
const DEPTH_MAX: u32 = 4;
/// Runs of one statement beyond which it gets no loops, calls or pieces inside.
const REPEATS_MAX: u64 = 60;

impl Generator {
    /// One section of a program: a protected call whose results are printed.
    pub fn section(&mut self, number: u32) -> String {
        let (variables, routines) = (self.variables.len(), self.routines.len());
        self.out.clear();
        self.cost = 0;
        self.varargs = true;
        let (open, close) = match self.rng.u32(..8) {
            0 => ("xpcall(function(...)", ", function(m) P(m) return m end, 1, 'two')"),
            1 => ("pcall(coroutine.wrap(function(...)", "), 1, nil)"),
            2 => ("coroutine.resume(coroutine.create(function(...)", "), 1, 'x', {})"),
            _ => ("pcall(function(...)", ", 1, 'two', nil)"),
        };
        self.line(&format!("P({number}, {open}"));
        self.indent += 1;
        match self.rng.u32(..10) {
            0..5 => self.block_of_statements(0),
            5..8 => self.snippets(),
            _ => self.misuses(),
        }
        self.indent -= 1;
        self.line(&format!("end{close})"));
        self.variables.truncate(variables);
        self.routines.truncate(routines);
        std::mem::take(&mut self.out)
    }

    pub fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    pub fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn block_of_statements(&mut self, depth: u32) {
        let count = self.rng.u32(3..8) - depth.min(2);
        self.block(depth, count);
        if depth == 0 {
            let list: Vec<String> = (0..self.rng.usize(..3)).map(|_| self.any(2)).collect();
            self.line(&format!("return {}", list.join(", ")));
        }
    }

    /// As many statements in a scope of their own.
    fn block(&mut self, depth: u32, count: u32) {
        let (variables, routines) = (self.variables.len(), self.routines.len());
        for _ in 0..count {
            self.statement(depth);
        }
        self.variables.truncate(variables);
        self.routines.truncate(routines);
    }

    fn inner(&mut self, depth: u32) {
        self.indent += 1;
        let count = self.rng.u32(1..4);
        self.block(depth + 1, count);
        self.indent -= 1;
    }

    fn statement(&mut self, depth: u32) {
        self.cost += self.repeats;
        let deep = depth >= DEPTH_MAX || self.cost > COST_MAX || self.repeats > REPEATS_MAX;
        match self.rng.u32(..if deep { 12 } else { 26 }) {
            0..4 => self.declare(),
            4..7 => self.assign(),
            7 => self.change_list(),
            8..11 => {
                let list: Vec<String> = (0..self.rng.usize(1..4)).map(|_| self.any(2)).collect();
                self.line(&format!("P({})", list.join(", ")));
            }
            11 => self.multiple(),
            12..14 => self.conditional(depth),
            14..16 => self.numeric_for(depth),
            16 => self.generic_for(depth),
            17 => self.while_loop(depth),
            18 => self.repeat_loop(depth),
            19 => self.jump_back(depth),
            20..23 => self.routine(depth),
            23 => self.closing_block(depth),
            24 => self.one_snippet(),
            _ => {
                self.line("do");
                self.inner(depth);
                self.line("end");
            }
        }
    }

    fn declare(&mut self) {
        let kind = self.kind();
        let value = self.expression(kind, 3);
        let shadows = self.chance(10);
        let name = match self.variable(kind, true).filter(|_| shadows) {
            Some(name) => name,
            None => self.name(),
        };
        let constant = self.chance(15);
        let attribute = if constant { " <const>" } else { "" };
        self.line(&format!("local {name}{attribute} = {}", self.bounded(kind, value)));
        self.variables.push(Variable { name, kind, assignable: !constant });
    }

    /// Values that a loop may feed back into themselves have to stay small.
    fn bounded(&self, kind: Kind, value: String) -> String {
        match kind {
            Kind::String => format!("cut({value})"),
            Kind::Integers | Kind::Strings => format!("{{table.unpack({value}, 1, 8)}}"),
            _ => value,
        }
    }

    fn assign(&mut self) {
        let kind = self.kind();
        let value = self.expression(kind, 3);
        match self.variable(kind, true) {
            // A list cut at eight may end in nils, which leave no holes.
            Some(name) => self.line(&format!("{name} = {}", self.bounded(kind, value))),
            None => self.line(&format!("P({value})")),
        }
    }

    fn change_list(&mut self) {
        let Some(list) = self.variable(Kind::Integers, false) else { return self.declare() };
        let value = self.expression(Kind::Integer, 2);
        let text = match self.rng.u32(..6) {
            0 => format!("if #{list} < 9 then table.insert({list}, {value}) end"),
            1 => format!("if #{list} < 9 then table.insert({list}, 1, {value}) end"),
            2 => format!("P(table.remove({list}))"),
            3 => format!("table.sort({list}, function(a, b) return a > b end)"),
            // The value comes first: calls in it may shorten the list, and a list with holes has
            // more than one length.
            4 => format!("if #{list} < 9 then local v = {value} {list}[#{list} + 1] = v end"),
            _ => format!(
                "for i = 1, #{list} do local v = {value} \
                 if i <= #{list} then {list}[i] = {list}[i] ~ v end end"
            ),
        };
        self.line(&text);
    }

    fn multiple(&mut self) {
        let (first, second) = (self.name(), self.name());
        let values = match self.rng.u32(..5) {
            0 => format!("{}, {}", self.expression(Kind::Integer, 2), self.leaf_integer()),
            1 => "(...), select(-1, 5, 6)".to_owned(),
            2 => format!("math.tointeger({}) or 0, 1", self.expression(Kind::Number, 1)),
            3 => "table.unpack({4, 5, 6}, 2)".to_owned(),
            _ => "#{...}, A".to_owned(),
        };
        let values = if self.varargs { values } else { "A, B".to_owned() };
        let swappable = !values.starts_with("(...)");
        self.line(&format!("local {first}, {second} = {values}"));
        self.line(&format!("{first}, {second} = {second}, {first}"));
        if swappable {
            for name in [first, second] {
                self.variables.push(Variable { name, kind: Kind::Integer, assignable: true });
            }
        } else {
            self.line(&format!("P({first}, {second})"));
        }
    }

    fn leaf_integer(&mut self) -> String {
        self.expression(Kind::Integer, 0)
    }

    fn conditional(&mut self, depth: u32) {
        let condition = self.expression(Kind::Boolean, 2);
        self.line(&format!("if {condition} then"));
        self.inner(depth);
        if self.chance(40) {
            let condition = self.expression(Kind::Boolean, 2);
            self.line(&format!("elseif {condition} then"));
            self.inner(depth);
        }
        if self.chance(50) {
            self.line("else");
            self.inner(depth);
        }
        self.line("end");
    }

    /// The body of a loop that runs at most `times`, with breaks and jumps to its end.
    fn body(&mut self, depth: u32, times: u64, variable: Option<(&str, Kind)>) {
        let (variables, routines) = (self.variables.len(), self.routines.len());
        self.repeats *= times;
        self.loops += 1;
        self.indent += 1;
        if let Some((name, kind)) = variable {
            self.variables.push(Variable { name: name.to_owned(), kind, assignable: false });
        }
        let label = self.name();
        let jumps = self.chance(30);
        let count = self.rng.u32(1..4);
        for _ in 0..count {
            if self.chance(15) {
                let condition = self.expression(Kind::Boolean, 1);
                let exit = if jumps { format!("goto {label}") } else { "break".to_owned() };
                self.line(&format!("if {condition} then {exit} end"));
            }
            self.statement(depth + 1);
        }
        if jumps {
            self.line(&format!("::{label}::"));
        }
        self.indent -= 1;
        self.loops -= 1;
        self.repeats /= times;
        self.variables.truncate(variables);
        self.routines.truncate(routines);
    }

    fn numeric_for(&mut self, depth: u32) {
        let name = self.name();
        let (range, kind) = match self.rng.u32(..12) {
            0 => ("math.maxinteger - 2, math.maxinteger", Kind::Integer),
            1 => ("math.mininteger + 2, math.mininteger, -1", Kind::Integer),
            2 => ("1, 0", Kind::Integer),
            3 => ("1.0, 2.0, 0.25", Kind::Number),
            4 => ("3, 1, -0.5", Kind::Number),
            5 => ("1, 3.9", Kind::Integer),
            6 => ("math.maxinteger - 1, math.huge", Kind::Integer),
            7 => ("-1, math.mininteger, math.mininteger // 2", Kind::Integer),
            8 => ("5, 1, -2", Kind::Integer),
            9 => ("1, math.maxinteger, math.maxinteger // 3", Kind::Integer),
            _ => ("1, 4", Kind::Integer),
        };
        self.line(&format!("for {name} = {range} do"));
        self.body(depth, 6, Some((&name, kind)));
        self.line("end");
    }

    fn generic_for(&mut self, depth: u32) {
        let (name, other) = (self.name(), self.name());
        match self.rng.u32(..4) {
            0 => {
                let list = self.expression(Kind::Integers, 2);
                let list = self.bounded(Kind::Integers, list);
                self.line(&format!("for {other}, {name} in ipairs({list}) do"));
                self.body(depth, 9, Some((&name, Kind::Integer)));
            }
            1 => {
                let text = self.expression(Kind::String, 1);
                self.line(&format!(
                    "for {name} in string.gmatch(cut({text}):sub(1, 20), '%a+') do"
                ));
                self.body(depth, 10, Some((&name, Kind::String)));
            }
            2 => {
                self.line(&format!("for {name}, {other} in next, {{9}} do"));
                self.body(depth, 1, Some((&name, Kind::Integer)));
            }
            _ => {
                let close = match self.chance(50) {
                    true => format!(", closer('{name}')"),
                    false => String::new(),
                };
                let step = "function(last, i) if i < last then return i + 1 end end";
                self.line(&format!("for {name} in {step}, 3, 0{close} do"));
                self.body(depth, 3, Some((&name, Kind::Integer)));
            }
        }
        self.line("end");
    }

    fn while_loop(&mut self, depth: u32) {
        let (name, times) = (self.name(), self.rng.u64(1..6));
        let condition = self.expression(Kind::Boolean, 1);
        self.line(&format!("local {name} = 0"));
        self.line(&format!("while {name} < {times} and ({condition} or {name} < 2) do"));
        self.line(&format!("  {name} = {name} + 1"));
        self.body(depth, times, Some((&name, Kind::Integer)));
        self.line("end");
    }

    fn repeat_loop(&mut self, depth: u32) {
        let (name, done, times) = (self.name(), self.name(), self.rng.u64(1..6));
        self.line(&format!("local {name} = 0"));
        self.line("repeat");
        self.line(&format!("  {name} = {name} + 1"));
        self.line(&format!("  local {done} = {name} >= {times}"));
        if self.chance(30) {
            self.line(&format!("  local capture = function() return {done} end"));
        }
        self.repeats *= times;
        self.inner(depth);
        self.repeats /= times;
        let condition = self.expression(Kind::Boolean, 1);
        self.line(&format!("until {done} or {condition}"));
    }

    fn jump_back(&mut self, depth: u32) {
        let (name, label, times) = (self.name(), self.name(), self.rng.u64(1..4));
        self.line("do");
        self.line(&format!("  local {name} = 0"));
        self.line(&format!("  ::{label}::"));
        self.repeats *= times + 1;
        self.inner(depth);
        self.repeats /= times + 1;
        self.line(&format!("  {name} = {name} + 1"));
        self.line(&format!("  if {name} < {times} then goto {label} end"));
        self.line("end");
    }

    fn closing_block(&mut self, depth: u32) {
        let (name, condition) = (self.name(), self.expression(Kind::Boolean, 1));
        self.line("do");
        self.line(&format!("  local {name} <close> = closer('{name}')"));
        if self.chance(30) {
            let nothing = self.pick(&["nil", "false"]);
            self.line(&format!("  local other <close> = {nothing}"));
        }
        self.inner(depth);
        if self.chance(20) {
            let value = self.any(1);
            self.line(&format!("  if {condition} then error({value}) end"));
        }
        self.line("end");
    }

    fn routine(&mut self, depth: u32) {
        let name = self.name();
        let parameters: Vec<Kind> = (0..self.rng.usize(..4)).map(|_| self.kind()).collect();
        let names: Vec<String> = parameters.iter().map(|_| self.name()).collect();
        let result = self.kind();
        let varargs = self.chance(25);
        let mut list = names.join(", ");
        if varargs {
            list.push_str(if list.is_empty() { "..." } else { ", ..." });
        }
        let form = self.rng.bool();
        self.line(&match form {
            true => format!("local function {name}({list})"),
            false => format!("local {name} = function({list})"),
        });
        let (variables, routines) = (self.variables.len(), self.routines.len());
        let outer = (self.repeats, self.cost, self.varargs, self.loops);
        (self.repeats, self.cost, self.varargs, self.loops) = (1, 1, varargs, 0);
        for (name, &kind) in names.iter().zip(&parameters) {
            self.variables.push(Variable { name: name.clone(), kind, assignable: true });
        }
        self.indent += 1;
        for _ in 0..self.rng.u32(..3) {
            self.statement(depth.max(2) + 1);
        }
        if self.chance(30) {
            let condition = self.expression(Kind::Boolean, 1);
            let value = self.expression(result, 1);
            self.line(&format!("if {condition} then return {value} end"));
        }
        let value = self.expression(result, 2);
        // Lists and strings come out bounded, whatever went in.
        self.line(&format!("return {}", self.bounded(result, value)));
        self.indent -= 1;
        self.line("end");
        let cost = self.cost;
        (self.repeats, self.cost, self.varargs, self.loops) = outer;
        self.variables.truncate(variables);
        self.routines.truncate(routines);
        self.routines.push(Routine { name, parameters, result, cost });
    }
}
