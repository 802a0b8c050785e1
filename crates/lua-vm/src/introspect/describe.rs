//! What a function is and where it comes from, and tracebacks.

use std::collections::BTreeSet;

use crate::chunk_id::chunk_id;
use crate::debug_info;
use crate::value::{Kind, ProtoId, ThreadId, Value};
use crate::vm::Vm;

/// Levels that a traceback shows at its start and at its end when there are more.
const FIRST_LEVELS: usize = 10;
const LAST_LEVELS: usize = 11;

/// What a function is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDescription {
    /// `Lua`, `C` (native), or `main` for the main part of a chunk.
    pub what: &'static str,
    /// The chunk's name as it was given.
    pub source: Vec<u8>,
    /// The chunk's name as messages show it.
    pub short_source: Vec<u8>,
    /// The first line; 0 for a main part, `None` for a native function.
    pub line_defined: Option<u32>,
    /// The last line.
    pub last_line_defined: Option<u32>,
    /// Number of upvalues.
    pub upvalue_count: usize,
    /// Number of fixed parameters.
    pub parameter_count: u8,
    /// Whether it takes any number of arguments.
    pub is_vararg: bool,
}

impl Vm {
    /// What a function is; anything but a Lua function is described as a native one.
    pub fn describe_function(&self, function: Value) -> FunctionDescription {
        let Some((closure, proto)) = function.as_closure_proto() else {
            return FunctionDescription {
                what: "C",
                source: b"=[C]".to_vec(),
                short_source: b"[C]".to_vec(),
                line_defined: None,
                last_line_defined: None,
                upvalue_count: self.native_parts(function).map_or(0, |(_, values)| values.len()),
                parameter_count: 0,
                is_vararg: true,
            };
        };
        let data = &self.heap.protos.items[proto.index()].function;
        let source = data.source.as_deref().unwrap_or(b"=?");
        FunctionDescription {
            what: if data.line_defined == 0 { "main" } else { "Lua" },
            source: source.to_vec(),
            short_source: chunk_id(source),
            line_defined: Some(data.line_defined),
            last_line_defined: Some(data.last_line_defined),
            upvalue_count: self.closure_parts(closure).1.len(),
            parameter_count: data.parameter_count,
            is_vararg: data.is_vararg,
        }
    }

    fn proto_of(&self, function: Value) -> Option<ProtoId> {
        function.as_closure_proto().map(|(_, proto)| proto)
    }

    /// The lines of a Lua function that have code; `None` for a native function.
    pub fn active_lines(&self, function: Value) -> Option<BTreeSet<u32>> {
        let data = &self.heap.protos.items[self.proto_of(function)?.index()].function;
        Some(debug_info::active_lines(data).collect())
    }

    /// The name of a Lua function's parameter, counted from 1.
    pub fn parameter_name(&self, function: Value, number: usize) -> Option<&[u8]> {
        let data = &self.heap.protos.items[self.proto_of(function)?.index()].function;
        debug_info::local_name(data, number, 0)
    }

    /// The name of an upvalue, counted from 1: empty for native functions, `(no name)` in
    /// stripped code. `None` if there are fewer.
    pub fn upvalue_name(&self, function: Value, number: usize) -> Option<&[u8]> {
        let index = number.checked_sub(1)?;
        let Some(proto) = self.proto_of(function) else {
            let (_, values) = self.native_parts(function)?;
            return (index < values.len()).then_some(b"");
        };
        let upvalues = &self.heap.protos.items[proto.index()].function.upvalues;
        Some(upvalues.get(index)?.name.as_deref().unwrap_or(b"(no name)"))
    }

    /// The name under which a function is found in the loaded modules, like `string.find`; those
    /// of the basic library and other globals stand for themselves.
    pub fn loaded_name(&self, function: Value) -> Option<Vec<u8>> {
        let loaded = self.field(self.registry, "_LOADED").as_table()?;
        let mut module = Value::NIL;
        while let Some((name, value)) = self.table_next(loaded, module) {
            module = name;
            let Some(name) = self.bytes(name) else { continue };
            if value.same(&function) {
                return Some(name.to_vec());
            }
            let Some(members) = value.as_table() else { continue };
            let mut member = Value::NIL;
            while let Some((key, value)) = self.table_next(members, member) {
                member = key;
                if value.same(&function)
                    && let Some(key) = self.bytes(key)
                {
                    return Some(match name {
                        b"_G" => key.to_vec(),
                        _ => [name, b".", key].concat(),
                    });
                }
            }
        }
        None
    }

    /// A traceback of a coroutine from a level on, with a message in front, as the debug library
    /// words it.
    pub fn traceback(&self, thread: ThreadId, message: Option<&[u8]>, level: usize) -> Vec<u8> {
        let mut text = Vec::new();
        if let Some(message) = message {
            text.extend_from_slice(message);
            text.push(b'\n');
        }
        text.extend_from_slice(b"stack traceback:");
        let count = self.level_count(thread);
        let is_long = count.saturating_sub(level) > FIRST_LEVELS + LAST_LEVELS + 1;
        let mut number = level;
        while number < count {
            if is_long && number == level + FIRST_LEVELS {
                let skipped = count - LAST_LEVELS - number;
                // The number leaves out the level that the line stands for, as PUC-Rio's does.
                let line = format!("\n\t...\t(skipping {} levels)", skipped - 1);
                text.extend_from_slice(line.as_bytes());
                number += skipped;
            }
            self.write_level(thread, number, &mut text);
            number += 1;
        }
        text
    }

    fn write_level(&self, thread: ThreadId, number: usize, text: &mut Vec<u8>) {
        let Some(level) = self.level(thread, number) else { return };
        let function = self.function_at(level);
        let description = self.describe_function(function);
        text.extend_from_slice(b"\n\t");
        text.extend_from_slice(&description.short_source);
        match self.line_at_level(level) {
            Some(line) => text.extend_from_slice(format!(":{line}: in ").as_bytes()),
            None => text.extend_from_slice(b": in "),
        }
        if let Some(name) = self.loaded_name(function) {
            text.extend_from_slice(&[b"function '", &name[..], b"'"].concat());
        } else if let Some(name) = self.call_name(level) {
            let kind = name.kind.text().as_bytes();
            text.extend_from_slice(&[kind, b" '", &name.name, b"'"].concat());
        } else {
            match (description.what, description.line_defined) {
                ("main", _) => text.extend_from_slice(b"main chunk"),
                (_, Some(line)) => {
                    text.extend_from_slice(b"function <");
                    text.extend_from_slice(&description.short_source);
                    text.extend_from_slice(format!(":{line}>").as_bytes());
                }
                _ => text.push(b'?'),
            }
        }
        if self.is_tail_call(level) {
            text.extend_from_slice(b"\n\t(...tail calls...)");
        }
    }

    // ---- upvalues ----

    /// The value of an upvalue, counted from 1.
    pub fn upvalue(&self, function: Value, number: usize) -> Option<Value> {
        let index = number.checked_sub(1)?;
        match function.as_closure() {
            Some(closure) => {
                self.closure_parts(closure).1.get(index).map(|&cell| self.cell_value(cell))
            }
            None => self.native_parts(function)?.1.get(index).copied(),
        }
    }

    /// Sets an upvalue, counted from 1; false if there are fewer, or one of the two was collected.
    pub fn set_upvalue_of(&mut self, function: Value, number: usize, value: Value) -> bool {
        if !self.is_alive(function) || !self.is_alive(value) {
            return false;
        }
        let Some(index) = number.checked_sub(1) else { return false };
        if let Some(closure) = function.as_closure() {
            let Some(&cell) = self.closure_parts(closure).1.get(index) else { return false };
            self.set_cell(cell, value);
            return true;
        }
        let Kind::NativeClosure(id) = function.kind() else { return false };
        let values = &mut self.heap.natives.items[id.index()].values;
        let Some(place) = values.get_mut(index) else { return false };
        *place = value;
        self.heap.mark_if_marking(value);
        true
    }

    /// Makes a Lua function share an upvalue with another one; both count from 1. False if one of
    /// them has no such upvalue, or was collected.
    pub fn join_upvalues(&mut self, target: (Value, usize), source: (Value, usize)) -> bool {
        if !self.is_alive(target.0) || !self.is_alive(source.0) {
            return false;
        }
        let (Some(to), Some(from)) = (target.0.as_closure(), source.0.as_closure()) else {
            return false;
        };
        let (Some(to_index), Some(from_index)) = (target.1.checked_sub(1), source.1.checked_sub(1))
        else {
            return false;
        };
        let Some(&cell) = self.closure_parts(from).1.get(from_index) else { return false };
        let cells = &mut self.heap.closures.items[to.index()].upvalues;
        let Some(place) = cells.get_mut(to_index) else { return false };
        let before = std::mem::replace(place, cell);
        self.heap.report_cell(before);
        self.heap.mark_cell_if_marking(cell);
        true
    }
}
