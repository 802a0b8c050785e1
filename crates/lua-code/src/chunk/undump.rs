//! Reads a Lua 5.4 binary chunk, in time and memory linear in the bytes that are really there.

use super::{
    ChunkError, DATA, FORMAT, NESTING_MAX, SAMPLE_FLOAT, SAMPLE_INTEGER, SIGNATURE,
    UnverifiedChunk, VERSION, tag,
};
use crate::bytecode::{AbsoluteLine, Constant, Function, LocalVariable, UpvalueDescription};
use std::rc::Rc;

pub(super) const TRUNCATED: &str = "truncated chunk";

/// Fewest bytes that a nested function, a local variable and an absolute line take in a chunk.
const FUNCTION_BYTES_MIN: usize = 14;
const LOCAL_BYTES_MIN: usize = 3;
const ABSOLUTE_LINE_BYTES_MIN: usize = 2;

/// Reads a binary chunk. Bytes after its end are ignored, as PUC-Rio ignores them.
///
/// # Errors
/// A [`ChunkError`] in PUC-Rio's words if the bytes are not a Lua 5.4 chunk of the usual sizes, if
/// they end too early, or if functions are nested deeper than [`NESTING_MAX`].
///
/// ```
/// let error = lua_code::chunk::undump(b"\x1bLua\x53").unwrap_err();
/// assert_eq!(error.to_string(), "bad binary format (version mismatch)");
/// ```
pub fn undump(bytes: &[u8]) -> Result<UnverifiedChunk, ChunkError> {
    let mut reader = Reader { rest: bytes };
    reader.header()?;
    let upvalue_count = reader.byte()?;
    let function = reader.function()?;
    if function.upvalues.len() != usize::from(upvalue_count) {
        return Err(ChunkError::new("upvalue count mismatch"));
    }
    Ok(UnverifiedChunk::new(function))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn header(&mut self) -> Result<(), ChunkError> {
        self.literal(SIGNATURE, "not a binary chunk")?;
        self.literal(&[VERSION], "version mismatch")?;
        self.literal(&[FORMAT], "format mismatch")?;
        self.literal(DATA, "corrupted chunk")?;
        self.literal(&[size_of::<u32>() as u8], "Instruction size mismatch")?;
        self.literal(&[size_of::<i64>() as u8], "lua_Integer size mismatch")?;
        self.literal(&[size_of::<f64>() as u8], "lua_Number size mismatch")?;
        self.literal(&SAMPLE_INTEGER.to_le_bytes(), "integer format mismatch")?;
        self.literal(&SAMPLE_FLOAT.to_le_bytes(), "float format mismatch")
    }

    fn literal(&mut self, expected: &[u8], reason: &'static str) -> Result<(), ChunkError> {
        if self.take(expected.len())? == expected { Ok(()) } else { Err(ChunkError::new(reason)) }
    }

    /// Reads a function and all that is nested in it, with a stack of its own.
    fn function(&mut self) -> Result<Function, ChunkError> {
        let mut parents: Vec<(Function, usize)> = Vec::new();
        let (mut function, mut missing) = self.head()?;
        loop {
            if missing > 0 {
                parents.push((function, missing - 1));
                if parents.len() >= NESTING_MAX {
                    return Err(ChunkError::new("functions nested too deeply"));
                }
                (function, missing) = self.head()?;
                continue;
            }
            self.debug(&mut function)?;
            let Some((mut parent, parent_missing)) = parents.pop() else {
                return Ok(function);
            };
            parent.functions.push(function);
            (function, missing) = (parent, parent_missing);
        }
    }

    /// A function up to its nested functions, and how many of these follow.
    fn head(&mut self) -> Result<(Function, usize), ChunkError> {
        let mut function = Function {
            source: self.optional_string()?,
            line_defined: self.int()?,
            last_line_defined: self.int()?,
            parameter_count: self.byte()?,
            is_vararg: self.byte()? != 0,
            register_count: self.byte()?,
            ..Function::default()
        };
        let code_count = self.count(size_of::<u32>())?;
        let code = self.take(code_count * size_of::<u32>())?;
        let (words, _) = code.as_chunks::<4>();
        function.code = words.iter().map(|&word| u32::from_le_bytes(word)).collect();
        // Declared counts are only a claim until their items have been read: these vectors grow.
        for _ in 0..self.count(1)? {
            function.constants.push(self.constant()?);
        }
        function.constants.shrink_to_fit();
        for _ in 0..self.count(3)? {
            let [in_stack, index, kind] = self.array()?;
            let in_stack = in_stack != 0;
            function.upvalues.push(UpvalueDescription { name: None, in_stack, index, kind });
        }
        function.upvalues.shrink_to_fit();
        let function_count = self.count(FUNCTION_BYTES_MIN)?;
        Ok((function, function_count))
    }

    fn constant(&mut self) -> Result<Constant, ChunkError> {
        Ok(match self.byte()? {
            tag::NIL => Constant::Nil,
            tag::FALSE => Constant::Boolean(false),
            tag::TRUE => Constant::Boolean(true),
            tag::INTEGER => Constant::Integer(i64::from_le_bytes(self.array()?)),
            tag::FLOAT => Constant::Float(f64::from_le_bytes(self.array()?)),
            tag::SHORT_STRING | tag::LONG_STRING => match self.optional_string()? {
                Some(value) => Constant::String(value),
                None => return Err(ChunkError::new("bad format for constant string")),
            },
            _ => return Err(ChunkError::new("invalid constant")),
        })
    }

    fn debug(&mut self, function: &mut Function) -> Result<(), ChunkError> {
        let line_count = self.count(1)?;
        function.line_info = self.take(line_count)?.iter().map(|&byte| byte as i8).collect();
        for _ in 0..self.count(ABSOLUTE_LINE_BYTES_MIN)? {
            let (pc, line) = (self.int()?, self.int()?);
            function.absolute_lines.push(AbsoluteLine { pc, line });
        }
        function.absolute_lines.shrink_to_fit();
        for _ in 0..self.count(LOCAL_BYTES_MIN)? {
            let Some(name) = self.optional_string()? else {
                return Err(ChunkError::new("local variable without a name"));
            };
            let (start_pc, end_pc) = (self.int()?, self.int()?);
            function.local_variables.push(LocalVariable { name, start_pc, end_pc });
        }
        function.local_variables.shrink_to_fit();
        function.functions.shrink_to_fit();
        let name_count = self.count(1)?;
        if name_count != 0 && name_count != function.upvalues.len() {
            return Err(ChunkError::new("upvalue name count mismatch"));
        }
        for upvalue in &mut function.upvalues[..name_count] {
            upvalue.name = self.optional_string()?;
        }
        Ok(())
    }

    /// A count of items that take at least `item_bytes_min` bytes each.
    fn count(&mut self, item_bytes_min: usize) -> Result<usize, ChunkError> {
        let count = self.int()? as usize;
        if count > self.rest.len() / item_bytes_min {
            return Err(ChunkError::new(TRUNCATED));
        }
        Ok(count)
    }

    /// An integer that fits C's `int`.
    fn int(&mut self) -> Result<u32, ChunkError> {
        self.unsigned(i32::MAX as u64).map(|value| value as u32)
    }

    fn optional_string(&mut self) -> Result<Option<Rc<[u8]>>, ChunkError> {
        match self.unsigned(u64::MAX)? {
            0 => Ok(None),
            size => {
                let length = usize::try_from(size - 1).map_err(|_| ChunkError::new(TRUNCATED))?;
                self.take(length).map(|bytes| Some(Rc::from(bytes)))
            }
        }
    }

    fn unsigned(&mut self, max: u64) -> Result<u64, ChunkError> {
        let mut value = 0u64;
        loop {
            let byte = self.byte()?;
            if value >= max >> 7 {
                return Err(ChunkError::new("integer overflow"));
            }
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                return Ok(value);
            }
        }
    }

    fn byte(&mut self) -> Result<u8, ChunkError> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ChunkError> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(ChunkError::new(TRUNCATED));
        };
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], ChunkError> {
        let Some((taken, rest)) = self.rest.split_at_checked(size) else {
            return Err(ChunkError::new(TRUNCATED));
        };
        self.rest = rest;
        Ok(taken)
    }
}
