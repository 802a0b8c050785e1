//! The constants of a function, each kept once.

use super::Compiler;
use super::lexer::Result;
use super::token::Text;
use crate::bytecode::Constant;
use crate::number::exact_integer;
use crate::opcode::MAX_AX;

/// About what a constant takes in its list and in the index of all.
const CONSTANT_BYTES: usize = 96;

/// By what a constant is found again. One table serves all functions of a chunk, so an inner
/// function's index may hide an outer one's; the outer function then gets the constant twice,
/// as it does in PUC-Rio's compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ConstantKey {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// The bits of a float without an integer value.
    Float(u64),
    Text(Text),
}

impl ConstantKey {
    fn of_float(float: f64) -> Self {
        exact_integer(float).map_or(Self::Float(float.to_bits()), Self::Integer)
    }
}

impl Compiler<'_> {
    pub(super) fn nil_constant(&mut self) -> Result<u32> {
        self.constant(ConstantKey::Nil, Constant::Nil)
    }

    pub(super) fn boolean_constant(&mut self, value: bool) -> Result<u32> {
        self.constant(ConstantKey::Boolean(value), Constant::Boolean(value))
    }

    pub(super) fn integer_constant(&mut self, value: i64) -> Result<u32> {
        self.constant(ConstantKey::Integer(value), Constant::Integer(value))
    }

    pub(super) fn text_constant(&mut self, text: Text) -> Result<u32> {
        let bytes = self.lexer.texts.bytes(text).clone();
        self.constant(ConstantKey::Text(text), Constant::String(bytes))
    }

    pub(super) fn float_constant(&mut self, value: f64) -> Result<u32> {
        // A table key with an integer value is that integer, so that such a float is filed
        // under a neighbour of it.
        let filed_as = match exact_integer(value) {
            None => value,
            Some(0) => f64::EPSILON,
            Some(_) => value + value * f64::EPSILON,
        };
        self.constant(ConstantKey::of_float(filed_as), Constant::Float(value))
    }

    fn constant(&mut self, key: ConstantKey, value: Constant) -> Result<u32> {
        let constants = &mut self.state.function.constants;
        if let Some(&index) = self.constant_indexes.get(&key)
            && constants.get(index as usize).is_some_and(|known| is_same(known, &value))
        {
            return Ok(index);
        }
        if constants.len() >= MAX_AX as usize {
            return Err(self.too_many("constants", MAX_AX as usize));
        }
        let index = constants.len() as u32;
        constants.push(value);
        self.lexer.held += CONSTANT_BYTES;
        self.constant_indexes.insert(key, index);
        Ok(index)
    }
}

fn is_same(one: &Constant, other: &Constant) -> bool {
    match (one, other) {
        (Constant::Nil, Constant::Nil) => true,
        (Constant::Boolean(one), Constant::Boolean(other)) => one == other,
        (Constant::Integer(one), Constant::Integer(other)) => one == other,
        (Constant::Float(one), Constant::Float(other)) => one == other,
        (Constant::String(one), Constant::String(other)) => one == other,
        _ => false,
    }
}
