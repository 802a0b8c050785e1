//! Runs a compiled pattern against a subject, with its own stack of choices.
//!
//! PUC-Rio's matcher nests one call for each repetition and capture on the current path and
//! refuses to nest deeper than [`LEVELS_MAX`]. The same count is kept here, so that the same
//! patterns are "too complex", but only repetitions with something left to try need memory.

use memchr::{memchr, memrchr};

use super::compile::{CAPTURES_MAX, Follow, Item, Malformed, Next, Program, Single};
use crate::text::{Interrupted, Meter, TextError};

/// Nesting at which PUC-Rio 5.4 gives up.
const LEVELS_MAX: u32 = 200;

/// Steps that are done before the meter hears of them.
const STEPS_PER_CHARGE: u32 = 256;

/// Bytes that a scan covers before it is paid for.
const SCAN_BYTES_MAX: usize = 1 << 14;

/// Why a run ended without an answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    Interrupted,
    Malformed(Malformed),
}

impl From<Interrupted> for Stop {
    fn from(_: Interrupted) -> Stop {
        Stop::Interrupted
    }
}

impl From<Stop> for TextError {
    fn from(stop: Stop) -> TextError {
        match stop {
            Stop::Interrupted => TextError::Interrupted,
            Stop::Malformed(malformed) => malformed.into(),
        }
    }
}

/// Collects steps and hands them to a meter in lumps.
pub(super) struct Gauge<'a, M> {
    meter: &'a mut M,
    steps: u32,
}

impl<'a, M: Meter> Gauge<'a, M> {
    pub(super) fn new(meter: &'a mut M) -> Self {
        Gauge { meter, steps: 0 }
    }

    #[inline]
    pub(super) fn step(&mut self, steps: u32) -> Result<(), Interrupted> {
        self.steps += steps;
        if self.steps >= STEPS_PER_CHARGE { self.settle() } else { Ok(()) }
    }

    /// Charges for a fast scan of `bytes`.
    #[inline]
    pub(super) fn scan(&mut self, bytes: usize) -> Result<(), Interrupted> {
        self.step(u32::try_from(bytes / 16).unwrap_or(u32::MAX - STEPS_PER_CHARGE))
    }

    /// Hands over what has been collected.
    #[inline(never)]
    pub(super) fn settle(&mut self) -> Result<(), Interrupted> {
        let steps = std::mem::take(&mut self.steps);
        self.meter.charge(steps)
    }
}

/// A repetition or option that can be tried another way.
#[derive(Clone, Copy, Debug)]
struct Choice {
    item: u32,
    level: u32,
    /// Subject offset that was tried last.
    at: usize,
    /// Lowest offset that a greedy run may shrink to.
    low: usize,
}

/// The memory that a run needs; reused from run to run.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    choices: Vec<Choice>,
    pub(super) starts: [usize; CAPTURES_MAX],
    pub(super) ends: [usize; CAPTURES_MAX],
}

/// Where matching stands: the next item, the subject offset and PUC-Rio's nesting level.
#[derive(Clone, Copy)]
struct State {
    item: usize,
    at: usize,
    level: u32,
}

impl State {
    /// One item on, at `at`, without nesting.
    fn go(self, at: usize) -> State {
        State { item: self.item + 1, at, level: self.level }
    }

    /// One item on, at `at`, one level deeper, with `more` levels sure to follow.
    #[inline]
    fn enter(self, at: usize, more: u8) -> Result<State, Stop> {
        if self.level + 1 + u32::from(more) > LEVELS_MAX {
            return Err(Stop::Malformed(Malformed::TooComplex));
        }
        Ok(State { item: self.item + 1, at, level: self.level + 1 })
    }
}

/// One pattern at work on one subject.
pub(super) struct Machine<'a, 'm, M> {
    pub(super) program: &'a Program,
    pub(super) subject: &'a [u8],
    pub(super) scratch: &'a mut Scratch,
    pub(super) gauge: Gauge<'m, M>,
}

impl<M: Meter> Machine<'_, '_, M> {
    /// The end of the match that begins at `start`, if there is one.
    pub(super) fn run(&mut self, start: usize) -> Result<Option<usize>, Stop> {
        self.scratch.choices.clear();
        let mut state = State { item: 0, at: start, level: 1 };
        loop {
            self.gauge.step(1)?;
            let after = match self.program.items.get(state.item) {
                None | Some(Item::Accept) => return Ok(Some(state.at)),
                Some(item) => self.advance(*item, state)?,
            };
            state = match after {
                Some(after) => after,
                None => match self.retry()? {
                    Some(other) => other,
                    None => return Ok(None),
                },
            };
        }
    }

    /// Matches one item; `None` when it does not match here.
    #[inline(always)]
    fn advance(&mut self, item: Item, state: State) -> Result<Option<State>, Stop> {
        let at = state.at;
        match item {
            Item::One(single) => Ok(self.is_at(single, at).then(|| state.go(at + 1))),
            Item::Literal { start, size } => self.literal(start, size, state),
            Item::Greedy { single, at_least, next } => self.greedy(single, at_least, next, state),
            Item::Lazy { single, next } => self.lazy(single, next, state),
            Item::Optional(single) => self.optional(single, state).map(Some),
            Item::Open(index) => {
                self.scratch.starts[usize::from(index) % CAPTURES_MAX] = at;
                state.enter(at, 0).map(Some)
            }
            Item::Position(index) => {
                self.scratch.starts[usize::from(index) % CAPTURES_MAX] = at;
                self.scratch.ends[usize::from(index) % CAPTURES_MAX] = at;
                state.enter(at, 0).map(Some)
            }
            Item::Close(index) => {
                self.scratch.ends[usize::from(index) % CAPTURES_MAX] = at;
                state.enter(at, 0).map(Some)
            }
            Item::End => Ok((at == self.subject.len()).then(|| state.go(at))),
            Item::BackReference(index) => self.back_reference(index, state),
            Item::Balance(open, close) => self.balance(open, close, state),
            Item::Frontier(set) => Ok(self.is_frontier(set, at).then(|| state.go(at))),
            Item::Never => Ok(None),
            Item::Accept => Ok(Some(state)),
            Item::Fail(malformed) => Err(Stop::Malformed(malformed)),
        }
    }

    #[inline]
    fn is_at(&self, single: Single, at: usize) -> bool {
        self.subject.get(at).is_some_and(|byte| self.program.accepts(single, *byte))
    }

    fn literal(&mut self, start: u32, size: u32, state: State) -> Result<Option<State>, Stop> {
        let rest = self.subject.get(state.at..).unwrap_or_default();
        if rest.starts_with(self.program.literal(start, size)) {
            self.gauge.scan(size as usize)?;
            return Ok(Some(state.go(state.at + size as usize)));
        }
        Ok(None)
    }

    fn optional(&mut self, single: Single, state: State) -> Result<State, Stop> {
        if !self.is_at(single, state.at) {
            return Ok(state.go(state.at));
        }
        let after = state.enter(state.at + 1, 0)?;
        self.choose(state, state.at, state.at);
        Ok(after)
    }

    fn choose(&mut self, state: State, at: usize, low: usize) {
        let choice = Choice { item: state.item as u32, level: state.level, at, low };
        self.scratch.choices.push(choice);
    }

    fn greedy(
        &mut self,
        single: Single,
        at_least: u8,
        next: Next,
        state: State,
    ) -> Result<Option<State>, Stop> {
        if !self.is_at(single, state.at) {
            return Ok((at_least == 0).then(|| state.go(state.at)));
        }
        let end = self.run_end(single, state.at + 1)?;
        let low = state.at + usize::from(at_least);
        let at = match next.follow {
            Follow::Settled => return state.enter(end, next.levels).map(Some),
            Follow::Unknown => Some(end),
            Follow::Byte(byte) => self.last_before(byte, low, end)?,
        };
        let after = state.enter(at.unwrap_or(end), next.levels)?;
        let Some(at) = at else { return Ok(None) };
        if at > low {
            self.choose(state, at, low);
        }
        Ok(Some(after))
    }

    fn lazy(&mut self, single: Single, next: Next, state: State) -> Result<Option<State>, Stop> {
        if !self.is_at(single, state.at) {
            return Ok(Some(state.go(state.at)));
        }
        let mut after = state.enter(state.at, next.levels)?;
        let Some(at) = self.next_stop(single, next.follow, state.at)? else {
            return Ok(None);
        };
        after.at = at;
        self.choose(state, at, at);
        Ok(Some(after))
    }

    /// Takes up the newest choice that has another way to go.
    #[inline(never)]
    fn retry(&mut self) -> Result<Option<State>, Stop> {
        while let Some(choice) = self.scratch.choices.last().copied() {
            self.gauge.step(1)?;
            let item = choice.item as usize;
            let (other, keep) = match self.program.items[item] {
                Item::Greedy { next: Next { follow: Follow::Byte(byte), .. }, .. } => {
                    let other = self.last_before(byte, choice.low, choice.at - 1)?;
                    (other, other.is_some_and(|at| at > choice.low))
                }
                Item::Greedy { .. } => (Some(choice.at - 1), choice.at - 1 > choice.low),
                Item::Lazy { single, next } if self.is_at(single, choice.at) => {
                    (self.next_stop(single, next.follow, choice.at + 1)?, true)
                }
                Item::Optional(_) => {
                    self.scratch.choices.pop();
                    return Ok(Some(State { item: item + 1, at: choice.at, level: choice.level }));
                }
                _ => (None, false),
            };
            match (self.scratch.choices.last_mut(), other) {
                (Some(last), Some(at)) if keep => last.at = at,
                _ => drop(self.scratch.choices.pop()),
            }
            if let Some(at) = other {
                return Ok(Some(State { item: item + 1, at, level: choice.level + 1 }));
            }
        }
        Ok(None)
    }

    /// First offset from `at` on that the run of `single` reaches and where `follow` can match.
    fn next_stop(
        &mut self,
        single: Single,
        follow: Follow,
        mut at: usize,
    ) -> Result<Option<usize>, Stop> {
        let Follow::Byte(byte) = follow else { return Ok(Some(at)) };
        if single == Single::Any {
            return self.first_from(byte, at);
        }
        while let Some(found) = self.subject.get(at) {
            if *found == byte {
                return Ok(Some(at));
            }
            if !self.program.accepts(single, *found) {
                return Ok(None);
            }
            self.gauge.step(1)?;
            at += 1;
        }
        Ok(None)
    }

    /// Offset of the first `byte` at or behind `at`.
    pub(super) fn first_from(&mut self, byte: u8, mut at: usize) -> Result<Option<usize>, Stop> {
        while let Some(rest) = self.subject.get(at..).filter(|rest| !rest.is_empty()) {
            let part = &rest[..rest.len().min(SCAN_BYTES_MAX)];
            let found = memchr(byte, part);
            self.gauge.scan(found.unwrap_or(part.len()))?;
            if let Some(offset) = found {
                return Ok(Some(at + offset));
            }
            at += part.len();
        }
        Ok(None)
    }

    /// Offset of the last `byte` in `low..=high`.
    fn last_before(&mut self, byte: u8, low: usize, high: usize) -> Result<Option<usize>, Stop> {
        let mut end = self.subject.len().min(high.saturating_add(1));
        while low < end {
            let begin = end.saturating_sub(SCAN_BYTES_MAX).max(low);
            let found = memrchr(byte, &self.subject[begin..end]);
            self.gauge.scan(end - found.map_or(begin, |offset| begin + offset))?;
            if let Some(offset) = found {
                return Ok(Some(begin + offset));
            }
            end = begin;
        }
        Ok(None)
    }

    /// Offset behind the longest run of `single` that begins at `at`.
    fn run_end(&mut self, single: Single, at: usize) -> Result<usize, Stop> {
        if single == Single::Any {
            return Ok(self.subject.len());
        }
        let mut end = at;
        while end < self.subject.len() {
            let part = &self.subject[end..self.subject.len().min(end + SCAN_BYTES_MAX)];
            let size = match single {
                Single::Any => None,
                Single::Byte(byte) => part.iter().position(|found| *found != byte),
                Single::Except(byte) => memchr(byte, part),
                Single::Set(index) => {
                    let set = self.program.set(index);
                    part.iter().position(|found| !set.contains(*found))
                }
            };
            self.gauge.step((size.unwrap_or(part.len()) / 4) as u32)?;
            if let Some(size) = size {
                return Ok(end + size);
            }
            end += part.len();
        }
        Ok(end)
    }

    /// Offset of the first byte from `at` on that `single` accepts.
    pub(super) fn seek(&mut self, single: Single, mut at: usize) -> Result<Option<usize>, Stop> {
        if let Single::Byte(byte) = single {
            return self.first_from(byte, at);
        }
        while at < self.subject.len() {
            let part = &self.subject[at..self.subject.len().min(at + SCAN_BYTES_MAX)];
            let found = part.iter().position(|byte| self.program.accepts(single, *byte));
            self.gauge.step((found.unwrap_or(part.len()) / 4) as u32)?;
            if let Some(offset) = found {
                return Ok(Some(at + offset));
            }
            at += part.len();
        }
        Ok(None)
    }

    #[inline(never)]
    fn back_reference(&mut self, index: u8, state: State) -> Result<Option<State>, Stop> {
        let index = usize::from(index) % CAPTURES_MAX;
        let (start, end) = (self.scratch.starts[index], self.scratch.ends[index]);
        let captured = self.subject.get(start..end).unwrap_or_default();
        let size = captured.len();
        let matched = self.subject.get(state.at..).is_some_and(|rest| rest.starts_with(captured));
        self.gauge.scan(size)?;
        Ok(matched.then(|| state.go(state.at + size)))
    }

    #[inline(never)]
    fn balance(&mut self, open: u8, close: u8, state: State) -> Result<Option<State>, Stop> {
        if self.subject.get(state.at) != Some(&open) {
            return Ok(None);
        }
        let mut depth = 1usize;
        for (offset, byte) in self.subject.iter().enumerate().skip(state.at + 1) {
            if *byte == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(state.go(offset + 1)));
                }
            } else if *byte == open {
                depth += 1;
            }
            if offset % 4 == 0 {
                self.gauge.step(1)?;
            }
        }
        Ok(None)
    }

    /// Is `at` where a run of the set begins? Both ends of the subject count as byte 0.
    fn is_frontier(&self, set: u32, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.subject.get(before));
        let set = self.program.set(set);
        !set.contains(before.copied().unwrap_or(0))
            && set.contains(self.subject.get(at).copied().unwrap_or(0))
    }
}
