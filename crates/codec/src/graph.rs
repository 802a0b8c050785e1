//! The objects of an image as bytes; `docs/image.md` describes them.

use crate::bytes::{Reader, exactly, put_count, put_string, put_varint, unzigzag, zigzag};
use crate::error::{Error, Result};
use crate::limits::{NAME_BYTES_MAX, VALUE_BYTES_MAX};
use crate::object::{
    Closure, Coroutine, CoroutineStatus, Frame, HostObject, NativeFunction, Object, ObjectId,
    OpenCell, Table, Value,
};
use crate::scalar::{self, Scalar};
use std::collections::HashMap;

const TABLE: u8 = 1;
const CLOSURE: u8 = 2;
const CELL: u8 = 3;
const NATIVE: u8 = 4;
const COROUTINE: u8 = 5;
const HOST: u8 = 6;
const NAMED: u8 = 7;

/// A reference to an object: its id.
const OBJECT: u8 = scalar::FIRST_FORMAT_TAG;
/// A string that occurred before: its index among the strings that may be shared.
const SHARED_STRING: u8 = scalar::FIRST_FORMAT_TAG + 1;

/// Strings from two bytes to this many are written once. The upper bound keeps what two bytes
/// of input can make a decoder allocate constant.
const SHARED_STRING_BYTES_MAX: usize = 64;

const HAS_METATABLE: u8 = 1;
const ARRAY_MIXED: u8 = 0;
const ARRAY_INTEGERS: u8 = 2;
const ARRAY_FLOATS: u8 = 4;

fn may_be_shared(string: &[u8]) -> bool {
    (2..=SHARED_STRING_BYTES_MAX).contains(&string.len())
}

/// Writes objects and values of one image; remembers the strings that it wrote.
#[derive(Default)]
pub(crate) struct Writer<'a> {
    pub(crate) out: Vec<u8>,
    shared: HashMap<&'a [u8], u64>,
}

impl<'a> Writer<'a> {
    pub(crate) fn value(&mut self, value: &'a Value) -> Result<()> {
        let scalar = match value {
            Value::Nil => Scalar::Nil,
            Value::Boolean(value) => Scalar::Boolean(*value),
            Value::Integer(value) => Scalar::Integer(*value),
            Value::Float(value) => Scalar::Float(*value),
            Value::String(bytes) => {
                if may_be_shared(bytes) {
                    if let Some(&index) = self.shared.get(&bytes[..]) {
                        self.out.push(SHARED_STRING);
                        put_varint(&mut self.out, index);
                        return Ok(());
                    }
                    self.shared.insert(bytes, self.shared.len() as u64);
                }
                Scalar::String(bytes)
            }
            Value::Object(id) => {
                self.out.push(OBJECT);
                put_varint(&mut self.out, u64::from(id.0));
                return Ok(());
            }
        };
        scalar.write(&mut self.out, VALUE_BYTES_MAX)
    }

    fn values(&mut self, values: &'a [Value]) -> Result<()> {
        put_count(&mut self.out, values.len());
        values.iter().try_for_each(|value| self.value(value))
    }

    fn name(&mut self, name: &[u8]) -> Result<()> {
        put_string(&mut self.out, name, "a registered name", NAME_BYTES_MAX)
    }

    pub(crate) fn object(&mut self, object: &'a Object) -> Result<()> {
        match object {
            Object::Table(table) => self.table(table),
            Object::Closure(closure) => {
                self.out.push(CLOSURE);
                put_varint(&mut self.out, u64::from(closure.prototype));
                put_count(&mut self.out, closure.upvalues.len());
                for upvalue in &closure.upvalues {
                    put_varint(&mut self.out, u64::from(upvalue.0));
                }
                Ok(())
            }
            Object::Cell(value) => {
                self.out.push(CELL);
                self.value(value)
            }
            Object::Native(native) => {
                self.out.push(NATIVE);
                self.name(&native.name)?;
                self.values(&native.captures)
            }
            Object::Coroutine(coroutine) => self.coroutine(coroutine),
            Object::Host(host) => {
                self.out.push(HOST);
                self.name(&host.handler)?;
                put_string(&mut self.out, &host.bytes, "a host object", VALUE_BYTES_MAX)
            }
            Object::Named(name) => {
                self.out.push(NAMED);
                self.name(name)
            }
        }
    }

    fn table(&mut self, table: &'a Table) -> Result<()> {
        let array_kind = array_kind(&table.array);
        let has_metatable = if table.metatable.is_some() { HAS_METATABLE } else { 0 };
        self.out.extend([TABLE, array_kind | has_metatable]);
        if let Some(id) = table.metatable {
            put_varint(&mut self.out, u64::from(id.0));
        }
        put_count(&mut self.out, table.array.len());
        for value in &table.array {
            match value {
                Value::Integer(value) if array_kind == ARRAY_INTEGERS => {
                    put_varint(&mut self.out, zigzag(*value));
                }
                Value::Float(value) if array_kind == ARRAY_FLOATS => {
                    self.out.extend_from_slice(&value.to_bits().to_le_bytes());
                }
                _ => self.value(value)?,
            }
        }
        put_count(&mut self.out, table.entries.len());
        for (key, value) in &table.entries {
            self.value(key)?;
            self.value(value)?;
        }
        Ok(())
    }

    fn coroutine(&mut self, coroutine: &'a Coroutine) -> Result<()> {
        let status = match coroutine.status {
            CoroutineStatus::Created => 0,
            CoroutineStatus::Suspended => 1,
            CoroutineStatus::Dead => 2,
        };
        self.out.extend([COROUTINE, status]);
        self.values(&coroutine.stack)?;
        put_count(&mut self.out, coroutine.frames.len());
        for frame in &coroutine.frames {
            self.frame(frame)?;
        }
        put_count(&mut self.out, coroutine.open_cells.len());
        for open in &coroutine.open_cells {
            put_varint(&mut self.out, u64::from(open.slot));
            put_varint(&mut self.out, u64::from(open.cell.0));
        }
        put_count(&mut self.out, coroutine.to_close.len());
        for &slot in &coroutine.to_close {
            put_varint(&mut self.out, u64::from(slot));
        }
        self.values(&coroutine.pending)
    }

    fn frame(&mut self, frame: &'a Frame) -> Result<()> {
        self.out.push(frame.kind);
        put_varint(&mut self.out, u64::from(frame.flags));
        self.value(&frame.function)?;
        put_varint(&mut self.out, u64::from(frame.pc));
        put_varint(&mut self.out, u64::from(frame.base));
        put_count(&mut self.out, frame.numbers.len());
        for &number in &frame.numbers {
            put_varint(&mut self.out, zigzag(number));
        }
        self.values(&frame.values)
    }
}

/// Arrays of integers or floats alone need no tags.
fn array_kind(array: &[Value]) -> u8 {
    let all = |is: fn(&Value) -> bool| !array.is_empty() && array.iter().all(is);
    if all(|value| matches!(value, Value::Integer(_))) {
        ARRAY_INTEGERS
    } else if all(|value| matches!(value, Value::Float(_))) {
        ARRAY_FLOATS
    } else {
        ARRAY_MIXED
    }
}

/// Reads what [`Writer`] writes; remembers the strings that it read.
pub(crate) struct Parser<'a> {
    pub(crate) reader: Reader<'a>,
    shared: Vec<&'a [u8]>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(reader: Reader<'a>) -> Self {
        Self { reader, shared: Vec::new() }
    }

    /// Goes on with another section of the same image.
    pub(crate) fn continue_with(&mut self, reader: Reader<'a>) {
        self.reader = reader;
    }

    pub(crate) fn value(&mut self) -> Result<Value> {
        let start = self.reader.position();
        match self.reader.byte()? {
            OBJECT => Ok(Value::Object(ObjectId(self.reader.varint_u32()?))),
            SHARED_STRING => {
                let index = self.reader.varint_u32()? as usize;
                let string = self.shared.get(index);
                let string = string.ok_or(Error::malformed("a missing string", start))?;
                Ok(Value::String(string.to_vec()))
            }
            tag => Ok(match Scalar::read(tag, &mut self.reader, VALUE_BYTES_MAX)? {
                Scalar::Nil => Value::Nil,
                Scalar::Boolean(value) => Value::Boolean(value),
                Scalar::Integer(value) => Value::Integer(value),
                Scalar::Float(value) => Value::Float(value),
                Scalar::String(bytes) => {
                    if may_be_shared(bytes) {
                        self.shared.push(bytes);
                    }
                    Value::String(bytes.to_vec())
                }
            }),
        }
    }

    /// A count, and as many items read by `item`.
    fn list<T>(
        &mut self,
        item_bytes_min: usize,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.reader.count(item_bytes_min)?;
        exactly(count, || item(self))
    }

    fn values(&mut self) -> Result<Vec<Value>> {
        self.list(1, Self::value)
    }

    fn name(&mut self) -> Result<Vec<u8>> {
        Ok(self.reader.string("a registered name", NAME_BYTES_MAX)?.to_vec())
    }

    fn id(&mut self) -> Result<ObjectId> {
        self.reader.varint_u32().map(ObjectId)
    }

    pub(crate) fn object(&mut self) -> Result<Object> {
        let start = self.reader.position();
        Ok(match self.reader.byte()? {
            TABLE => Object::Table(self.table()?),
            CLOSURE => Object::Closure(Closure {
                prototype: self.reader.varint_u32()?,
                upvalues: self.list(1, Self::id)?,
            }),
            CELL => Object::Cell(self.value()?),
            NATIVE => {
                Object::Native(NativeFunction { name: self.name()?, captures: self.values()? })
            }
            COROUTINE => Object::Coroutine(Box::new(self.coroutine()?)),
            HOST => Object::Host(HostObject {
                handler: self.name()?,
                bytes: self.reader.string("a host object", VALUE_BYTES_MAX)?.to_vec(),
            }),
            NAMED => Object::Named(self.name()?),
            _ => return Err(Error::malformed("an unknown object tag", start)),
        })
    }

    fn table(&mut self) -> Result<Table> {
        let start = self.reader.position();
        let flags = self.reader.byte()?;
        let metatable = match flags & HAS_METATABLE {
            0 => None,
            _ => Some(self.id()?),
        };
        let array = match flags & !HAS_METATABLE {
            ARRAY_MIXED => self.values()?,
            ARRAY_INTEGERS => {
                self.list(1, |parser| Ok(Value::Integer(unzigzag(parser.reader.varint()?))))?
            }
            ARRAY_FLOATS => self.list(8, |parser| {
                let bits = u64::from_le_bytes(parser.reader.array()?);
                Ok(Value::Float(f64::from_bits(bits)))
            })?,
            _ => return Err(Error::malformed("unknown table flags", start)),
        };
        let entries = self.list(2, |parser| Ok((parser.value()?, parser.value()?)))?;
        Ok(Table { array, entries, metatable })
    }

    fn coroutine(&mut self) -> Result<Coroutine> {
        let start = self.reader.position();
        let status = match self.reader.byte()? {
            0 => CoroutineStatus::Created,
            1 => CoroutineStatus::Suspended,
            2 => CoroutineStatus::Dead,
            _ => return Err(Error::malformed("an unknown coroutine status", start)),
        };
        Ok(Coroutine {
            status,
            stack: self.values()?,
            frames: self.list(7, Self::frame)?,
            open_cells: self.list(2, |parser| {
                Ok(OpenCell { slot: parser.reader.varint_u32()?, cell: parser.id()? })
            })?,
            to_close: self.list(1, |parser| parser.reader.varint_u32())?,
            pending: self.values()?,
        })
    }

    fn frame(&mut self) -> Result<Frame> {
        Ok(Frame {
            kind: self.reader.byte()?,
            flags: self.reader.varint_u32()?,
            function: self.value()?,
            pc: self.reader.varint_u32()?,
            base: self.reader.varint_u32()?,
            numbers: self.list(1, |parser| Ok(unzigzag(parser.reader.varint()?)))?,
            values: self.values()?,
        })
    }
}
