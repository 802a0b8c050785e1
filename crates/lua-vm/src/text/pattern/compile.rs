//! Reads a pattern once and turns it into a list of items for the matcher.
//!
//! Lua reports a malformed pattern only when matching reaches the malformed part. An item
//! [`Item::Fail`] stands for it. Patterns have no alternation, so which captures are open or
//! closed at an item is known here and never needs undoing while matching.

use super::set::{ByteSet, bracketed, class};
use crate::text::TextError;

/// The most captures that one pattern can have.
pub(super) const CAPTURES_MAX: usize = 32;

/// What one byte of the subject is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Single {
    Any,
    Byte(u8),
    Except(u8),
    /// Index into the sets of the pattern.
    Set(u32),
}

/// What must stand where a repetition ends, as far as one byte can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    Unknown,
    /// This byte.
    Byte(u8),
    /// A byte of this set of the pattern.
    Set(u32),
    /// A byte of this set of the pattern, or the end of the subject.
    SetOrEnd(u32),
    /// The rest matches behind the longest run or nowhere: there is nothing to try again.
    Settled,
}

/// A repetition's knowledge of what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) follow: Follow,
    /// Levels of nesting that are certain to be entered before the rest can fail.
    pub(super) levels: u8,
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// These bytes of the pattern's literal text.
    Literal {
        start: u32,
        size: u32,
    },
    One(Single),
    Optional(Single),
    /// `*` (at least 0) and `+` (at least 1), the longest run first.
    Greedy {
        single: Single,
        at_least: u8,
        next: Next,
    },
    /// `-`, the shortest run first.
    Lazy {
        single: Single,
        next: Next,
    },
    Open(u8),
    Position(u8),
    Close(u8),
    BackReference(u8),
    /// `%bxy`
    Balance(u8, u8),
    /// `%f[set]`, by index of the set.
    Frontier(u32),
    /// `$` at the end of the pattern.
    End,
    /// Matches nowhere: a back reference to a position.
    Never,
    Accept,
    Fail(Malformed),
}

/// The errors that a pattern can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    EscapeAtEnd,
    MissingBracket,
    BalanceArguments,
    FrontierSet,
    TooManyCaptures,
    NothingToClose,
    CaptureIndex(u8),
    TooComplex,
}

impl From<Malformed> for TextError {
    fn from(malformed: Malformed) -> TextError {
        TextError::text(match malformed {
            Malformed::EscapeAtEnd => "malformed pattern (ends with '%')",
            Malformed::MissingBracket => "malformed pattern (missing ']')",
            Malformed::BalanceArguments => "malformed pattern (missing arguments to '%b')",
            Malformed::FrontierSet => "missing '[' after '%f' in pattern",
            Malformed::TooManyCaptures => "too many captures",
            Malformed::NothingToClose => "invalid pattern capture",
            Malformed::CaptureIndex(index) => return capture_index_error(usize::from(index)),
            Malformed::TooComplex => "pattern too complex",
        })
    }
}

/// The error about a capture, counted from 1, that does not exist.
pub(super) fn capture_index_error(index: usize) -> TextError {
    TextError::owned(format!("invalid capture index %{index}"))
}

/// What a capture has become when the pattern has matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaptureKind {
    /// Opened and never closed: an error when its value is asked for.
    Unfinished,
    Bytes,
    Position,
}

/// Where an unanchored match can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    Anywhere,
    At(Single),
}

/// A pattern as items.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) items: Vec<Item>,
    pub(super) sets: Vec<ByteSet>,
    pub(super) literals: Vec<u8>,
    pub(super) captures: Vec<CaptureKind>,
}

impl Program {
    pub(super) fn accepts(&self, single: Single, byte: u8) -> bool {
        match single {
            Single::Any => true,
            Single::Byte(wanted) => byte == wanted,
            Single::Except(unwanted) => byte != unwanted,
            Single::Set(index) => self.set(index).contains(byte),
        }
    }

    #[inline]
    pub(super) fn set(&self, index: u32) -> &ByteSet {
        const NONE: &ByteSet = &ByteSet::EMPTY;
        self.sets.get(index as usize).unwrap_or(NONE)
    }

    pub(super) fn literal(&self, start: u32, size: u32) -> &[u8] {
        self.literals.get(start as usize..start as usize + size as usize).unwrap_or_default()
    }

    /// Where a match can begin, as far as its first byte tells.
    pub(super) fn first(&mut self) -> First {
        let rest = self.rest(0);
        if !matches!(rest.end, RestEnd::Byte) {
            return First::Anywhere;
        }
        match self.narrowest(rest.first) {
            Single::Any => First::Anywhere,
            single => First::At(single),
        }
    }

    /// The bytes of a run at the beginning of the pattern that fails for every start in the run
    /// when it fails for the first: what comes behind the run is the same for all of them.
    pub(super) fn leading_run(&self) -> Option<Single> {
        let is_opening = |item: &&Item| matches!(item, Item::Open(_) | Item::Position(_));
        let refers_back = self.items.iter().any(|item| matches!(item, Item::BackReference(_)));
        match self.items.iter().find(|item| !is_opening(item)) {
            Some(Item::Greedy { single, next: Next { follow: Follow::Settled, .. }, .. })
                if !refers_back =>
            {
                Some(*single)
            }
            _ => None,
        }
    }

    fn narrowest(&mut self, set: ByteSet) -> Single {
        if set.is_full() {
            Single::Any
        } else if let Some(byte) = set.only_member() {
            Single::Byte(byte)
        } else if let Some(byte) = set.only_missing() {
            Single::Except(byte)
        } else {
            Single::Set(self.intern(set))
        }
    }

    fn members(&self, single: Single) -> ByteSet {
        match single {
            Single::Any => ByteSet::EMPTY.complement(),
            Single::Byte(byte) => ByteSet::of(byte),
            Single::Except(byte) => ByteSet::of(byte).complement(),
            Single::Set(index) => *self.set(index),
        }
    }

    /// What follows the repetition at `index`, whose run of `longest` is tried longest first.
    fn next(&mut self, index: usize, longest: Option<Single>) -> Next {
        let rest = self.rest(index + 1);
        let is_settled = longest.is_some_and(|single| match rest.end {
            RestEnd::Unknown => false,
            // Whatever is optional is left out, and the pattern is at its end.
            RestEnd::Accept => true,
            RestEnd::Byte | RestEnd::Subject => self.members(single).is_disjoint(&rest.first),
        });
        let follow = match rest.end {
            _ if is_settled => Follow::Settled,
            RestEnd::Unknown | RestEnd::Accept => Follow::Unknown,
            RestEnd::Subject => Follow::SetOrEnd(self.intern(rest.first)),
            RestEnd::Byte => match rest.first.only_member() {
                Some(byte) => Follow::Byte(byte),
                None if rest.first.is_full() => Follow::Unknown,
                None => Follow::Set(self.intern(rest.first)),
            },
        };
        Next { follow, levels: rest.levels }
    }

    /// What the items from `index` on must begin with.
    fn rest(&self, index: usize) -> Rest {
        let mut rest = Rest { first: ByteSet::EMPTY, end: RestEnd::Unknown, levels: 0 };
        for item in self.items.get(index..).unwrap_or_default() {
            let (single, end) = match *item {
                Item::Open(_) | Item::Position(_) | Item::Close(_) => {
                    rest.levels += 1;
                    continue;
                }
                Item::Optional(single)
                | Item::Lazy { single, .. }
                | Item::Greedy { single, at_least: 0, .. } => (single, None),
                Item::One(single) | Item::Greedy { single, .. } => (single, Some(RestEnd::Byte)),
                Item::Literal { start, .. } => {
                    (Single::Byte(self.literals[start as usize]), Some(RestEnd::Byte))
                }
                Item::Balance(open, _) => (Single::Byte(open), Some(RestEnd::Byte)),
                Item::Accept => return Rest { end: RestEnd::Accept, ..rest },
                Item::End => return Rest { end: RestEnd::Subject, ..rest },
                _ => return rest,
            };
            rest.first = rest.first.union(&self.members(single));
            if let Some(end) = end {
                return Rest { end, ..rest };
            }
        }
        rest
    }

    /// Index of `set`, which is stored once when it was seen lately.
    fn intern(&mut self, set: ByteSet) -> u32 {
        let recent = self.sets.len().saturating_sub(8);
        let known = self.sets[recent..].iter().position(|other| *other == set);
        let index = known.map_or(self.sets.len(), |offset| recent + offset);
        if known.is_none() {
            self.sets.push(set);
        }
        index as u32
    }
}

/// How the part of a pattern behind a repetition begins.
struct Rest {
    /// Every byte that it can begin with.
    first: ByteSet,
    end: RestEnd,
    /// Captures that open or close before the first byte is required.
    levels: u8,
}

/// What the optional items at the beginning of a [`Rest`] lead to.
enum RestEnd {
    /// Something that one byte does not decide.
    Unknown,
    /// An item that needs a byte.
    Byte,
    /// The end of the subject.
    Subject,
    /// The end of the pattern.
    Accept,
}

/// Reads `pattern` (without its anchor).
///
/// # Errors
/// [`TextError::OutOfMemory`]; what is wrong with the pattern becomes an item.
pub(super) fn compile(pattern: &[u8]) -> Result<Program, TextError> {
    let mut program = Program::default();
    // Room for what most patterns need; longer ones grow.
    let items = (pattern.len() + 1).min(16);
    program.items.try_reserve(items).map_err(|_| TextError::OutOfMemory)?;
    let mut reader = Reader { pattern, at: 0, open: Vec::new(), program };
    loop {
        let item = if reader.at == pattern.len() {
            Item::Accept
        } else {
            reader.item().unwrap_or_else(Item::Fail)
        };
        reader.push(item)?;
        if matches!(item, Item::Accept | Item::Fail(_)) {
            break;
        }
    }
    let mut program = reader.program;
    let is_repetition = |item: &&Item| matches!(item, Item::Greedy { .. } | Item::Lazy { .. });
    let repetitions = program.items.iter().filter(is_repetition).count();
    program.sets.try_reserve(repetitions + 1).map_err(|_| TextError::OutOfMemory)?;
    for index in 0..program.items.len() {
        let known = match program.items[index] {
            Item::Greedy { single, at_least, .. } => {
                Item::Greedy { single, at_least, next: program.next(index, Some(single)) }
            }
            Item::Lazy { single, .. } => Item::Lazy { single, next: program.next(index, None) },
            other => other,
        };
        program.items[index] = known;
    }
    Ok(program)
}

struct Reader<'a> {
    pattern: &'a [u8],
    at: usize,
    /// Captures that are open, innermost last.
    open: Vec<u8>,
    program: Program,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    fn item(&mut self) -> Result<Item, Malformed> {
        match (self.peek(0), self.peek(1)) {
            (Some(b'('), Some(b')')) => {
                let index = self.capture(CaptureKind::Position)?;
                self.at += 2;
                Ok(Item::Position(index))
            }
            (Some(b'('), _) => {
                let index = self.capture(CaptureKind::Unfinished)?;
                self.open.push(index);
                self.at += 1;
                Ok(Item::Open(index))
            }
            (Some(b')'), _) => {
                let index = self.open.pop().ok_or(Malformed::NothingToClose)?;
                self.program.captures[usize::from(index)] = CaptureKind::Bytes;
                self.at += 1;
                Ok(Item::Close(index))
            }
            (Some(b'$'), None) => {
                self.at += 1;
                Ok(Item::End)
            }
            (Some(b'%'), Some(b'b')) => self.balance(),
            (Some(b'%'), Some(b'f')) => self.frontier(),
            (Some(b'%'), Some(digit @ b'0'..=b'9')) => self.back_reference(digit - b'0'),
            _ => self.single_item(),
        }
    }

    fn capture(&mut self, kind: CaptureKind) -> Result<u8, Malformed> {
        let captures = &mut self.program.captures;
        if captures.len() == CAPTURES_MAX {
            return Err(Malformed::TooManyCaptures);
        }
        captures.push(kind);
        Ok((captures.len() - 1) as u8)
    }

    fn balance(&mut self) -> Result<Item, Malformed> {
        let (Some(open), Some(close)) = (self.peek(2), self.peek(3)) else {
            return Err(Malformed::BalanceArguments);
        };
        self.at += 4;
        Ok(Item::Balance(open, close))
    }

    fn frontier(&mut self) -> Result<Item, Malformed> {
        if self.peek(2) != Some(b'[') {
            return Err(Malformed::FrontierSet);
        }
        let (set, end) = bracketed(self.pattern, self.at + 3).ok_or(Malformed::MissingBracket)?;
        self.at = end;
        Ok(Item::Frontier(self.program.intern(set)))
    }

    fn back_reference(&mut self, number: u8) -> Result<Item, Malformed> {
        self.at += 2;
        let index = number.wrapping_sub(1);
        match self.program.captures.get(usize::from(index)) {
            None | Some(CaptureKind::Unfinished) => Err(Malformed::CaptureIndex(number)),
            Some(CaptureKind::Position) => Ok(Item::Never),
            Some(CaptureKind::Bytes) => Ok(Item::BackReference(index)),
        }
    }

    fn single_item(&mut self) -> Result<Item, Malformed> {
        let single = self.single()?;
        let next = Next { follow: Follow::Unknown, levels: 0 };
        let item = match self.peek(0) {
            Some(b'?') => Item::Optional(single),
            Some(b'*') => Item::Greedy { single, at_least: 0, next },
            Some(b'+') => Item::Greedy { single, at_least: 1, next },
            Some(b'-') => Item::Lazy { single, next },
            _ => return Ok(Item::One(single)),
        };
        self.at += 1;
        Ok(item)
    }

    fn single(&mut self) -> Result<Single, Malformed> {
        let byte = self.pattern[self.at];
        match byte {
            b'.' => {
                self.at += 1;
                Ok(Single::Any)
            }
            b'%' => {
                let letter = self.peek(1).ok_or(Malformed::EscapeAtEnd)?;
                self.at += 2;
                Ok(class(letter).map_or(Single::Byte(letter), |set| self.program.narrowest(set)))
            }
            b'[' => {
                let (set, end) =
                    bracketed(self.pattern, self.at + 1).ok_or(Malformed::MissingBracket)?;
                self.at = end;
                Ok(self.program.narrowest(set))
            }
            _ => {
                self.at += 1;
                Ok(Single::Byte(byte))
            }
        }
    }

    /// Appends `item`, joining neighbouring bytes into one literal.
    fn push(&mut self, item: Item) -> Result<(), TextError> {
        let Program { items, literals, sets, .. } = &mut self.program;
        items.try_reserve(1).map_err(|_| TextError::OutOfMemory)?;
        sets.try_reserve(1).map_err(|_| TextError::OutOfMemory)?;
        let Item::One(Single::Byte(byte)) = item else {
            items.push(item);
            return Ok(());
        };
        match items.last_mut() {
            Some(Item::Literal { size, .. }) => {
                literals.try_reserve(1).map_err(|_| TextError::OutOfMemory)?;
                literals.push(byte);
                *size += 1;
            }
            Some(last @ Item::One(Single::Byte(_))) => {
                literals.try_reserve(2).map_err(|_| TextError::OutOfMemory)?;
                if let Item::One(Single::Byte(previous)) = *last {
                    *last = Item::Literal { start: literals.len() as u32, size: 2 };
                    literals.extend([previous, byte]);
                }
            }
            _ => items.push(item),
        }
        Ok(())
    }
}
