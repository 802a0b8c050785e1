//! The grammar of expressions.

use super::Compiler;
use super::function::with_c;
use super::lexer::Result;
use super::operand::{Operand, Place};
use super::operators::{Binary, Unary};
use super::token::Token;
use crate::opcode::op;

/// Binding strength of unary operators.
const UNARY_STRENGTH: u8 = 12;
/// The binary operator that a token is.
fn binary_operator(token: Token) -> Option<Binary> {
    Some(match token {
        Token::Byte(b'+') => Binary::Add,
        Token::Byte(b'-') => Binary::Subtract,
        Token::Byte(b'*') => Binary::Multiply,
        Token::Byte(b'%') => Binary::Modulo,
        Token::Byte(b'^') => Binary::Power,
        Token::Byte(b'/') => Binary::Divide,
        Token::FloorDivide => Binary::FloorDivide,
        Token::Byte(b'&') => Binary::BitAnd,
        Token::Byte(b'|') => Binary::BitOr,
        Token::Byte(b'~') => Binary::BitXor,
        Token::ShiftLeft => Binary::ShiftLeft,
        Token::ShiftRight => Binary::ShiftRight,
        Token::Concat => Binary::Concat,
        Token::NotEqual => Binary::NotEqual,
        Token::Equal => Binary::Equal,
        Token::Byte(b'<') => Binary::Less,
        Token::LessEqual => Binary::LessEqual,
        Token::Byte(b'>') => Binary::Greater,
        Token::GreaterEqual => Binary::GreaterEqual,
        Token::And => Binary::And,
        Token::Or => Binary::Or,
        _ => return None,
    })
}

/// The unary operator that a token is.
fn unary_operator(token: Token) -> Option<Unary> {
    Some(match token {
        Token::Not => Unary::Not,
        Token::Byte(b'-') => Unary::Minus,
        Token::Byte(b'~') => Unary::BitNot,
        Token::Byte(b'#') => Unary::Length,
        _ => return None,
    })
}

/// How strongly an operator binds to its left and to its right.
fn strength(operator: Binary) -> (u8, u8) {
    match operator {
        Binary::Or => (1, 1),
        Binary::And => (2, 2),
        Binary::Equal
        | Binary::NotEqual
        | Binary::Less
        | Binary::LessEqual
        | Binary::Greater
        | Binary::GreaterEqual => (3, 3),
        Binary::BitOr => (4, 4),
        Binary::BitXor => (5, 5),
        Binary::BitAnd => (6, 6),
        Binary::ShiftLeft | Binary::ShiftRight => (7, 7),
        Binary::Concat => (9, 8),
        Binary::Add | Binary::Subtract => (10, 10),
        Binary::Multiply | Binary::Divide | Binary::FloorDivide | Binary::Modulo => (11, 11),
        Binary::Power => (14, 13),
    }
}

impl Compiler<'_> {
    pub(super) fn expression(&mut self) -> Result<Operand> {
        self.operation(0)
    }

    /// Expressions separated by commas, all but the last in registers: that one, and how many.
    pub(super) fn expression_list(&mut self) -> Result<(Operand, usize)> {
        let mut count = 1;
        let mut last = self.expression()?;
        while self.accept(Token::Byte(b','))? {
            self.put_next(&mut last)?;
            last = self.expression()?;
            count += 1;
        }
        Ok((last, count))
    }

    /// An expression of operators that bind more strongly than `limit`.
    fn operation(&mut self, limit: u8) -> Result<Operand> {
        self.enter_level()?;
        let mut left = match unary_operator(self.lexer.token) {
            Some(operator) => {
                let line = self.lexer.line;
                self.lexer.advance()?;
                let mut operand = self.operation(UNARY_STRENGTH)?;
                self.prefix(operator, &mut operand, line)?;
                operand
            }
            None => self.simple_expression()?,
        };
        while let Some(operator) = binary_operator(self.lexer.token)
            && strength(operator).0 > limit
        {
            let line = self.lexer.line;
            self.lexer.advance()?;
            self.infix(operator, &mut left)?;
            let right = self.operation(strength(operator).1)?;
            self.postfix(operator, &mut left, right, line)?;
        }
        self.leave_level();
        Ok(left)
    }

    fn simple_expression(&mut self) -> Result<Operand> {
        let place = match self.lexer.token {
            Token::Integer(value) => Place::Integer(value),
            Token::Float(value) => Place::Float(value),
            Token::String(text) => Place::Text(text),
            Token::Nil => Place::Nil,
            Token::True => Place::True,
            Token::False => Place::False,
            Token::Dots => {
                if !self.state.function.is_vararg {
                    return Err(self.lexer.error("cannot use '...' outside a vararg function"));
                }
                Place::Vararg(self.emit_abc(op::VARARG, 0, 0, 1))
            }
            Token::Byte(b'{') => return self.table_constructor(),
            Token::Function => {
                self.lexer.advance()?;
                let line = self.lexer.line;
                return self.function_body(false, line);
            }
            _ => return self.suffixed_expression(),
        };
        self.lexer.advance()?;
        Ok(place.into())
    }

    fn primary_expression(&mut self) -> Result<Operand> {
        match self.lexer.token {
            Token::Name(name) => {
                self.lexer.advance()?;
                self.resolve(name)
            }
            Token::Byte(b'(') => {
                let line = self.lexer.line;
                self.lexer.advance()?;
                let mut operand = self.expression()?;
                self.require_match(Token::Byte(b')'), Token::Byte(b'('), line)?;
                self.discharge(&mut operand);
                Ok(operand)
            }
            _ => Err(self.lexer.error("unexpected symbol")),
        }
    }

    /// A name or parenthesis and the fields, indices and calls after it.
    #[inline(never)]
    pub(super) fn suffixed_expression(&mut self) -> Result<Operand> {
        let mut operand = self.primary_expression()?;
        loop {
            match self.lexer.token {
                Token::Byte(b'.') => self.field(&mut operand)?,
                Token::Byte(b'[') => {
                    self.put_anywhere_or_upvalue(&mut operand)?;
                    let mut key = self.bracketed_key()?;
                    self.index(&mut operand, &mut key)?;
                }
                Token::Byte(b':') => {
                    self.lexer.advance()?;
                    let name = self.require_name()?;
                    self.emit_self(&mut operand, &mut Place::Text(name).into())?;
                    self.call_arguments(&mut operand)?;
                }
                Token::Byte(b'(' | b'{') | Token::String(_) => {
                    self.put_next(&mut operand)?;
                    self.call_arguments(&mut operand)?;
                }
                _ => return Ok(operand),
            }
        }
    }

    /// `.name` or `:name` behind a table.
    pub(super) fn field(&mut self, table: &mut Operand) -> Result<()> {
        self.put_anywhere_or_upvalue(table)?;
        self.lexer.advance()?;
        let name = self.require_name()?;
        self.index(table, &mut Place::Text(name).into())
    }

    /// `[expression]`
    pub(super) fn bracketed_key(&mut self) -> Result<Operand> {
        self.lexer.advance()?;
        let mut key = self.expression()?;
        self.put_value(&mut key)?;
        self.require(Token::Byte(b']'))?;
        Ok(key)
    }

    /// The arguments of a call whose function is in the register before the free ones.
    #[inline(never)]
    fn call_arguments(&mut self, function: &mut Operand) -> Result<()> {
        let line = self.lexer.line;
        let mut last = match self.lexer.token {
            Token::Byte(b'(') => self.argument_list(line)?,
            Token::Byte(b'{') => self.table_constructor()?,
            Token::String(text) => {
                self.lexer.advance()?;
                Place::Text(text).into()
            }
            _ => return Err(self.lexer.error("function arguments expected")),
        };
        let Place::Register(base) = function.place else { return Ok(()) };
        let argument_bound = if last.is_open() {
            0
        } else {
            if !matches!(last.place, Place::Void) {
                self.put_next(&mut last)?;
            }
            (self.state.free_register - usize::from(base)) as u32
        };
        *function = Place::Call(self.emit_abc(op::CALL, base.into(), argument_bound, 2)).into();
        self.state.set_last_line(line);
        // The call takes function and arguments away and leaves one result.
        self.state.free_register = usize::from(base) + 1;
        Ok(())
    }

    #[inline(never)]
    fn argument_list(&mut self, line: u32) -> Result<Operand> {
        self.lexer.advance()?;
        let mut last = Operand::from(Place::Void);
        if self.lexer.token != Token::Byte(b')') {
            (last, _) = self.expression_list()?;
            if last.is_open() {
                self.set_returns(&last, None)?;
            }
        }
        self.require_match(Token::Byte(b')'), Token::Byte(b'('), line)?;
        Ok(last)
    }

    /// Turns the call that an operand is into one without results.
    pub(super) fn discard_results(&mut self, operand: &Operand) -> Result<()> {
        let Place::Call(pc) = operand.place else {
            return Err(self.lexer.error("syntax error"));
        };
        let call = self.state.instruction(pc);
        *call = with_c(*call, 1);
        Ok(())
    }
}
