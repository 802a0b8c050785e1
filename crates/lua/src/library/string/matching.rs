//! `string.find`, `match`, `gmatch` and `gsub`

use std::sync::Arc;

use crate::library::state;
use crate::text::pattern::{Capture, Match, Matcher, Pattern, find_plain, is_plain};
use crate::text::start_offset;
use crate::value::{Type, Value};
use lua_vm::{Buffer, Call, Throw, VmMeter};

/// Longer patterns are not kept, and compiled at the caller's expense.
const KEPT_BYTES_MAX: usize = 128;

/// Bytes that one byte of a pattern may become.
const COMPILED_BYTES_PER_BYTE: usize = 48;

/// Values that `gmatch` captures, by their places.
mod captured {
    pub const SUBJECT: usize = 0;
    pub const PATTERN: usize = 1;
    /// Offset where the search goes on.
    pub const FROM: usize = 2;
    /// Offset behind the last match, or nil.
    pub const PREVIOUS_END: usize = 3;
}

#[inline(never)]
fn compiled(call: &mut Call<'_>, text: &[u8], is_gmatch: bool) -> Result<Arc<Pattern>, Throw> {
    if text.len() > KEPT_BYTES_MAX {
        call.charge(text.len())?;
        call.vm.reserve(text.len().saturating_mul(COMPILED_BYTES_PER_BYTE))?;
    }
    let patterns = &mut state(call.vm).strings.patterns;
    let pattern = if is_gmatch { patterns.get_for_gmatch(text) } else { patterns.get(text) };
    call.text(pattern)
}

/// Lends the matcher that calls share; a nested call gets a new one.
fn with_matcher<T>(
    call: &mut Call<'_>,
    work: impl FnOnce(&mut Call<'_>, &mut Matcher) -> Result<T, Throw>,
) -> Result<T, Throw> {
    let mut matcher = state(call.vm).strings.matcher.take().unwrap_or_default();
    let result = work(call, &mut matcher);
    state(call.vm).strings.matcher = Some(matcher);
    result
}

pub(super) fn find(call: &mut Call<'_>) -> Result<usize, Throw> {
    search(call, true)
}

pub(super) fn first_match(call: &mut Call<'_>) -> Result<usize, Throw> {
    search(call, false)
}

fn search(call: &mut Call<'_>, is_find: bool) -> Result<usize, Throw> {
    let subject = call.string(0)?;
    let pattern = call.string(1)?;
    let from = start_offset(call.optional_integer(2, 1)?, subject.len());
    if from > subject.len() {
        return call.ret(Value::NIL);
    }
    if is_find && (!call.arg(3).is_falsy() || is_plain(&pattern)) {
        let found = find_plain(&subject, &pattern, from, &mut VmMeter(call.vm));
        let Some(at) = call.text(found)? else { return call.ret(Value::NIL) };
        return push_range(call, at, at + pattern.len());
    }
    let pattern = compiled(call, &pattern, false)?;
    with_matcher(call, |call, matcher| {
        let found = matcher.find(&pattern, &subject, from, &mut VmMeter(call.vm));
        match call.text(found)? {
            None => call.ret(Value::NIL),
            Some(found) if is_find => {
                push_range(call, found.start(), found.end())?;
                call.push_captures(&found, found.capture_count()).map(|count| count + 2)
            }
            Some(found) => call.push_captures(&found, found.value_count()),
        }
    })
}

fn push_range(call: &mut Call<'_>, start: usize, end: usize) -> Result<usize, Throw> {
    call.push(Value::integer(start as i64 + 1))?;
    call.push(Value::integer(end as i64))?;
    Ok(2)
}

/// The iterator's whole state is in its captured values, so that it persists.
pub(super) fn gmatch(call: &mut Call<'_>) -> Result<usize, Throw> {
    let size_bytes = call.string(0)?.len();
    call.string(1)?;
    let from = start_offset(call.optional_integer(2, 1)?, size_bytes).min(size_bytes + 1);
    let values = [call.arg(0), call.arg(1), Value::integer(from as i64), Value::NIL];
    let Some(step) = state(call.vm).strings.gmatch_step else { return call.ret(Value::NIL) };
    let iterator = call.vm.make_native(step, &values)?;
    call.ret(iterator)
}

pub(super) fn gmatch_step(call: &mut Call<'_>) -> Result<usize, Throw> {
    let bytes = |call: &Call<'_>, index| {
        let id = call.upvalue(index).as_string();
        id.map(|id| call.vm.heap().bytes_of(id).clone()).unwrap_or_default()
    };
    let offset = |value: Value| value.as_integer().and_then(|i| usize::try_from(i).ok());
    let (subject, pattern) = (bytes(call, captured::SUBJECT), bytes(call, captured::PATTERN));
    let from = offset(call.upvalue(captured::FROM)).unwrap_or(usize::MAX);
    let previous_end = offset(call.upvalue(captured::PREVIOUS_END));
    let pattern = compiled(call, &pattern, true)?;
    with_matcher(call, |call, matcher| {
        let meter = &mut VmMeter(call.vm);
        let found = matcher.find_next(&pattern, &subject, from, previous_end, meter);
        let Some(found) = call.text(found)? else { return Ok(0) };
        let end = Value::integer(found.end() as i64);
        call.set_upvalue(captured::FROM, end);
        call.set_upvalue(captured::PREVIOUS_END, end);
        call.push_captures(&found, found.value_count())
    })
}

/// How `gsub` replaces a match.
enum Replacement {
    /// A string without `%`, or with.
    Text(std::rc::Rc<[u8]>),
    Table(Value),
    Function(Value),
}

#[inline(never)]
fn replacement(call: &mut Call<'_>) -> Result<Replacement, Throw> {
    let value = call.arg(2);
    match value.type_of() {
        Type::String | Type::Number => call.string(2).map(Replacement::Text),
        Type::Table => Ok(Replacement::Table(value)),
        Type::Function => Ok(Replacement::Function(value)),
        _ => call.type_error(2, "string/function/table"),
    }
}

pub(super) fn gsub(call: &mut Call<'_>) -> Result<usize, Throw> {
    let subject = call.string(0)?;
    let pattern = call.string(1)?;
    let count_max = call.optional_integer(3, subject.len() as i64 + 1)?;
    let replacement = replacement(call)?;
    let pattern = compiled(call, &pattern, false)?;
    let replace = |call: &mut Call<'_>, matcher: &mut Matcher| {
        call.with_buffer(|call, buffer| {
            let job = Job { subject: &subject, pattern: &pattern, replacement: &replacement };
            job.run(call, matcher, count_max, buffer)
        })
    };
    with_matcher(call, replace)
}

/// One call of `gsub`.
struct Job<'a> {
    subject: &'a [u8],
    pattern: &'a Pattern,
    replacement: &'a Replacement,
}

impl Job<'_> {
    fn run(
        &self,
        call: &mut Call<'_>,
        matcher: &mut Matcher,
        count_max: i64,
        buffer: &mut Buffer,
    ) -> Result<usize, Throw> {
        let subject = self.subject;
        let (mut count, mut changed, mut from, mut previous_end) = (0, false, 0, None);
        while count < count_max {
            let meter = &mut VmMeter(call.vm);
            let found = matcher.find_next(self.pattern, subject, from, previous_end, meter);
            let Some(found) = call.text(found)? else { break };
            count += 1;
            buffer.append(call, &subject[from..found.start()])?;
            changed |= self.replace(call, &found, buffer)?;
            from = found.end();
            previous_end = Some(from);
            if self.pattern.is_anchored() {
                break;
            }
        }
        if changed {
            buffer.append(call, &subject[from..])?;
            call.push_string(&buffer.bytes)?;
        } else {
            call.push(call.arg(0))?;
        }
        call.push(Value::integer(count))?;
        Ok(2)
    }

    /// Appends what stands for a match; false if that is the match itself.
    #[inline(never)]
    fn replace(
        &self,
        call: &mut Call<'_>,
        found: &Match<'_>,
        buffer: &mut Buffer,
    ) -> Result<bool, Throw> {
        let value = match self.replacement {
            Replacement::Text(text) => {
                expand(call, found, text, buffer)?;
                return Ok(true);
            }
            Replacement::Table(table) => {
                let key = call.capture(found, 0)?;
                call.vm.get(*table, key)?
            }
            Replacement::Function(function) => {
                let slot = call.vm.stack_top();
                call.push(*function)?;
                call.push_captures(found, found.value_count())?;
                call.call_pushed(slot)?
            }
        };
        if let Some(id) = value.as_string() {
            let text = call.vm.heap().bytes_of(id).clone();
            buffer.append(call, &text)?;
        } else if value.is_falsy() {
            buffer.append(call, found.bytes())?;
            return Ok(false);
        } else {
            buffer.room(call, NUMBER_BYTES_MAX)?;
            if !call.vm.append_text(value, &mut buffer.bytes) {
                let kind = value.type_of().name();
                return call.error(format!("invalid replacement value (a {kind})"));
            }
        }
        Ok(true)
    }
}

/// Longest text of a number.
const NUMBER_BYTES_MAX: usize = 64;

/// Appends a replacement string, with its `%1` and the like replaced.
#[inline(never)]
fn expand(
    call: &mut Call<'_>,
    found: &Match<'_>,
    text: &[u8],
    buffer: &mut Buffer,
) -> Result<(), Throw> {
    if memchr::memchr(b'%', text).is_none() {
        return buffer.append(call, text);
    }
    let reference_bytes = |at: usize| match text.get(at + 1) {
        Some(b'0') => found.bytes().len(),
        Some(digit @ b'1'..=b'9') => match found.capture(usize::from(digit - b'1')) {
            Ok(Capture::Bytes(bytes)) => bytes.len(),
            _ => NUMBER_BYTES_MAX,
        },
        _ => 0,
    };
    let references = memchr::memchr_iter(b'%', text).map(reference_bytes);
    let expanded = text.len() + references.sum::<usize>();
    call.charge_bytes(expanded)?;
    buffer.room(call, expanded)?;
    let result = found.expand(text, &mut buffer.bytes);
    call.text(result)
}
