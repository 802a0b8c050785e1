//! Compiles Lua source to the instructions of Lua 5.4, in one pass over the tokens.
//!
//! The output equals that of PUC-Rio's compiler (5.4.8) instruction by instruction, with the
//! same constants, lines and debug information, so that chunks of both are interchangeable.
//!
//! The parser (`expression`, `body`, `table`, `statement`, `assignment`, `loops`) walks the
//! grammar and hands operands to the generator (`emit`, `registers`, `access`, `operators`,
//! `arithmetic`, `conditions`, `jumps`); `scope` keeps variables, and `labels` blocks, gotos
//! and labels.

mod access;
mod arithmetic;
mod assignment;
mod body;
mod conditions;
mod constants;
mod emit;
mod error;
mod expression;
mod fold;
mod function;
mod jumps;
mod labels;
mod lexer;
mod loops;
mod operand;
mod operators;
mod registers;
mod scope;
mod statement;
mod strings;
mod table;
mod token;

use std::collections::HashMap;

use crate::bytecode::Function;
use crate::chunk_id::until_nul;

pub use error::SyntaxError;
use function::FunctionState;
use labels::{Gotos, Labels};
use lexer::{Lexer, Result};
use scope::Variable;
use token::{Text, Token};

/// Levels of nesting (of expressions, blocks, functions) that a program may have, counting the
/// ones that the caller is in already.
pub const NESTING_MAX: u32 = 200;

/// Compiles a source text to its main function.
///
/// The source is bytes in any encoding; `chunk_name` says where it comes from, in Lua's way:
/// `@file`, `=name`, or the source itself. A first line that starts with `#` is not skipped.
///
/// # Errors
/// A [`SyntaxError`] in PUC-Rio's words when the text is no Lua program.
///
/// ```
/// let function = lua_code::compiler::compile(b"return 1 + 2", b"=example").unwrap();
/// assert!(function.is_vararg);
/// let error = lua_code::compiler::compile(b"x = = 1", b"=example").unwrap_err();
/// assert_eq!(error.message(), b"example:1: unexpected symbol near '='");
/// ```
pub fn compile(source: &[u8], chunk_name: &[u8]) -> Result<Function> {
    compile_within(source, chunk_name, 0, usize::MAX, &mut |_| true).map(|(function, _)| function)
}

/// Compiles as [`compile`] does for a caller that is `depth` levels deep in nested native calls
/// already, which count towards [`NESTING_MAX`], in `room` bytes of memory. Each time that some
/// kilobytes were read, `goes_on` is told how many bytes; if it says no, compilation ends. Also
/// returns about how many bytes the compiler held at its end, the function included.
///
/// # Errors
/// As [`compile`], and errors that [`SyntaxError::is_out_of_memory`] and
/// [`SyntaxError::is_stopped`] know.
///
/// ```
/// let source = b"x = 1 ".repeat(10_000);
/// let mut read = 0;
/// let mut goes_on = |bytes| {
///     read += bytes;
///     read < 20_000
/// };
/// let outcome =
///     lua_code::compiler::compile_within(&source, b"=long", 0, usize::MAX, &mut goes_on);
/// assert!(outcome.unwrap_err().is_stopped());
/// assert!((20_000..30_000).contains(&read));
/// ```
pub fn compile_within(
    source: &[u8],
    chunk_name: &[u8],
    depth: u32,
    room: usize,
    goes_on: &mut dyn FnMut(usize) -> bool,
) -> Result<(Function, usize)> {
    let mut lexer = Lexer::new(source, chunk_name, room, goes_on);
    let environment = lexer.texts.intern(b"_ENV");
    let mut compiler = Compiler {
        lexer,
        environment,
        state: FunctionState::new(0, 0, 0),
        enclosing: Vec::new(),
        variables: Vec::new(),
        gotos: Gotos::default(),
        labels: Labels::default(),
        constant_indexes: HashMap::new(),
        depth,
    };
    let mut function = compiler.main_function()?;
    function.source = Some(until_nul(chunk_name).into());
    Ok((function, compiler.lexer.held + compiler.lexer.texts.held))
}

/// The state of one compilation.
struct Compiler<'s> {
    lexer: Lexer<'s>,
    /// The name of the variable that holds the table of globals.
    environment: Text,
    /// The function whose body is being read.
    state: FunctionState,
    /// The functions around it, outermost first.
    enclosing: Vec<FunctionState>,
    /// Variables in sight, of all functions that are open.
    variables: Vec<Variable>,
    /// Jumps that wait for their label.
    gotos: Gotos,
    labels: Labels,
    constant_indexes: HashMap<constants::ConstantKey, u32>,
    depth: u32,
}

impl Compiler<'_> {
    fn main_function(&mut self) -> Result<Function> {
        self.enter_block(false);
        self.set_vararg(0);
        self.add_environment();
        self.lexer.advance()?;
        self.statements()?;
        self.check(Token::End)?;
        self.finish_function()
    }

    /// Counts one more level of nesting; [`Compiler::leave_level`] takes it back.
    fn enter_level(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth >= NESTING_MAX {
            return Err(SyntaxError::new(b"C stack overflow".to_vec()));
        }
        Ok(())
    }

    fn leave_level(&mut self) {
        self.depth -= 1;
    }

    /// The error for a table of the compiled function that is full.
    fn too_many(&self, what: &str, limit: usize) -> SyntaxError {
        SyntaxError::new(format!("too many {what} (limit is {limit})").into_bytes())
    }

    /// Checks a limit of the language for the function at hand.
    fn check_limit(
        &self,
        function: &FunctionState,
        count: usize,
        limit: usize,
        what: &str,
    ) -> Result<()> {
        if count <= limit {
            return Ok(());
        }
        let place = match function.function.line_defined {
            0 => "main function".to_string(),
            line => format!("function at line {line}"),
        };
        Err(self.lexer.error(&format!("too many {what} (limit is {limit}) in {place}")))
    }

    #[cold]
    #[inline(never)]
    fn expected(&self, token: Token) -> SyntaxError {
        self.lexer.error(&format!("{} expected", token.describe()))
    }

    fn check(&self, token: Token) -> Result<()> {
        if self.lexer.token == token { Ok(()) } else { Err(self.expected(token)) }
    }

    /// Consumes the token if it is the current one.
    fn accept(&mut self, token: Token) -> Result<bool> {
        let found = self.lexer.token == token;
        if found {
            self.lexer.advance()?;
        }
        Ok(found)
    }

    fn require(&mut self, token: Token) -> Result<()> {
        self.check(token)?;
        self.lexer.advance()
    }

    /// Requires the token that closes what another one opened at a line.
    fn require_match(&mut self, closing: Token, opening: Token, line: u32) -> Result<()> {
        if self.accept(closing)? {
            return Ok(());
        }
        Err(self.unclosed(closing, opening, line))
    }

    #[cold]
    #[inline(never)]
    fn unclosed(&self, closing: Token, opening: Token, line: u32) -> SyntaxError {
        if line == self.lexer.line {
            return self.expected(closing);
        }
        let (closing, opening) = (closing.describe(), opening.describe());
        self.lexer.error(&format!("{closing} expected (to close {opening} at line {line})"))
    }

    fn require_name(&mut self) -> Result<Text> {
        let Token::Name(name) = self.lexer.token else {
            return Err(self.lexer.error("<name> expected"));
        };
        self.lexer.advance()?;
        Ok(name)
    }

    /// An error about the meaning of a name: it quotes no token.
    #[cold]
    #[inline(never)]
    fn name_error(&self, before: &str, name: Text, after: &str) -> SyntaxError {
        let name = until_nul(self.lexer.texts.bytes(name));
        self.lexer.error_here(&[before.as_bytes(), name, after.as_bytes()].concat())
    }
}
