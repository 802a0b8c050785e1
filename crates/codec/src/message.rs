//! Messages: values handed across the border of the WebAssembly module.
//!
//! `docs/wire.md` gives the bytes. The other side of the border reads and writes them in
//! another language, so the format is as plain as it can be.

use crate::bytes::{Reader, exactly, put_count, put_varint};
use crate::error::{Error, Result};
use crate::limits::{MESSAGE_BYTES_MAX, NESTING_MAX};
use crate::scalar::{self, Scalar};
use std::collections::VecDeque;

const TABLE: u8 = scalar::FIRST_FORMAT_TAG;
const FUNCTION: u8 = scalar::FIRST_FORMAT_TAG + 1;
const COROUTINE: u8 = scalar::FIRST_FORMAT_TAG + 2;
const HOST: u8 = scalar::FIRST_FORMAT_TAG + 3;

/// A value of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum WireValue {
    /// Nil.
    #[default]
    Nil,
    /// A boolean.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float; every bit is kept.
    Float(f64),
    /// A string of any bytes.
    String(Vec<u8>),
    /// A table, by its index in [`Message::tables`]: shared tables and cycles stay as they are.
    Table(u32),
    /// A function, by a handle of the side that owns it.
    Function(u32),
    /// A coroutine, by a handle of the machine.
    Coroutine(u32),
    /// A host object, by a handle of the host.
    Host(u32),
}

/// A table of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WireTable {
    /// The values at 1, 2, 3 and so on.
    pub array: Vec<WireValue>,
    /// Further entries. No key is nil or NaN.
    pub entries: Vec<(WireValue, WireValue)>,
}

/// A list of values, such as arguments or results, with the tables that they reach.
///
/// ```
/// use codec::{Message, WireTable, WireValue};
/// let cycle = WireTable { array: vec![WireValue::Table(0)], entries: vec![] };
/// let message = Message {
///     values: vec![WireValue::Integer(-1), WireValue::Table(0)],
///     tables: vec![cycle],
/// };
/// let bytes = message.encode().unwrap();
/// assert_eq!(bytes, [2, 0x03, 1, 0x10, 0, 1, 1, 0x10, 0, 0]);
/// assert_eq!(Message::decode(&bytes).unwrap(), message);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The values.
    pub values: Vec<WireValue>,
    /// The tables that values and tables refer to by index.
    pub tables: Vec<WireTable>,
}

impl Message {
    /// The message as bytes.
    ///
    /// # Errors
    /// `is_limit` beyond [`crate::limits::MESSAGE_BYTES_MAX`] bytes or
    /// [`crate::limits::NESTING_MAX`] levels; `is_not_a_key`; `is_malformed` for an index
    /// without a table or a table that nothing reaches.
    ///
    /// ```
    /// use codec::{Message, WireValue};
    /// let message = Message { values: vec![WireValue::String(b"hi".to_vec())], tables: vec![] };
    /// assert_eq!(message.encode().unwrap(), [1, 0x06, 2, b'h', b'i', 0]);
    /// ```
    pub fn encode(&self) -> std::result::Result<Vec<u8>, Error> {
        self.check()?;
        let mut out = Vec::new();
        write_values(&mut out, &self.values)?;
        put_count(&mut out, self.tables.len());
        for table in &self.tables {
            write_values(&mut out, &table.array)?;
            put_count(&mut out, table.entries.len());
            for (key, value) in &table.entries {
                write_value(&mut out, key)?;
                write_value(&mut out, value)?;
            }
        }
        match out.len() > MESSAGE_BYTES_MAX {
            true => Err(Error::limit("a message, in bytes", MESSAGE_BYTES_MAX)),
            false => Ok(out),
        }
    }

    /// The message that `bytes` hold.
    ///
    /// # Errors
    /// `is_truncated`, `is_malformed`, `is_limit` or `is_not_a_key`.
    ///
    /// ```
    /// use codec::{Message, WireValue};
    /// let message = Message::decode(&[2, 0x00, 0x02, 0]).unwrap();
    /// assert_eq!(message.values, [WireValue::Nil, WireValue::Boolean(true)]);
    /// assert!(Message::decode(&[2, 0x00]).unwrap_err().is_truncated());
    /// ```
    pub fn decode(bytes: &[u8]) -> std::result::Result<Self, Error> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(Error::limit("a message, in bytes", MESSAGE_BYTES_MAX));
        }
        let mut reader = Reader::new(bytes, 0);
        let values = read_values(&mut reader)?;
        let count = reader.count(2)?;
        let tables = exactly(count, || read_table(&mut reader))?;
        reader.finish()?;
        let message = Self { values, tables };
        message.check()?;
        Ok(message)
    }

    /// Every reference leads to a table, every table is reached, none of them too deep; keys are
    /// keys. Walks level by level, so that depth is the shortest way and costs no recursion.
    fn check(&self) -> Result<()> {
        let mut walk = Walk { reached: vec![false; self.tables.len()], queue: VecDeque::new() };
        self.values.iter().try_for_each(|value| walk.visit(value, 1))?;
        while let Some((index, level)) = walk.queue.pop_front() {
            let table = &self.tables[index];
            table.array.iter().try_for_each(|value| walk.visit(value, level + 1))?;
            for (key, value) in &table.entries {
                check_key(key)?;
                walk.visit(key, level + 1)?;
                walk.visit(value, level + 1)?;
            }
        }
        match walk.reached.iter().position(|&reached| !reached) {
            Some(index) => Err(Error::reference("a table that nothing reaches", index as u32)),
            None => Ok(()),
        }
    }
}

/// The state of a walk over the tables of a message, nearest first.
struct Walk {
    reached: Vec<bool>,
    queue: VecDeque<(usize, usize)>,
}

impl Walk {
    fn visit(&mut self, value: &WireValue, level: usize) -> Result<()> {
        let WireValue::Table(index) = *value else { return Ok(()) };
        let reached = self.reached.get_mut(index as usize);
        let reached = reached.ok_or(Error::reference("a missing table", index))?;
        if std::mem::replace(reached, true) {
            return Ok(());
        }
        if level > NESTING_MAX {
            return Err(Error::limit("the nesting of tables", NESTING_MAX));
        }
        self.queue.push_back((index as usize, level));
        Ok(())
    }
}

fn check_key(key: &WireValue) -> Result<()> {
    match key {
        WireValue::Nil => Err(Error::not_a_key("nil")),
        WireValue::Float(float) if float.is_nan() => Err(Error::not_a_key("NaN")),
        _ => Ok(()),
    }
}

fn write_values(out: &mut Vec<u8>, values: &[WireValue]) -> Result<()> {
    put_count(out, values.len());
    values.iter().try_for_each(|value| write_value(out, value))
}

fn write_value(out: &mut Vec<u8>, value: &WireValue) -> Result<()> {
    let (tag, number) = match value {
        WireValue::Nil => return Scalar::Nil.write(out, MESSAGE_BYTES_MAX),
        WireValue::Boolean(value) => {
            return Scalar::Boolean(*value).write(out, MESSAGE_BYTES_MAX);
        }
        WireValue::Integer(value) => {
            return Scalar::Integer(*value).write(out, MESSAGE_BYTES_MAX);
        }
        WireValue::Float(value) => return Scalar::Float(*value).write(out, MESSAGE_BYTES_MAX),
        WireValue::String(bytes) => return Scalar::String(bytes).write(out, MESSAGE_BYTES_MAX),
        WireValue::Table(index) => (TABLE, index),
        WireValue::Function(handle) => (FUNCTION, handle),
        WireValue::Coroutine(handle) => (COROUTINE, handle),
        WireValue::Host(handle) => (HOST, handle),
    };
    out.push(tag);
    put_varint(out, u64::from(*number));
    Ok(())
}

fn read_values(reader: &mut Reader<'_>) -> Result<Vec<WireValue>> {
    let count = reader.count(1)?;
    exactly(count, || read_value(reader))
}

fn read_table(reader: &mut Reader<'_>) -> Result<WireTable> {
    let array = read_values(reader)?;
    let count = reader.count(2)?;
    let entries = exactly(count, || Ok((read_value(reader)?, read_value(reader)?)))?;
    Ok(WireTable { array, entries })
}

fn read_value(reader: &mut Reader<'_>) -> Result<WireValue> {
    Ok(match reader.byte()? {
        TABLE => WireValue::Table(reader.varint_u32()?),
        FUNCTION => WireValue::Function(reader.varint_u32()?),
        COROUTINE => WireValue::Coroutine(reader.varint_u32()?),
        HOST => WireValue::Host(reader.varint_u32()?),
        tag => match Scalar::read(tag, reader, MESSAGE_BYTES_MAX)? {
            Scalar::Nil => WireValue::Nil,
            Scalar::Boolean(value) => WireValue::Boolean(value),
            Scalar::Integer(value) => WireValue::Integer(value),
            Scalar::Float(value) => WireValue::Float(value),
            Scalar::String(bytes) => WireValue::String(bytes.to_vec()),
        },
    })
}
