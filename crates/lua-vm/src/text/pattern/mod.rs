//! Lua 5.4 patterns over bytes: compile once, then find matches and read their captures.
//!
//! ```
//! use lua::text::pattern::{Capture, Matcher, Pattern};
//! use lua::text::Unmetered;
//!
//! let pattern = Pattern::new(b"(%w+)=(%d+)")?;
//! let mut matcher = Matcher::new();
//! let found = matcher.find(&pattern, b"size=42", 0, &mut Unmetered)?.unwrap();
//! assert_eq!((found.start(), found.end()), (0, 7));
//! assert_eq!(found.capture(1)?, Capture::Bytes(b"42"));
//! # Ok::<(), lua::text::TextError>(())
//! ```

mod cache;
mod compile;
mod machine;
mod set;

use self::compile::{CaptureKind, First, Program, Single, capture_index_error, compile};
use self::machine::{Gauge, Machine, Scratch};
use super::{Meter, TextError};

pub use self::cache::PatternCache;

/// A compiled pattern.
///
/// A malformed pattern compiles too: as in PUC-Rio, the error is raised when matching reaches the
/// malformed part.
#[derive(Debug)]
pub struct Pattern {
    program: Program,
    first: First,
    leading_run: Option<Single>,
    is_anchored: bool,
}

impl Pattern {
    /// Compiles a pattern for `find`, `match` and `gsub`, where a leading `^` is an anchor.
    ///
    /// Time is linear in the length of the pattern, memory at most 48 bytes for each of its bytes
    /// ([`Pattern::heap_bytes`] tells how much it became).
    ///
    /// # Errors
    /// [`TextError::OutOfMemory`] only.
    pub fn new(pattern: &[u8]) -> Result<Pattern, TextError> {
        match pattern.strip_prefix(b"^") {
            Some(rest) => Pattern::build(rest, true),
            None => Pattern::build(pattern, false),
        }
    }

    /// Compiles a pattern for `gmatch`, where a leading `^` is an ordinary byte.
    ///
    /// # Errors
    /// [`TextError::OutOfMemory`] only.
    pub fn for_gmatch(pattern: &[u8]) -> Result<Pattern, TextError> {
        Pattern::build(pattern, false)
    }

    fn build(pattern: &[u8], is_anchored: bool) -> Result<Pattern, TextError> {
        let mut program = compile(pattern)?;
        let (first, leading_run) = (program.first(), program.leading_run());
        Ok(Pattern { program, first, leading_run, is_anchored })
    }

    /// Does the pattern begin with an anchor? `gsub` tries an anchored pattern only once.
    pub fn is_anchored(&self) -> bool {
        self.is_anchored
    }

    /// How many captures the pattern has.
    pub fn capture_count(&self) -> usize {
        self.program.captures.len()
    }

    /// Bytes of heap that the compiled pattern holds.
    pub fn heap_bytes(&self) -> usize {
        let program = &self.program;
        size_of_val(&program.items[..])
            + size_of_val(&program.sets[..])
            + program.literals.len()
            + size_of_val(&program.captures[..])
    }
}

/// Has `pattern` no magic byte, so that `find` may search it as plain text?
pub fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

/// Offset of the first occurrence of `needle` in `subject` at or behind offset `from`.
///
/// Time is linear in the length of `subject` in every case; an empty needle is found at `from`.
///
/// ```
/// use lua::text::{Unmetered, pattern::find_plain};
/// assert_eq!(find_plain(b"a.b.c", b".", 2, &mut Unmetered), Ok(Some(3)));
/// ```
///
/// # Errors
/// [`TextError::Interrupted`] when the meter says so.
pub fn find_plain(
    subject: &[u8],
    needle: &[u8],
    from: usize,
    meter: &mut dyn Meter,
) -> Result<Option<usize>, TextError> {
    let Some(rest) = subject.get(from..) else { return Ok(None) };
    let found = match needle {
        [byte] => memchr::memchr(*byte, rest),
        _ => memchr::memmem::find(rest, needle),
    };
    let mut gauge = Gauge::new(meter);
    gauge.scan(found.unwrap_or(rest.len()) + needle.len())?;
    gauge.settle()?;
    Ok(found.map(|offset| from + offset))
}

/// The working memory of matching; one can serve any number of patterns and subjects in turn.
#[derive(Debug, Default)]
pub struct Matcher {
    scratch: Scratch,
}

impl Matcher {
    /// A matcher that has matched nothing yet.
    pub fn new() -> Matcher {
        Matcher::default()
    }

    /// The first match that begins at or behind offset `from`; an anchored pattern can match only
    /// at `from` itself.
    ///
    /// # Errors
    /// What is wrong with the pattern, `pattern too complex`, or [`TextError::Interrupted`].
    pub fn find<'a>(
        &'a mut self,
        pattern: &'a Pattern,
        subject: &'a [u8],
        from: usize,
        meter: &mut dyn Meter,
    ) -> Result<Option<Match<'a>>, TextError> {
        self.find_next(pattern, subject, from, None, meter)
    }

    /// The next match of an iteration: like [`Matcher::find`], but a match that ends where the
    /// previous one ended does not count. `gmatch` and `gsub` pass the end of the previous match
    /// twice, as `from` and as `previous_end`.
    ///
    /// # Errors
    /// As [`Matcher::find`].
    pub fn find_next<'a>(
        &'a mut self,
        pattern: &'a Pattern,
        subject: &'a [u8],
        from: usize,
        previous_end: Option<usize>,
        meter: &mut dyn Meter,
    ) -> Result<Option<Match<'a>>, TextError> {
        let mut machine = Machine::new(&pattern.program, subject, &mut self.scratch, meter);
        let found = search(&mut machine, pattern, subject.len(), from, previous_end);
        machine.finish()?;
        let scratch = &self.scratch;
        Ok(found.map(|(start, end)| Match { pattern, subject, scratch, start, end }))
    }
}

fn search(
    machine: &mut Machine<'_, '_>,
    pattern: &Pattern,
    size_bytes: usize,
    from: usize,
    previous_end: Option<usize>,
) -> Option<(usize, usize)> {
    let mut at = from;
    while at <= size_bytes {
        if let First::At(single) = pattern.first
            && !pattern.is_anchored
        {
            at = machine.seek(single, at)?;
        }
        match machine.run(at) {
            Some(end) if previous_end != Some(end) => return Some((at, end)),
            _ if pattern.is_anchored || machine.has_stopped() => return None,
            _ => {}
        }
        at = match pattern.leading_run {
            Some(single) => machine.run_end(single, at).max(at + 1),
            None => at + 1,
        };
    }
    None
}

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture<'a> {
    /// A part of the subject.
    Bytes(&'a [u8]),
    /// A position in the subject, counted from 1 as Lua programs see it.
    Position(usize),
}

/// A match and its captures.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    pattern: &'a Pattern,
    subject: &'a [u8],
    scratch: &'a Scratch,
    start: usize,
    end: usize,
}

impl<'a> Match<'a> {
    /// Offset of the first byte of the match.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Offset behind the last byte of the match.
    pub fn end(&self) -> usize {
        self.end
    }

    /// The matched part of the subject.
    pub fn bytes(&self) -> &'a [u8] {
        self.subject.get(self.start..self.end).unwrap_or_default()
    }

    /// How many captures the pattern has; `find` returns that many.
    pub fn capture_count(&self) -> usize {
        self.pattern.capture_count()
    }

    /// How many values `match`, `gmatch` and a `gsub` callback get: the captures, or the whole
    /// match where there are none.
    pub fn value_count(&self) -> usize {
        self.capture_count().max(1)
    }

    /// The capture with `index` counted from 0. Without captures, index 0 is the whole match.
    ///
    /// # Errors
    /// `invalid capture index` where there is none, `unfinished capture` where the pattern never
    /// closed it.
    pub fn capture(&self, index: usize) -> Result<Capture<'a>, TextError> {
        match self.pattern.program.captures.get(index) {
            Some(CaptureKind::Position) => Ok(Capture::Position(self.scratch.starts[index] + 1)),
            Some(CaptureKind::Bytes) => {
                let range = self.scratch.starts[index]..self.scratch.ends[index];
                Ok(Capture::Bytes(self.subject.get(range).unwrap_or_default()))
            }
            Some(CaptureKind::Unfinished) => Err(TextError::text("unfinished capture")),
            None if index == 0 => Ok(Capture::Bytes(self.bytes())),
            None => Err(capture_index_error(index + 1)),
        }
    }

    /// Appends the replacement string of `gsub` to `out`, with `%0` to `%9` and `%%` expanded.
    ///
    /// # Errors
    /// `invalid use of '%' in replacement string` and the errors of [`Match::capture`].
    pub fn expand(&self, replacement: &[u8], out: &mut Vec<u8>) -> Result<(), TextError> {
        let mut rest = replacement;
        while let Some(offset) = memchr::memchr(b'%', rest) {
            out.extend_from_slice(&rest[..offset]);
            match rest.get(offset + 1) {
                Some(b'%') => out.push(b'%'),
                Some(b'0') => out.extend_from_slice(self.bytes()),
                Some(digit @ b'1'..=b'9') => match self.capture(usize::from(digit - b'1'))? {
                    Capture::Bytes(bytes) => out.extend_from_slice(bytes),
                    Capture::Position(position) => {
                        out.extend_from_slice(position.to_string().as_bytes());
                    }
                },
                _ => return Err(TextError::text("invalid use of '%' in replacement string")),
            }
            rest = &rest[offset + 2..];
        }
        out.extend_from_slice(rest);
        Ok(())
    }
}
