//! Strings that every VM interns first, so that their handles are constants.

use crate::value::StringId;

macro_rules! names {
    ($($name:ident = $number:literal $text:literal,)*) => {
        $(#[doc = concat!("`", $text, "`")]
        pub const $name: StringId = StringId($number);)*
        /// In the order of their handles.
        pub(crate) const ALL: &[&str] = &[$($text),*];
    };
}

// The first 25 are the events in the order in which instructions number them.
names! {
    INDEX = 0 "__index",
    NEWINDEX = 1 "__newindex",
    GC = 2 "__gc",
    MODE = 3 "__mode",
    LEN = 4 "__len",
    EQ = 5 "__eq",
    ADD = 6 "__add",
    SUB = 7 "__sub",
    MUL = 8 "__mul",
    MOD = 9 "__mod",
    POW = 10 "__pow",
    DIV = 11 "__div",
    IDIV = 12 "__idiv",
    BAND = 13 "__band",
    BOR = 14 "__bor",
    BXOR = 15 "__bxor",
    SHL = 16 "__shl",
    SHR = 17 "__shr",
    UNM = 18 "__unm",
    BNOT = 19 "__bnot",
    LT = 20 "__lt",
    LE = 21 "__le",
    CONCAT = 22 "__concat",
    CALL = 23 "__call",
    CLOSE = 24 "__close",
    TOSTRING = 25 "__tostring",
    NAME = 26 "__name",
    METATABLE = 27 "__metatable",
    PAIRS = 28 "__pairs",
    NOT_ENOUGH_MEMORY = 29 "not enough memory",
    ENV = 30 "_ENV",
    ERROR_IN_HANDLING = 31 "error in error handling",
}
