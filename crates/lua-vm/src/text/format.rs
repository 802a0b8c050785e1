//! The directives of `string.format`: reading them, checking them, producing bytes.
//!
//! A caller walks the format with [`Directives`]. PUC-Rio looks at the argument before it checks
//! flags, width and precision in some conversions and after in others; [`Spec::layout`] is
//! therefore separate, and [`Conversion`] says at each variant which comes first.

use super::TextError;
use crate::number::format::{
    FloatConversion, FormatSpec, IntegerConversion, format_float, format_integer, write_integer,
};

/// Flags, digits and point of a specification; one more byte is too long.
const MODIFIERS_BYTES_MAX: usize = 20;

/// One piece of a format string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive<'f> {
    /// Bytes to copy, without any `%`.
    Literal(&'f [u8]),
    /// `%%`
    Percent,
    /// A conversion, which takes the next argument.
    Spec(RawSpec<'f>),
}

/// A specification that has been delimited and not yet understood.
///
/// The caller first makes sure that there is an argument (`no value`), then reads it with
/// [`RawSpec::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawSpec<'f> {
    /// What follows the percent sign, to the end of the format.
    rest: &'f [u8],
}

/// A specification: its conversion and its text from `%` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec<'f> {
    conversion: Conversion,
    /// Flags, width and precision.
    modifiers: &'f [u8],
    /// The letter of the conversion.
    letter: u8,
}

/// The conversions of `string.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `%c`: layout first, then an integer.
    Character,
    /// `%d` `%i` `%u` `%o` `%x` `%X`: an integer first, then the layout.
    Integer(IntegerConversion),
    /// `%e` `%E` `%f` `%g` `%G`: a number first, then the layout.
    Float(FloatConversion),
    /// `%a` `%A`: layout first, then a number.
    HexadecimalFloat,
    /// `%p`: any value, whose address is shown.
    Pointer,
    /// `%q`: a literal; [`Spec::check_quoted`] first, then the value.
    Quoted,
    /// `%s`: the value as `tostring` gives it, then [`Spec::write_string`].
    String,
}

/// Walks a format string.
#[derive(Clone, Debug)]
pub struct Directives<'f> {
    format: &'f [u8],
}

impl<'f> Directives<'f> {
    /// The pieces of `format`.
    ///
    /// ```
    /// use lua::text::format::{Directive, Directives};
    /// let mut directives = Directives::new(b"a%%%d");
    /// assert_eq!(directives.next(), Some(Directive::Literal(b"a")));
    /// assert_eq!(directives.next(), Some(Directive::Percent));
    /// assert!(matches!(directives.next(), Some(Directive::Spec(_))));
    /// assert_eq!(directives.next(), None);
    /// ```
    pub fn new(format: &'f [u8]) -> Directives<'f> {
        Directives { format }
    }
}

impl<'f> Iterator for Directives<'f> {
    type Item = Directive<'f>;

    fn next(&mut self) -> Option<Directive<'f>> {
        if self.format.is_empty() {
            return None;
        }
        match memchr::memchr(b'%', self.format) {
            Some(0) => {}
            end => {
                let (literal, rest) = self.format.split_at(end.unwrap_or(self.format.len()));
                self.format = rest;
                return Some(Directive::Literal(literal));
            }
        }
        let rest = &self.format[1..];
        if rest.first() == Some(&b'%') {
            self.format = &rest[1..];
            return Some(Directive::Percent);
        }
        let size = modifiers(rest).len() + 1;
        self.format = rest.get(size..).unwrap_or_default();
        Some(Directive::Spec(RawSpec { rest }))
    }
}

/// The flags, digits and points at the beginning of `rest`.
fn modifiers(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| !b"-+#0 123456789.".contains(byte));
    &rest[..end.unwrap_or(rest.len())]
}

impl<'f> RawSpec<'f> {
    /// Reads the conversion.
    ///
    /// # Errors
    /// `invalid format (too long)`; `invalid conversion '%...' to 'format'`.
    pub fn parse(&self) -> Result<Spec<'f>, TextError> {
        let modifiers = modifiers(self.rest);
        if modifiers.len() > MODIFIERS_BYTES_MAX {
            return Err(TextError::text("invalid format (too long)"));
        }
        let letter = self.rest.get(modifiers.len()).copied().unwrap_or(0);
        let conversion = match letter {
            b'c' => Conversion::Character,
            b'd' | b'i' | b'u' => Conversion::Integer(IntegerConversion::Decimal),
            b'o' => Conversion::Integer(IntegerConversion::Octal),
            b'x' | b'X' => Conversion::Integer(IntegerConversion::Hexadecimal),
            b'a' | b'A' => Conversion::HexadecimalFloat,
            b'f' => Conversion::Float(FloatConversion::Fixed),
            b'e' | b'E' => Conversion::Float(FloatConversion::Exponent),
            b'g' | b'G' => Conversion::Float(FloatConversion::General),
            b'p' => Conversion::Pointer,
            b'q' => Conversion::Quoted,
            b's' => Conversion::String,
            _ => {
                let mut message = b"invalid conversion '%".to_vec();
                message.extend_from_slice(modifiers);
                message.extend(Some(letter).filter(|letter| *letter != 0));
                message.extend_from_slice(b"' to 'format'");
                return Err(TextError::owned(message));
            }
        };
        Ok(Spec { conversion, modifiers, letter })
    }
}

impl Spec<'_> {
    /// What the directive converts.
    pub fn conversion(&self) -> Conversion {
        self.conversion
    }

    /// Reads flags, width and precision, each of which the conversion must allow. Width and
    /// precision have at most two digits.
    ///
    /// # Errors
    /// `invalid conversion specification: '%...'`.
    pub fn layout(&self) -> Result<FormatSpec, TextError> {
        let (flags, allows_precision): (&[u8], bool) = match self.letter {
            b'c' | b'p' => (b"-", false),
            b's' => (b"-", true),
            b'd' | b'i' => (b"-+0 ", true),
            b'u' => (b"-0", true),
            b'o' | b'x' | b'X' => (b"-#0", true),
            _ => (b"-+#0 ", true),
        };
        let mut rest = self.modifiers;
        let mut layout =
            FormatSpec { upper_case: self.letter.is_ascii_uppercase(), ..FormatSpec::default() };
        while let Some(flag) = rest.first().filter(|flag| flags.contains(flag)) {
            match flag {
                b'-' => layout.left = true,
                b'+' => layout.plus = true,
                b' ' => layout.space = true,
                b'#' => layout.alternate = true,
                _ => layout.zero = true,
            }
            rest = &rest[1..];
        }
        layout.width = two_digits(&mut rest);
        if allows_precision && rest.first() == Some(&b'.') {
            rest = &rest[1..];
            layout.precision = Some(two_digits(&mut rest));
        }
        // A width never begins with 0: such a 0 is a flag that the conversion does not allow.
        let width_begins_with_zero = self.width_begins_with_zero(flags);
        if rest.is_empty() && !width_begins_with_zero { Ok(layout) } else { Err(self.invalid()) }
    }

    fn width_begins_with_zero(&self, flags: &[u8]) -> bool {
        let first = self.modifiers.iter().find(|byte| !flags.contains(byte));
        first == Some(&b'0')
    }

    fn invalid(&self) -> TextError {
        let mut message = b"invalid conversion specification: '%".to_vec();
        message.extend_from_slice(self.modifiers);
        message.extend_from_slice(&[self.letter, b'\'']);
        TextError::owned(message)
    }

    /// Appends `value` for `%d` and its like.
    ///
    /// # Errors
    /// Those of [`Spec::layout`].
    pub fn write_integer(&self, value: i64, out: &mut Vec<u8>) -> Result<(), TextError> {
        let layout = self.layout()?;
        match self.conversion {
            Conversion::Integer(IntegerConversion::Decimal) if self.letter == b'u' && value < 0 => {
                // `u` shows the 64 bits as an unsigned number.
                let digits = (value as u64).to_string();
                let zeros = layout.precision.unwrap_or(0).saturating_sub(digits.len());
                let pads = layout.zero && !layout.left && layout.precision.is_none();
                let fill = if pads { layout.width.saturating_sub(digits.len()) } else { zeros };
                let text = [&b"0".repeat(fill)[..], digits.as_bytes()].concat();
                pad(&text, &layout, out);
            }
            Conversion::Integer(conversion) => format_integer(out, value, conversion, &layout),
            _ => write_integer(out, value),
        }
        Ok(())
    }

    /// Appends `value` for `%f`, `%a` and their like.
    ///
    /// # Errors
    /// Those of [`Spec::layout`].
    pub fn write_float(&self, value: f64, out: &mut Vec<u8>) -> Result<(), TextError> {
        let conversion = match self.conversion {
            Conversion::Float(conversion) => conversion,
            _ => FloatConversion::Hexadecimal,
        };
        format_float(out, value, conversion, &self.layout()?);
        Ok(())
    }

    /// Appends the byte `value` (its low 8 bits) for `%c`.
    ///
    /// # Errors
    /// Those of [`Spec::layout`].
    pub fn write_character(&self, value: i64, out: &mut Vec<u8>) -> Result<(), TextError> {
        pad(&[value as u8], &self.layout()?, out);
        Ok(())
    }

    /// Appends `bytes`, which came from argument `argument`, for `%s`.
    ///
    /// # Errors
    /// `string contains zeros` where width or precision are given; those of [`Spec::layout`].
    pub fn write_string(
        &self,
        argument: usize,
        bytes: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), TextError> {
        if self.modifiers.is_empty() {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        if memchr::memchr(0, bytes).is_some() {
            return Err(TextError::argument(argument, "string contains zeros"));
        }
        let layout = self.layout()?;
        match layout.precision {
            None => pad(bytes, &layout, out),
            Some(precision) => pad(&bytes[..bytes.len().min(precision)], &layout, out),
        }
        Ok(())
    }

    /// Appends an address for `%p`; `None`, for values that have none, gives `(null)`.
    ///
    /// # Errors
    /// Those of [`Spec::layout`].
    pub fn write_pointer(&self, address: Option<u64>, out: &mut Vec<u8>) -> Result<(), TextError> {
        let layout = self.layout()?;
        match address {
            Some(address) => pad(format!("{address:#x}").as_bytes(), &layout, out),
            None => pad(b"(null)", &layout, out),
        }
        Ok(())
    }

    /// Checks that `%q` stands alone. The value then goes to [`quote_string`],
    /// [`quote_integer`] or [`quote_float`]; nil and booleans are written as `tostring` does, and
    /// other types are the error `value has no literal form`.
    ///
    /// # Errors
    /// `specifier '%q' cannot have modifiers`.
    pub fn check_quoted(&self) -> Result<(), TextError> {
        if self.modifiers.is_empty() {
            return Ok(());
        }
        Err(TextError::text("specifier '%q' cannot have modifiers"))
    }
}

/// Takes up to two digits.
fn two_digits(rest: &mut &[u8]) -> usize {
    let mut number = 0;
    for _ in 0..2 {
        let Some(digit @ b'0'..=b'9') = rest.first() else { break };
        number = number * 10 + usize::from(digit - b'0');
        *rest = &rest[1..];
    }
    number
}

/// Appends `text`, with spaces up to the width.
fn pad(text: &[u8], layout: &FormatSpec, out: &mut Vec<u8>) {
    let spaces = std::iter::repeat_n(b' ', layout.width.saturating_sub(text.len()));
    if !layout.left {
        out.extend(spaces.clone());
    }
    out.extend_from_slice(text);
    if layout.left {
        out.extend(spaces);
    }
}

/// Appends `bytes` as a string literal that Lua reads back: `%q`.
///
/// ```
/// let mut out = Vec::new();
/// lua::text::format::quote_string(b"a\0\"\n", &mut out);
/// assert_eq!(out, b"\"a\\0\\\"\\\n\"");
/// ```
pub fn quote_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', *byte]),
            _ if byte.is_ascii_control() => {
                let is_ambiguous = bytes.get(index + 1).is_some_and(u8::is_ascii_digit);
                let escape =
                    if is_ambiguous { format!("\\{byte:03}") } else { format!("\\{byte}") };
                out.extend_from_slice(escape.as_bytes());
            }
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// Appends an integer as a literal that Lua reads back as the same integer: `%q`.
pub fn quote_integer(value: i64, out: &mut Vec<u8>) {
    if value == i64::MIN {
        // In decimal this is a float, negated.
        out.extend_from_slice(b"0x8000000000000000");
    } else {
        write_integer(out, value);
    }
}

/// Appends a float as an expression that Lua reads back with every bit: `%q`.
pub fn quote_float(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        out.extend_from_slice(b"(0/0)");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"1e9999" } else { b"-1e9999" });
    } else {
        format_float(out, value, FloatConversion::Hexadecimal, &FormatSpec::default());
    }
}
