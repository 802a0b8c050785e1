//! Table constructors.

use super::Compiler;
use super::lexer::Result;
use super::operand::{Operand, Pc, Place};
use super::token::Token;
use crate::opcode::{MAX_ARG, abck, ax_of, op};

/// List items that are gathered in registers before they are stored together.
const ITEMS_PER_STORE: usize = 50;

/// A constructor that is being read.
struct Constructor {
    table: u8,
    /// A list item that is read and not in a register yet.
    item: Operand,
    record_count: u32,
    /// List items stored already.
    stored_count: usize,
    /// List items read and not stored.
    waiting_count: usize,
}

impl Compiler<'_> {
    #[inline(never)]
    pub(super) fn table_constructor(&mut self) -> Result<Operand> {
        let line = self.lexer.line;
        let pc = self.emit_abc(op::NEWTABLE, 0, 0, 0);
        self.emit(ax_of(op::EXTRAARG, 0));
        let mut constructor = Constructor {
            table: self.state.free_register as u8,
            item: Place::Void.into(),
            record_count: 0,
            stored_count: 0,
            waiting_count: 0,
        };
        self.reserve(1)?;
        self.require(Token::Byte(b'{'))?;
        while self.lexer.token != Token::Byte(b'}') {
            self.store_item(&mut constructor)?;
            self.constructor_field(&mut constructor)?;
            if !self.accept(Token::Byte(b','))? && !self.accept(Token::Byte(b';'))? {
                break;
            }
        }
        self.require_match(Token::Byte(b'}'), Token::Byte(b'{'), line)?;
        self.store_last_items(&mut constructor)?;
        self.set_table_size(pc, &constructor);
        Ok(Place::Register(constructor.table).into())
    }

    fn constructor_field(&mut self, constructor: &mut Constructor) -> Result<()> {
        let is_record = match self.lexer.token {
            Token::Name(_) => self.lexer.peek()? == Token::Byte(b'='),
            Token::Byte(b'[') => true,
            _ => false,
        };
        if is_record {
            return self.record_field(constructor);
        }
        constructor.item = self.expression()?;
        constructor.waiting_count += 1;
        Ok(())
    }

    #[inline(never)]
    fn record_field(&mut self, constructor: &mut Constructor) -> Result<()> {
        let free_register = self.state.free_register;
        let mut key = match self.lexer.token {
            Token::Byte(b'[') => self.bracketed_key()?,
            _ => Place::Text(self.require_name()?).into(),
        };
        constructor.record_count += 1;
        self.require(Token::Byte(b'='))?;
        let mut field = Operand::from(Place::Register(constructor.table));
        self.index(&mut field, &mut key)?;
        let mut value = self.expression()?;
        self.store(field.place, &mut value)?;
        self.state.free_register = free_register;
        Ok(())
    }

    /// Puts the item read last into a register, and stores items once enough have gathered.
    #[inline(never)]
    fn store_item(&mut self, constructor: &mut Constructor) -> Result<()> {
        if matches!(constructor.item.place, Place::Void) {
            return Ok(());
        }
        self.put_next(&mut constructor.item)?;
        constructor.item = Place::Void.into();
        if constructor.waiting_count == ITEMS_PER_STORE {
            self.emit_set_list(constructor, Some(ITEMS_PER_STORE));
            constructor.stored_count += ITEMS_PER_STORE;
            constructor.waiting_count = 0;
        }
        Ok(())
    }

    #[inline(never)]
    fn store_last_items(&mut self, constructor: &mut Constructor) -> Result<()> {
        if constructor.waiting_count == 0 {
            return Ok(());
        }
        if constructor.item.is_open() {
            self.set_returns(&constructor.item, None)?;
            self.emit_set_list(constructor, None);
            // How many values it gives is not known; they do not count for the size.
            constructor.waiting_count -= 1;
        } else {
            if !matches!(constructor.item.place, Place::Void) {
                self.put_next(&mut constructor.item)?;
            }
            self.emit_set_list(constructor, Some(constructor.waiting_count));
        }
        constructor.stored_count += constructor.waiting_count;
        Ok(())
    }

    fn emit_set_list(&mut self, constructor: &Constructor, count: Option<usize>) {
        let (table, count) = (u32::from(constructor.table), count.unwrap_or(0) as u32);
        let (high, low) = split(constructor.stored_count);
        self.emit(abck(op::SETLIST, table, count, low, high > 0));
        if high > 0 {
            self.emit(ax_of(op::EXTRAARG, high));
        }
        self.state.free_register = usize::from(constructor.table) + 1;
    }

    fn set_table_size(&mut self, pc: Pc, constructor: &Constructor) {
        let hash_size = match constructor.record_count {
            0 => 0,
            count => count.next_power_of_two().trailing_zeros() + 1,
        };
        let (high, low) = split(constructor.stored_count);
        let table = u32::from(constructor.table);
        *self.state.instruction(pc) = abck(op::NEWTABLE, table, hash_size, low, high > 0);
        *self.state.instruction(pc + 1) = ax_of(op::EXTRAARG, high);
    }
}

/// A count as an extra argument and a C operand.
fn split(count: usize) -> (u32, u32) {
    let count = count as u32;
    (count / (MAX_ARG + 1), count % (MAX_ARG + 1))
}
