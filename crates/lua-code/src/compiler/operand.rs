//! What the compiler knows of an expression before its value is in a register.

use super::token::Text;

/// Index of an instruction.
pub(super) type Pc = u32;

/// A list of jumps to the same place that is not known yet, threaded through the jumps
/// themselves: the last one, if any.
pub(super) type Jumps = Option<Pc>;

/// Where an expression's value is, or what would produce it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// No expression: an empty list.
    Void,
    Nil,
    True,
    False,
    Integer(i64),
    Float(f64),
    Text(Text),
    /// A constant of the function.
    Constant(u32),
    /// A register that is the expression's own.
    Register(u8),
    /// A local variable; `index` counts the function's active variables.
    Local {
        register: u8,
        index: u8,
    },
    Upvalue(u8),
    /// A compile-time constant, by its index among all variables in sight.
    CompileTime(u32),
    /// `table[key]`, both in registers.
    Indexed {
        table: u8,
        key: u8,
    },
    /// `upvalue[constant]`
    IndexedUpvalue {
        upvalue: u8,
        constant: u8,
    },
    /// `table[integer]`
    IndexedInteger {
        table: u8,
        integer: u8,
    },
    /// `table[constant]`, the constant a short string.
    IndexedText {
        table: u8,
        constant: u8,
    },
    /// A comparison: the jump that is taken when it holds.
    Jump(Pc),
    /// An instruction whose result can go to any register.
    Relocatable(Pc),
    Call(Pc),
    Vararg(Pc),
}

/// An expression: its place, and the jumps that leave it early with a true or false value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    pub place: Place,
    pub true_jumps: Jumps,
    pub false_jumps: Jumps,
}

impl From<Place> for Operand {
    fn from(place: Place) -> Self {
        Self { place, true_jumps: None, false_jumps: None }
    }
}

impl Operand {
    /// Whether some jump leaves the expression early.
    pub fn has_jumps(&self) -> bool {
        self.true_jumps != self.false_jumps
    }

    /// Whether it is a number literal, ready for folding.
    pub fn is_numeral(&self) -> bool {
        !self.has_jumps() && matches!(self.place, Place::Integer(_) | Place::Float(_))
    }

    /// The integer literal that it is.
    pub fn as_integer(&self) -> Option<i64> {
        match self.place {
            Place::Integer(value) if !self.has_jumps() => Some(value),
            _ => None,
        }
    }

    /// Whether it may yield any number of values.
    pub fn is_open(&self) -> bool {
        matches!(self.place, Place::Call(_) | Place::Vararg(_))
    }

    /// Whether it is an element of a table.
    pub fn is_indexed(&self) -> bool {
        matches!(
            self.place,
            Place::Indexed { .. }
                | Place::IndexedUpvalue { .. }
                | Place::IndexedInteger { .. }
                | Place::IndexedText { .. }
        )
    }

    /// Whether it names something that can stand left of an assignment.
    pub fn is_variable(&self) -> bool {
        self.is_indexed()
            || matches!(self.place, Place::Local { .. } | Place::Upvalue(_) | Place::CompileTime(_))
    }
}
