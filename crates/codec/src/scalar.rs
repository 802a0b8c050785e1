//! The encoding of values without identity, shared by images and messages.

use crate::bytes::{Reader, put_string, put_varint, unzigzag, zigzag};
use crate::error::{Error, Result};

/// Tag bytes below this are scalars; from here on each format has its own.
pub(crate) const FIRST_FORMAT_TAG: u8 = 0x10;

pub(crate) const NIL: u8 = 0x00;
pub(crate) const FALSE: u8 = 0x01;
pub(crate) const TRUE: u8 = 0x02;
/// An integer that fits in 32 bits: zigzag, then a varint.
pub(crate) const SMALL_INTEGER: u8 = 0x03;
/// Any integer: eight bytes, two's complement.
pub(crate) const INTEGER: u8 = 0x04;
/// The eight bytes of an IEEE 754 double, all bits kept, those of a NaN too.
pub(crate) const FLOAT: u8 = 0x05;
/// A length and as many bytes.
pub(crate) const STRING: u8 = 0x06;

/// A value without identity.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    Nil,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    String(&'a [u8]),
}

impl<'a> Scalar<'a> {
    pub(crate) fn write(self, out: &mut Vec<u8>, string_bytes_max: usize) -> Result<()> {
        match self {
            Self::Nil => out.push(NIL),
            Self::Boolean(false) => out.push(FALSE),
            Self::Boolean(true) => out.push(TRUE),
            Self::Integer(value) if i32::try_from(value).is_ok() => {
                out.push(SMALL_INTEGER);
                put_varint(out, zigzag(value));
            }
            Self::Integer(value) => {
                out.push(INTEGER);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Self::Float(value) => {
                out.push(FLOAT);
                out.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            Self::String(bytes) => {
                out.push(STRING);
                put_string(out, bytes, "a string", string_bytes_max)?;
            }
        }
        Ok(())
    }

    /// Reads the rest of a scalar whose tag was read already.
    pub(crate) fn read(
        tag: u8,
        reader: &mut Reader<'a>,
        string_bytes_max: usize,
    ) -> Result<Scalar<'a>> {
        match tag {
            NIL => Ok(Self::Nil),
            FALSE => Ok(Self::Boolean(false)),
            TRUE => Ok(Self::Boolean(true)),
            SMALL_INTEGER => Ok(Self::Integer(unzigzag(u64::from(reader.varint_u32()?)))),
            INTEGER => Ok(Self::Integer(i64::from_le_bytes(reader.array()?))),
            FLOAT => Ok(Self::Float(f64::from_bits(u64::from_le_bytes(reader.array()?)))),
            STRING => Ok(Self::String(reader.string("a string", string_bytes_max)?)),
            _ => Err(Error::malformed("an unknown value tag", reader.position() - 1)),
        }
    }
}
