//! The contract of `store::Storage` as calls, between which the host may wait, and the check of
//! a whole store.

use super::{RESULT, call, log_options, report};
use crate::medium::HostStorage;
use crate::session::NOTHING;
use store::Error;
use testkit::store_conformance::{CHECKS, part};

/// How many checks there are.
#[unsafe(no_mangle)]
pub extern "C" fn check_count() -> usize {
    CHECKS.len()
}

/// The length of the name of a check, which is in the result.
#[unsafe(no_mangle)]
pub extern "C" fn check_name(index: usize) -> i32 {
    RESULT.with_borrow_mut(|result| {
        result.clear();
        let Some(check) = CHECKS.get(index) else { return NOTHING };
        result.extend_from_slice(check.name.as_bytes());
        result.len() as i32
    })
}

/// Runs a part of a check on what the host offers, which it has just opened: the first part
/// (`again` 0) on an empty storage, the other one on what outlived it; -2 if there is none. 1 if
/// the contract was kept. The other arguments are those of `store_open`.
#[unsafe(no_mangle)]
pub extern "C" fn check_run(
    index: usize,
    again: u32,
    kind: u32,
    page_bytes: usize,
    buffer_pages: usize,
    checkpoint_bytes: f64,
) -> i32 {
    let Some(check) = CHECKS.get(index) else { return NOTHING };
    let Some(chosen) = (if again == 0 { Some(check.first) } else { check.again }) else {
        return NOTHING;
    };
    let options = log_options(page_bytes, buffer_pages, checkpoint_bytes);
    let outcome =
        HostStorage::open(kind, options).and_then(|mut storage| part(chosen, &mut storage));
    match outcome {
        Ok(sound) => i32::from(sound),
        Err(fault) => RESULT.with_borrow_mut(|result| report(&Error::from(fault), result)),
    }
}

/// Checks every page of the open store; how many problems, with a report as text in the result.
#[unsafe(no_mangle)]
pub extern "C" fn store_verify() -> i32 {
    call(|session, _, result| session.verify(result))
}
