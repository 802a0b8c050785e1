//! The border: the exports, and the buffers that lie between them and the host.
//!
//! The host runs one call at a time; during an import it calls nothing but `mk_input`.

use crate::medium::HostStorage;
use crate::session::{Answer, Session, Way};
use std::cell::RefCell;
use store::{Durability, Error, LogOptions};

#[cfg(feature = "checks")]
mod checks;

thread_local! {
    static SESSION: RefCell<Option<Session<HostStorage>>> = const { RefCell::new(None) };
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static RESULT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static WORDS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The length that stands for no upper bound.
const UNBOUNDED: usize = u32::MAX as usize;

/// Empties the buffer in which the host has left the words of a fault.
pub fn take_words() -> Vec<u8> {
    WORDS.take()
}

/// What went wrong, into the result; the answer for it.
fn fail(code: &str, words: &str, result: &mut Vec<u8>) -> i32 {
    result.clear();
    result.extend_from_slice(code.as_bytes());
    result.push(0);
    result.extend_from_slice(words.as_bytes());
    -1
}

fn report(error: &Error, result: &mut Vec<u8>) -> i32 {
    fail(error.code(), &error.message(), result)
}

/// What a call does with the session, the bytes in the buffer and an empty result.
type Body<'b> = &'b mut dyn FnMut(&mut Session<HostStorage>, &[u8], &mut Vec<u8>) -> Answer<f64>;

/// Runs one call whose answer is a double; -1 for an error.
#[inline(never)]
fn call_wide(body: Body<'_>) -> f64 {
    SESSION.with_borrow_mut(|session| {
        BUFFER.with_borrow(|buffer| {
            RESULT.with_borrow_mut(|result| {
                result.clear();
                let Some(session) = session else {
                    return f64::from(fail("STORE_USAGE", "no store is open", result));
                };
                body(session, buffer, result).unwrap_or_else(|error| report(&error, result).into())
            })
        })
    })
}

/// Runs one call whose answer is a number of 32 bits.
fn call(mut body: impl FnMut(&mut Session<HostStorage>, &[u8], &mut Vec<u8>) -> Answer) -> i32 {
    call_wide(&mut |session, buffer, result| body(session, buffer, result).map(f64::from)) as i32
}

/// The two keys in the buffer; the second one bounds from above, if it is there.
fn bounds(buffer: &[u8], low: usize, high: usize) -> (&[u8], Option<&[u8]>) {
    let (low, rest) = buffer.split_at(low.min(buffer.len()));
    (low, (high != UNBOUNDED).then(|| &rest[..high.min(rest.len())]))
}

fn key(buffer: &[u8], length: usize) -> &[u8] {
    &buffer[..length.min(buffer.len())]
}

fn durability(relaxed: u32) -> Durability {
    if relaxed == 0 { Durability::Strict } else { Durability::Relaxed }
}

fn resize(buffer: &mut Vec<u8>, length: usize) -> *mut u8 {
    buffer.resize(length, 0);
    buffer.as_mut_ptr()
}

/// Makes the buffer for the words of a fault `length` bytes long; its address.
// SAFETY (here and below): no library of the module has exports with these names.
#[unsafe(no_mangle)]
pub extern "C" fn mk_input(length: usize) -> *mut u8 {
    WORDS.with_borrow_mut(|words| resize(words, length))
}

/// Makes the buffer for keys and values at least `length` bytes long; its address.
#[unsafe(no_mangle)]
pub extern "C" fn store_buffer(length: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        let length = length.max(buffer.len());
        resize(buffer, length)
    })
}

/// The address of the result.
#[unsafe(no_mangle)]
pub extern "C" fn store_result() -> *const u8 {
    RESULT.with_borrow(|result| result.as_ptr())
}

/// The length of the result in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn store_result_length() -> usize {
    RESULT.with_borrow(Vec::len)
}

/// Opens a store on the host's pages (kind 0) or files (kind 1). The last three arguments are for
/// files: page size of a new store, pages that the log buffers, bytes of the log before it is
/// started over; 0 stands for what is usual.
#[unsafe(no_mangle)]
pub extern "C" fn store_open(
    kind: u32,
    cache_bytes: usize,
    page_bytes: usize,
    buffer_pages: usize,
    checkpoint_bytes: f64,
) -> i32 {
    let options = log_options(page_bytes, buffer_pages, checkpoint_bytes);
    let opened = HostStorage::open(kind, options)
        .map_err(Error::from)
        .and_then(|storage| Session::open(storage, cache_bytes));
    match opened {
        Ok(opened) => {
            SESSION.set(Some(opened));
            0
        }
        Err(error) => RESULT.with_borrow_mut(|result| report(&error, result)),
    }
}

fn log_options(page_bytes: usize, buffer_pages: usize, checkpoint_bytes: f64) -> LogOptions {
    let usual = LogOptions::default();
    LogOptions {
        page_bytes: if page_bytes == 0 { usual.page_bytes } else { page_bytes },
        buffer_pages: if buffer_pages == 0 { usual.buffer_pages } else { buffer_pages },
        places: usual.places,
        checkpoint_bytes: match checkpoint_bytes {
            0.0 => usual.checkpoint_bytes,
            bytes => bytes as u64,
        },
    }
}

/// Reads a value; its length.
#[unsafe(no_mangle)]
pub extern "C" fn store_get(key_length: usize) -> i32 {
    call(|session, buffer, result| session.get(key(buffer, key_length), result))
}

/// Sets a value; 1 if the key is new.
#[unsafe(no_mangle)]
pub extern "C" fn store_put(key_length: usize, value_length: usize) -> i32 {
    call(|session, buffer, _| {
        let (key, rest) = buffer.split_at(key_length.min(buffer.len()));
        session.put(key, &rest[..value_length.min(rest.len())])
    })
}

/// Removes a key; 1 if it was there.
#[unsafe(no_mangle)]
pub extern "C" fn store_delete(key_length: usize) -> i32 {
    call(|session, buffer, _| session.delete(key(buffer, key_length)))
}

/// Removes a range, without an upper bound if its length is `u32::MAX`; how many keys.
#[unsafe(no_mangle)]
pub extern "C" fn store_delete_range(low_length: usize, high_length: usize) -> f64 {
    call_wide(&mut |session, buffer, _| {
        let (low, high) = bounds(buffer, low_length, high_length);
        session.delete_range(low, high)
    })
}

/// Reads up to `most` entries of a range; how many. In the result stand, for each, the lengths of
/// key and value, 32 bits each, and both.
#[unsafe(no_mangle)]
pub extern "C" fn store_range(low_length: usize, high_length: usize, most: u32) -> i32 {
    call(|session, buffer, result| {
        let (low, high) = bounds(buffer, low_length, high_length);
        session.range(low, high, most, result)
    })
}

/// Moves the cursor to the first key; 1 if there is one, which is in the result with its value, as
/// after every move.
#[unsafe(no_mangle)]
pub extern "C" fn store_first() -> i32 {
    call(|session, _, result| session.go(Way::First, result))
}

/// Moves the cursor to the last key.
#[unsafe(no_mangle)]
pub extern "C" fn store_last() -> i32 {
    call(|session, _, result| session.go(Way::Last, result))
}

/// Moves the cursor to a key or the first one above it.
#[unsafe(no_mangle)]
pub extern "C" fn store_seek(key_length: usize) -> i32 {
    call(|session, buffer, result| session.go(Way::Seek(key(buffer, key_length)), result))
}

/// Moves the cursor on.
#[unsafe(no_mangle)]
pub extern "C" fn store_next() -> i32 {
    call(|session, _, result| session.go(Way::Next, result))
}

/// Moves the cursor back.
#[unsafe(no_mangle)]
pub extern "C" fn store_previous() -> i32 {
    call(|session, _, result| session.go(Way::Previous, result))
}

/// Opens a transaction.
#[unsafe(no_mangle)]
pub extern "C" fn store_begin() -> i32 {
    call(|session, _, _| session.begin())
}

/// Commits, relaxed or not; the ticket.
#[unsafe(no_mangle)]
pub extern "C" fn store_commit(relaxed: u32) -> f64 {
    call_wide(&mut |session, _, _| session.commit(durability(relaxed)))
}

/// Drops the transaction.
#[unsafe(no_mangle)]
pub extern "C" fn store_rollback() -> i32 {
    call(|session, _, _| session.rollback())
}

/// Sets a savepoint; its number.
#[unsafe(no_mangle)]
pub extern "C" fn store_savepoint() -> i32 {
    call(|session, _, _| session.savepoint())
}

/// Closes a savepoint and keeps what was changed since.
#[unsafe(no_mangle)]
pub extern "C" fn store_release(number: usize) -> i32 {
    call(|session, _, _| session.end_savepoint(number, true))
}

/// Closes a savepoint and undoes what was changed since.
#[unsafe(no_mangle)]
pub extern "C" fn store_rollback_to(number: usize) -> i32 {
    call(|session, _, _| session.end_savepoint(number, false))
}

/// Asks the host to make everything durable; the newest ticket.
#[unsafe(no_mangle)]
pub extern "C" fn store_flush() -> f64 {
    call_wide(&mut |session, _, _| session.flush())
}

/// Figures in the result, each a double; how many. `Session::stats` says which.
#[unsafe(no_mangle)]
pub extern "C" fn store_stats() -> i32 {
    call(|session, _, result| session.stats(result))
}

/// Closes the store and its storage.
#[unsafe(no_mangle)]
pub extern "C" fn store_close() -> i32 {
    match SESSION.take().map(Session::close) {
        None | Some(Ok(_)) => 0,
        Some(Err(error)) => RESULT.with_borrow_mut(|result| report(&error, result)),
    }
}
