//! Runs a compiled pattern against a subject, with its own stack of choices.
//!
//! PUC-Rio's matcher nests one call for each repetition and capture on the current path and
//! refuses to nest deeper than [`LEVELS_MAX`]. The same count is kept here, so that the same
//! patterns are "too complex", but only repetitions with something left to try need memory.

use memchr::{memchr, memchr2, memrchr};

use super::compile::{CAPTURES_MAX, Follow, Item, Malformed, Next, Program, Single};
use super::set::ByteSet;
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
pub(super) struct Gauge<'a> {
    meter: &'a mut dyn Meter,
    steps: u32,
}

impl<'a> Gauge<'a> {
    pub(super) fn new(meter: &'a mut dyn Meter) -> Self {
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

/// One pattern at work on one subject.
///
/// Steps answer with a plain offset or nothing, which keeps results in registers. What stops the
/// whole run is left in `stop`, and then nothing matches any more.
pub(super) struct Machine<'a, 'm> {
    program: &'a Program,
    subject: &'a [u8],
    scratch: &'a mut Scratch,
    gauge: Gauge<'m>,
    stop: Option<Stop>,
}

impl<'a, 'm> Machine<'a, 'm> {
    pub(super) fn new(
        program: &'a Program,
        subject: &'a [u8],
        scratch: &'a mut Scratch,
        meter: &'m mut dyn Meter,
    ) -> Self {
        Machine { program, subject, scratch, gauge: Gauge::new(meter), stop: None }
    }

    /// Has something ended the search? Hands over the last steps.
    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        match self.stop {
            Some(stop) => Err(stop),
            None => Ok(self.gauge.settle()?),
        }
    }

    /// Is there nothing to go on for?
    pub(super) fn has_stopped(&self) -> bool {
        self.stop.is_some()
    }

    #[cold]
    fn stop(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
        self.scratch.choices.clear();
    }

    #[inline]
    fn pay(&mut self, steps: usize) {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX - STEPS_PER_CHARGE);
        if self.gauge.step(steps).is_err() {
            self.stop(Stop::Interrupted);
        }
    }

    /// The end of the match that begins at `start`, if there is one.
    pub(super) fn run(&mut self, start: usize) -> Option<usize> {
        self.scratch.choices.clear();
        let program = self.program;
        let mut state = State { item: 0, at: start, level: 1 };
        let mut begin = 0;
        loop {
            let after = match program.items.get(state.item) {
                None | Some(Item::Accept) => break,
                Some(item) => self.advance(*item, &mut state),
            };
            if let Some(at) = after {
                state.at = at;
                state.item += 1;
                continue;
            }
            self.pay(state.item.saturating_sub(begin) + 1);
            state = self.retry()?;
            begin = state.item;
        }
        self.pay(state.item.saturating_sub(begin) + 1);
        if self.has_stopped() { None } else { Some(state.at) }
    }

    /// Matches one item: the offset behind it, or nothing when it does not match here.
    #[inline(always)]
    fn advance(&mut self, item: Item, state: &mut State) -> Option<usize> {
        let at = state.at;
        match item {
            Item::One(single) => self.is_at(single, at).then_some(at + 1),
            Item::Literal { start, size } => self.literal(start, size, at),
            Item::Greedy { single, at_least, next } => self.greedy(single, at_least, next, state),
            Item::Lazy { single, next } => self.lazy(single, next, state),
            Item::Optional(single) => self.optional(single, state),
            Item::Open(index) => {
                self.scratch.starts[usize::from(index) % CAPTURES_MAX] = at;
                self.enter(state, 0, at)
            }
            Item::Position(index) => {
                self.scratch.starts[usize::from(index) % CAPTURES_MAX] = at;
                self.enter(state, 0, at)
            }
            Item::Close(index) => {
                self.scratch.ends[usize::from(index) % CAPTURES_MAX] = at;
                self.enter(state, 0, at)
            }
            Item::End => (at == self.subject.len()).then_some(at),
            Item::BackReference(index) => self.back_reference(index, at),
            Item::Balance(open, close) => self.balance(open, close, at),
            Item::Frontier(set) => self.is_frontier(set, at).then_some(at),
            Item::Never => None,
            Item::Accept => Some(at),
            Item::Fail(malformed) => {
                self.stop(Stop::Malformed(malformed));
                None
            }
        }
    }

    /// Nests one level deeper, with `more` levels sure to follow, and goes on at `at`.
    #[inline]
    fn enter(&mut self, state: &mut State, more: u8, at: usize) -> Option<usize> {
        state.level += 1;
        if state.level + u32::from(more) > LEVELS_MAX {
            self.stop(Stop::Malformed(Malformed::TooComplex));
            return None;
        }
        Some(at)
    }

    #[inline]
    fn is_at(&self, single: Single, at: usize) -> bool {
        self.subject.get(at).is_some_and(|byte| self.program.accepts(single, *byte))
    }

    fn literal(&mut self, start: u32, size: u32, at: usize) -> Option<usize> {
        let literal = self.program.literal(start, size);
        let is_here = self.subject.get(at..).is_some_and(|rest| rest.starts_with(literal));
        if !is_here {
            return None;
        }
        self.pay(literal.len() / 16);
        Some(at + literal.len())
    }

    fn optional(&mut self, single: Single, state: &mut State) -> Option<usize> {
        let at = state.at;
        if !self.is_at(single, at) {
            return Some(at);
        }
        self.choose(state, at, at);
        self.enter(state, 0, at + 1)
    }

    fn choose(&mut self, state: &State, at: usize, low: usize) {
        let choice = Choice { item: state.item as u32, level: state.level, at, low };
        self.scratch.choices.push(choice);
    }

    fn greedy(
        &mut self,
        single: Single,
        at_least: u8,
        next: Next,
        state: &mut State,
    ) -> Option<usize> {
        if !self.is_at(single, state.at) {
            return (at_least == 0).then_some(state.at);
        }
        let entered = *state;
        self.enter(state, next.levels, 0)?;
        let end = self.run_end(single, entered.at + 1);
        if next.follow == Follow::Settled {
            return Some(end);
        }
        let low = entered.at + usize::from(at_least);
        let at = self.last_stop(next.follow, low, end)?;
        if at > low {
            self.choose(&entered, at, low);
        }
        Some(at)
    }

    fn lazy(&mut self, single: Single, next: Next, state: &mut State) -> Option<usize> {
        if !self.is_at(single, state.at) {
            return Some(state.at);
        }
        let entered = *state;
        self.enter(state, next.levels, 0)?;
        let at = self.next_stop(single, next.follow, entered.at)?;
        self.choose(&entered, at, at);
        Some(at)
    }

    /// Takes up the newest choice that has another way to go.
    fn retry(&mut self) -> Option<State> {
        loop {
            let Choice { item, level, at, low } = *self.scratch.choices.last()?;
            let item = item as usize;
            let other = match self.program.items[item] {
                Item::Greedy { next, .. } => self.last_stop(next.follow, low, at - 1),
                Item::Lazy { single, next } if self.is_at(single, at) => {
                    self.next_stop(single, next.follow, at + 1)
                }
                Item::Optional(_) => {
                    self.scratch.choices.pop();
                    return Some(State { item: item + 1, at, level });
                }
                _ => None,
            };
            let is_lazy = matches!(self.program.items[item], Item::Lazy { .. });
            match (self.scratch.choices.last_mut(), other) {
                (Some(last), Some(at)) if is_lazy || at > low => last.at = at,
                _ => drop(self.scratch.choices.pop()),
            }
            if let Some(at) = other {
                return Some(State { item: item + 1, at, level: level + 1 });
            }
            self.pay(1);
        }
    }

    /// Last offset in `low..=high`, which a run of bytes covers, where `follow` can match.
    #[inline]
    fn last_stop(&mut self, follow: Follow, low: usize, high: usize) -> Option<usize> {
        match follow {
            Follow::Unknown | Follow::Settled => Some(high),
            Follow::SetOrEnd(_) if high == self.subject.len() => Some(high),
            Follow::Byte(byte) => self.scan_back(low, high, |part| memrchr(byte, part)),
            Follow::Set(set) | Follow::SetOrEnd(set) => {
                let set = self.program.set(set);
                let last = |part: &[u8]| part.iter().rposition(|byte| set.contains(*byte));
                self.scan_back(low, high, last)
            }
        }
    }

    /// First offset from `at` on that the run of `single` reaches and where `follow` can match.
    #[inline]
    fn next_stop(&mut self, single: Single, follow: Follow, at: usize) -> Option<usize> {
        let (set, accepts_end) = match follow {
            Follow::Unknown | Follow::Settled => return Some(at),
            Follow::Byte(byte) if single == Single::Any => {
                return self.scan(at, |part| memchr(byte, part));
            }
            Follow::Byte(byte) => (ByteSet::of(byte), false),
            Follow::Set(set) => (*self.program.set(set), false),
            Follow::SetOrEnd(set) => (*self.program.set(set), true),
        };
        let program = self.program;
        let ends = |byte: &u8| set.contains(*byte) || !program.accepts(single, *byte);
        let found = self.scan(at, |part| part.iter().position(ends));
        match found.and_then(|at| self.subject.get(at)) {
            Some(byte) => found.filter(|_| set.contains(*byte)),
            None => accepts_end.then_some(self.subject.len()),
        }
    }

    /// Offset of the first byte at or behind `at` that `find` finds.
    #[inline]
    fn scan(&mut self, at: usize, find: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        let mut begin = at;
        while begin < self.subject.len() && !self.has_stopped() {
            let end = self.subject.len().min(begin + SCAN_BYTES_MAX);
            let found = find(&self.subject[begin..end]);
            let offset = found.map_or(end, |offset| begin + offset);
            self.pay((offset - begin) / 8);
            if found.is_some() {
                return Some(offset);
            }
            begin = end;
        }
        None
    }

    /// Offset of the last byte in `low..=high` that `find` finds.
    #[inline]
    fn scan_back(
        &mut self,
        low: usize,
        high: usize,
        find: impl Fn(&[u8]) -> Option<usize>,
    ) -> Option<usize> {
        let mut end = self.subject.len().min(high.saturating_add(1));
        while low < end && !self.has_stopped() {
            let begin = end.saturating_sub(SCAN_BYTES_MAX).max(low);
            let found = find(&self.subject[begin..end]);
            let offset = found.map_or(begin, |offset| begin + offset);
            self.pay((end - offset) / 8);
            if found.is_some() {
                return Some(offset);
            }
            end = begin;
        }
        None
    }

    /// Offset behind the longest run of `single` that begins at `at`.
    pub(super) fn run_end(&mut self, single: Single, at: usize) -> usize {
        let found = match single {
            Single::Any => None,
            Single::Byte(byte) => {
                self.scan(at, |part| part.iter().position(|found| *found != byte))
            }
            Single::Except(byte) => self.scan(at, |part| memchr(byte, part)),
            Single::Set(index) => {
                let set = *self.program.set(index);
                self.scan(at, |part| part.iter().position(|found| !set.contains(*found)))
            }
        };
        found.unwrap_or(self.subject.len())
    }

    /// Offset of the first byte from `at` on that `single` accepts.
    pub(super) fn seek(&mut self, single: Single, at: usize) -> Option<usize> {
        match single {
            Single::Any => (at < self.subject.len()).then_some(at),
            Single::Byte(byte) => self.scan(at, |part| memchr(byte, part)),
            Single::Except(byte) => {
                self.scan(at, |part| part.iter().position(|found| *found != byte))
            }
            Single::Set(index) => {
                let set = *self.program.set(index);
                self.scan(at, |part| part.iter().position(|found| set.contains(*found)))
            }
        }
    }

    #[inline(never)]
    fn back_reference(&mut self, index: u8, at: usize) -> Option<usize> {
        let index = usize::from(index) % CAPTURES_MAX;
        let (start, end) = (self.scratch.starts[index], self.scratch.ends[index]);
        let captured = self.subject.get(start..end).unwrap_or_default();
        let is_here = self.subject.get(at..).is_some_and(|rest| rest.starts_with(captured));
        self.pay(captured.len() / 16);
        is_here.then_some(at + captured.len())
    }

    #[inline(never)]
    fn balance(&mut self, open: u8, close: u8, at: usize) -> Option<usize> {
        if self.subject.get(at) != Some(&open) {
            return None;
        }
        let mut depth = 1usize;
        let mut from = at + 1;
        while let Some(found) = self.scan(from, |part| memchr2(open, close, part)) {
            if self.subject.get(found) != Some(&close) {
                depth += 1;
            } else if depth > 1 {
                depth -= 1;
            } else {
                return Some(found + 1);
            }
            self.pay(1);
            from = found + 1;
        }
        None
    }

    /// Is `at` where a run of the set begins? Both ends of the subject count as byte 0.
    fn is_frontier(&self, set: u32, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.subject.get(before));
        let set = self.program.set(set);
        !set.contains(before.copied().unwrap_or(0))
            && set.contains(self.subject.get(at).copied().unwrap_or(0))
    }
}
