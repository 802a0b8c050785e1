//! Writes a function as a Lua 5.4 binary chunk.

use super::{
    DATA, FORMAT, SAMPLE_FLOAT, SAMPLE_INTEGER, SHORT_STRING_BYTES_MAX, SIGNATURE, VERSION, tag,
};
use crate::bytecode::{Constant, Function};

/// Writes `function` and everything nested in it as a binary chunk, without debug information if
/// `strip` is set.
///
/// A nested function that is dumped alone must have its own `source` first: `None` says that the
/// source is unknown or the parent's.
///
/// ```
/// use lua_code::bytecode::Function;
/// let bytes = lua_code::chunk::dump(&Function::default(), true);
/// assert!(bytes.starts_with(b"\x1bLua\x54\x00"));
/// ```
pub fn dump(function: &Function, strip: bool) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::new(), strip };
    writer.header();
    writer.byte(function.upvalues.len() as u8);
    writer.head(function);
    // A stack of our own: nested functions must not cost nested Rust calls.
    let mut open = vec![(function, function.functions.iter())];
    while let Some((function, children)) = open.last_mut() {
        match children.next() {
            Some(child) => {
                writer.head(child);
                open.push((child, child.functions.iter()));
            }
            None => {
                writer.debug(function);
                open.pop();
            }
        }
    }
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
    strip: bool,
}

impl Writer {
    fn header(&mut self) {
        self.bytes.extend_from_slice(SIGNATURE);
        self.byte(VERSION);
        self.byte(FORMAT);
        self.bytes.extend_from_slice(DATA);
        self.byte(size_of::<u32>() as u8);
        self.byte(size_of::<i64>() as u8);
        self.byte(size_of::<f64>() as u8);
        self.bytes.extend_from_slice(&SAMPLE_INTEGER.to_le_bytes());
        self.bytes.extend_from_slice(&SAMPLE_FLOAT.to_le_bytes());
    }

    /// Everything of a function up to the number of its nested functions.
    fn head(&mut self, function: &Function) {
        self.optional_string(function.source.as_deref().filter(|_| !self.strip));
        self.count(function.line_defined as usize);
        self.count(function.last_line_defined as usize);
        self.byte(function.parameter_count);
        self.byte(u8::from(function.is_vararg));
        self.byte(function.register_count);
        self.count(function.code.len());
        for instruction in &function.code {
            self.bytes.extend_from_slice(&instruction.to_le_bytes());
        }
        self.count(function.constants.len());
        for constant in &function.constants {
            self.constant(constant);
        }
        self.count(function.upvalues.len());
        for upvalue in &function.upvalues {
            self.bytes.extend_from_slice(&[
                u8::from(upvalue.in_stack),
                upvalue.index,
                upvalue.kind,
            ]);
        }
        self.count(function.functions.len());
    }

    fn constant(&mut self, constant: &Constant) {
        match constant {
            Constant::Nil => self.byte(tag::NIL),
            Constant::Boolean(false) => self.byte(tag::FALSE),
            Constant::Boolean(true) => self.byte(tag::TRUE),
            Constant::Integer(value) => {
                self.byte(tag::INTEGER);
                self.bytes.extend_from_slice(&value.to_le_bytes());
            }
            Constant::Float(value) => {
                self.byte(tag::FLOAT);
                self.bytes.extend_from_slice(&value.to_le_bytes());
            }
            Constant::String(value) => {
                let short = value.len() <= SHORT_STRING_BYTES_MAX;
                self.byte(if short { tag::SHORT_STRING } else { tag::LONG_STRING });
                self.optional_string(Some(value));
            }
        }
    }

    fn debug(&mut self, function: &Function) {
        if self.strip {
            for _ in 0..4 {
                self.count(0);
            }
            return;
        }
        self.count(function.line_info.len());
        self.bytes.extend(function.line_info.iter().map(|&delta| delta as u8));
        self.count(function.absolute_lines.len());
        for absolute in &function.absolute_lines {
            self.count(absolute.pc as usize);
            self.count(absolute.line as usize);
        }
        self.count(function.local_variables.len());
        for local in &function.local_variables {
            self.optional_string(Some(&local.name));
            self.count(local.start_pc as usize);
            self.count(local.end_pc as usize);
        }
        self.count(function.upvalues.len());
        for upvalue in &function.upvalues {
            self.optional_string(upvalue.name.as_deref());
        }
    }

    fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Seven bits a byte, the highest first; the last byte carries the high bit.
    fn count(&mut self, value: usize) {
        let mut groups = [0u8; 10];
        let mut start = groups.len() - 1;
        let mut rest = value as u64;
        groups[start] = (rest & 0x7f) as u8 | 0x80;
        rest >>= 7;
        while rest != 0 {
            start -= 1;
            groups[start] = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        self.bytes.extend_from_slice(&groups[start..]);
    }

    fn optional_string(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.count(0),
            Some(value) => {
                self.count(value.len() + 1);
                self.bytes.extend_from_slice(value);
            }
        }
    }
}
