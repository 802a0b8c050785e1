//! The Lua 5.4 instruction set: opcodes, operand layouts and their accessors.
//!
//! An instruction is a `u32`. Bits 0..7 hold the opcode; the rest depends on the layout:
//!
//! ```text
//! iABC   C:8 | B:8 | k:1 | A:8 | op:7
//! iABx         Bx:17     | A:8 | op:7
//! iAsBx       sBx:17     | A:8 | op:7      (excess 65535)
//! iAx               Ax:25      | op:7
//! isJ               sJ:25      | op:7      (excess 16777215)
//! ```

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])* $name:ident = $value:literal,)*) => {
        /// Opcode numbers as constants, for matching on [`opcode`]'s result.
        pub mod op {
            $($(#[doc = $doc])* pub const $name: u32 = $value;)*
        }
        /// Opcode names in numeric order, as the reference manual of the VM spells them.
        pub const NAMES: [&str; 83] = [$(stringify!($name)),*];
    };
}

opcodes! {
    /// `A B`: R\[A\] := R\[B\]
    MOVE = 0,
    /// `A sBx`: R\[A\] := sBx
    LOADI = 1,
    /// `A sBx`: R\[A\] := (float) sBx
    LOADF = 2,
    /// `A Bx`: R\[A\] := K\[Bx\]
    LOADK = 3,
    /// `A`: R\[A\] := K\[extra arg\]
    LOADKX = 4,
    /// `A`: R\[A\] := false
    LOADFALSE = 5,
    /// `A`: R\[A\] := false; pc++
    LFALSESKIP = 6,
    /// `A`: R\[A\] := true
    LOADTRUE = 7,
    /// `A B`: R\[A\], ..., R\[A+B\] := nil
    LOADNIL = 8,
    /// `A B`: R\[A\] := Up\[B\]
    GETUPVAL = 9,
    /// `A B`: Up\[B\] := R\[A\]
    SETUPVAL = 10,
    /// `A B C`: R\[A\] := Up\[B\]\[K\[C\] (short string)\]
    GETTABUP = 11,
    /// `A B C`: R\[A\] := R\[B\]\[R\[C\]\]
    GETTABLE = 12,
    /// `A B C`: R\[A\] := R\[B\]\[C\]
    GETI = 13,
    /// `A B C`: R\[A\] := R\[B\]\[K\[C\] (short string)\]
    GETFIELD = 14,
    /// `A B C`: Up\[A\]\[K\[B\] (short string)\] := RK(C)
    SETTABUP = 15,
    /// `A B C`: R\[A\]\[R\[B\]\] := RK(C)
    SETTABLE = 16,
    /// `A B C`: R\[A\]\[B\] := RK(C)
    SETI = 17,
    /// `A B C`: R\[A\]\[K\[B\] (short string)\] := RK(C)
    SETFIELD = 18,
    /// `A B C k`: R\[A\] := {}
    NEWTABLE = 19,
    /// `A B C`: R\[A+1\] := R\[B\]; R\[A\] := R\[B\]\[RK(C) (string)\]
    SELF = 20,
    /// `A B sC`: R\[A\] := R\[B\] + sC
    ADDI = 21,
    /// `A B C`: R\[A\] := R\[B\] + K\[C\] (number)
    ADDK = 22,
    /// `A B C`: R\[A\] := R\[B\] - K\[C\] (number)
    SUBK = 23,
    /// `A B C`: R\[A\] := R\[B\] * K\[C\] (number)
    MULK = 24,
    /// `A B C`: R\[A\] := R\[B\] % K\[C\] (number)
    MODK = 25,
    /// `A B C`: R\[A\] := R\[B\] ^ K\[C\] (number)
    POWK = 26,
    /// `A B C`: R\[A\] := R\[B\] / K\[C\] (number)
    DIVK = 27,
    /// `A B C`: R\[A\] := R\[B\] // K\[C\] (number)
    IDIVK = 28,
    /// `A B C`: R\[A\] := R\[B\] & K\[C\] (integer)
    BANDK = 29,
    /// `A B C`: R\[A\] := R\[B\] | K\[C\] (integer)
    BORK = 30,
    /// `A B C`: R\[A\] := R\[B\] ~ K\[C\] (integer)
    BXORK = 31,
    /// `A B sC`: R\[A\] := R\[B\] >> sC
    SHRI = 32,
    /// `A B sC`: R\[A\] := sC << R\[B\]
    SHLI = 33,
    /// `A B C`: R\[A\] := R\[B\] + R\[C\]
    ADD = 34,
    /// `A B C`: R\[A\] := R\[B\] - R\[C\]
    SUB = 35,
    /// `A B C`: R\[A\] := R\[B\] * R\[C\]
    MUL = 36,
    /// `A B C`: R\[A\] := R\[B\] % R\[C\]
    MOD = 37,
    /// `A B C`: R\[A\] := R\[B\] ^ R\[C\]
    POW = 38,
    /// `A B C`: R\[A\] := R\[B\] / R\[C\]
    DIV = 39,
    /// `A B C`: R\[A\] := R\[B\] // R\[C\]
    IDIV = 40,
    /// `A B C`: R\[A\] := R\[B\] & R\[C\]
    BAND = 41,
    /// `A B C`: R\[A\] := R\[B\] | R\[C\]
    BOR = 42,
    /// `A B C`: R\[A\] := R\[B\] ~ R\[C\]
    BXOR = 43,
    /// `A B C`: R\[A\] := R\[B\] << R\[C\]
    SHL = 44,
    /// `A B C`: R\[A\] := R\[B\] >> R\[C\]
    SHR = 45,
    /// `A B C`: call metamethod C over R\[A\] and R\[B\], into the previous instruction's A
    MMBIN = 46,
    /// `A sB C k`: call metamethod C over R\[A\] and sB (swapped if k)
    MMBINI = 47,
    /// `A B C k`: call metamethod C over R\[A\] and K\[B\] (swapped if k)
    MMBINK = 48,
    /// `A B`: R\[A\] := -R\[B\]
    UNM = 49,
    /// `A B`: R\[A\] := ~R\[B\]
    BNOT = 50,
    /// `A B`: R\[A\] := not R\[B\]
    NOT = 51,
    /// `A B`: R\[A\] := #R\[B\]
    LEN = 52,
    /// `A B`: R\[A\] := R\[A\] .. ... .. R\[A + B - 1\]
    CONCAT = 53,
    /// `A`: close all upvalues and to-be-closed variables >= R\[A\]
    CLOSE = 54,
    /// `A`: mark R\[A\] to be closed
    TBC = 55,
    /// `sJ`: pc += sJ
    JMP = 56,
    /// `A B k`: if ((R\[A\] == R\[B\]) ~= k) then pc++
    EQ = 57,
    /// `A B k`: if ((R\[A\] < R\[B\]) ~= k) then pc++
    LT = 58,
    /// `A B k`: if ((R\[A\] <= R\[B\]) ~= k) then pc++
    LE = 59,
    /// `A B k`: if ((R\[A\] == K\[B\]) ~= k) then pc++
    EQK = 60,
    /// `A sB k`: if ((R\[A\] == sB) ~= k) then pc++; C tells whether sB was a float
    EQI = 61,
    /// `A sB k`: if ((R\[A\] < sB) ~= k) then pc++
    LTI = 62,
    /// `A sB k`: if ((R\[A\] <= sB) ~= k) then pc++
    LEI = 63,
    /// `A sB k`: if ((R\[A\] > sB) ~= k) then pc++
    GTI = 64,
    /// `A sB k`: if ((R\[A\] >= sB) ~= k) then pc++
    GEI = 65,
    /// `A k`: if (not R\[A\] == k) then pc++
    TEST = 66,
    /// `A B k`: if (not R\[B\] == k) then pc++ else R\[A\] := R\[B\]
    TESTSET = 67,
    /// `A B C`: R\[A\], ..., R\[A+C-2\] := R\[A\](R\[A+1\], ..., R\[A+B-1\])
    CALL = 68,
    /// `A B C k`: return R\[A\](R\[A+1\], ..., R\[A+B-1\])
    TAILCALL = 69,
    /// `A B C k`: return R\[A\], ..., R\[A+B-2\]
    RETURN = 70,
    /// return
    RETURN0 = 71,
    /// `A`: return R\[A\]
    RETURN1 = 72,
    /// `A Bx`: update counters; if the loop continues then pc -= Bx
    FORLOOP = 73,
    /// `A Bx`: check values and prepare counters; if not to run then pc += Bx + 1
    FORPREP = 74,
    /// `A Bx`: create an upvalue for R\[A + 3\] (to be closed); pc += Bx
    TFORPREP = 75,
    /// `A C`: R\[A+4\], ..., R\[A+3+C\] := R\[A\](R\[A+1\], R\[A+2\])
    TFORCALL = 76,
    /// `A Bx`: if R\[A+4\] ~= nil then { R\[A+2\] := R\[A+4\]; pc -= Bx }
    TFORLOOP = 77,
    /// `A B C k`: R\[A\]\[C+i\] := R\[A+i\], 1 <= i <= B
    SETLIST = 78,
    /// `A Bx`: R\[A\] := closure(proto\[Bx\])
    CLOSURE = 79,
    /// `A C`: R\[A\], R\[A+1\], ..., R\[A+C-2\] := vararg
    VARARG = 80,
    /// `A`: adjust vararg parameters
    VARARGPREP = 81,
    /// `Ax`: extra (larger) argument for the previous opcode
    EXTRAARG = 82,
}

/// Number of opcodes.
pub const COUNT: u32 = 83;
/// Largest value of an A, B or C operand.
pub const MAX_ARG: u32 = 0xff;
/// Largest value of a Bx operand.
pub const MAX_BX: u32 = (1 << 17) - 1;
/// Largest value of an Ax operand.
pub const MAX_AX: u32 = (1 << 25) - 1;
/// What is added to a signed sBx operand so that it is stored unsigned.
pub const OFFSET_SBX: i32 = (MAX_BX >> 1) as i32;
/// What is added to a signed sJ operand so that it is stored unsigned.
pub const OFFSET_SJ: i32 = (MAX_AX >> 1) as i32;
/// What is added to a signed sB or sC operand so that it is stored unsigned.
pub const OFFSET_SC: i32 = 127;

/// The opcode of an instruction, 0 to 127; only values below [`COUNT`] are valid.
#[inline(always)]
pub const fn opcode(i: u32) -> u32 {
    i & 0x7f
}

/// The A operand.
#[inline(always)]
pub const fn a(i: u32) -> usize {
    ((i >> 7) & 0xff) as usize
}

/// The B operand.
#[inline(always)]
pub const fn b(i: u32) -> usize {
    ((i >> 16) & 0xff) as usize
}

/// The C operand.
#[inline(always)]
pub const fn c(i: u32) -> usize {
    (i >> 24) as usize
}

/// The k flag.
#[inline(always)]
pub const fn k(i: u32) -> bool {
    i & (1 << 15) != 0
}

/// The B operand as a signed number.
#[inline(always)]
pub const fn sb(i: u32) -> i32 {
    ((i >> 16) & 0xff) as i32 - OFFSET_SC
}

/// The C operand as a signed number.
#[inline(always)]
pub const fn sc(i: u32) -> i32 {
    (i >> 24) as i32 - OFFSET_SC
}

/// The Bx operand.
#[inline(always)]
pub const fn bx(i: u32) -> usize {
    (i >> 15) as usize
}

/// The Bx operand as a signed number.
#[inline(always)]
pub const fn sbx(i: u32) -> i32 {
    (i >> 15) as i32 - OFFSET_SBX
}

/// The Ax operand.
#[inline(always)]
pub const fn ax(i: u32) -> usize {
    (i >> 7) as usize
}

/// The jump distance of a JMP, relative to the instruction after it.
#[inline(always)]
pub const fn sj(i: u32) -> i32 {
    (i >> 7) as i32 - OFFSET_SJ
}

/// Encodes an iABC instruction.
#[inline]
pub const fn abck(op: u32, a: u32, b: u32, c: u32, k: bool) -> u32 {
    op | a << 7 | (k as u32) << 15 | b << 16 | c << 24
}

/// Encodes an iABx instruction.
#[inline]
pub const fn abx(op: u32, a: u32, bx: u32) -> u32 {
    op | a << 7 | bx << 15
}

/// Encodes an iAsBx instruction.
#[inline]
pub const fn asbx(op: u32, a: u32, sbx: i32) -> u32 {
    abx(op, a, (sbx + OFFSET_SBX) as u32)
}

/// Encodes an iAx instruction.
#[inline]
pub const fn ax_of(op: u32, ax: u32) -> u32 {
    op | ax << 7
}

/// Encodes an isJ instruction.
#[inline]
pub const fn jump(op: u32, sj: i32) -> u32 {
    op | ((sj + OFFSET_SJ) as u32) << 7
}
