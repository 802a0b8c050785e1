//! Random Lua 5.4 programs for differential tests, and PUC-Rio Lua as the reference.

mod expression;
mod misuse;
mod mutant;
mod reference;
mod snippet;
mod statement;
mod subject;

pub use mutant::mutant;
pub use reference::{
    HARNESS, Outcome, check_reference, dump_reference, run_reference, used_functions,
};
pub use subject::{check_compiler, run_compiled, run_foreign, run_moonkeep};

use expression::Generator;

/// What every program begins with: printing that never shows an address or a hash order, and
/// the values that expressions refer to.
const PRELUDE: &str = include_str!("prelude.lua");

/// A random Lua 5.4 program of about `size` sections (at least one): the same text for the same
/// arguments.
///
/// Every section is a protected call whose results are printed, so an error ends one section and
/// its message is part of the output. Programs use the whole language and library, end after a
/// bounded number of steps, and print nothing that may differ between two correct machines on
/// one platform. They return a digest of what they printed.
///
/// ```
/// let source = testkit::program::program(1, 5);
/// assert_eq!(source, testkit::program::program(1, 5));
/// assert_ne!(source, testkit::program::program(2, 5));
/// let outcome = testkit::program::run_reference(&source);
/// assert!(!outcome.printed.is_empty());
/// ```
pub fn program(seed: u64, size: u32) -> String {
    let mut generator = Generator::new(seed);
    let mut text = String::from(PRELUDE);
    for section in 1..=size.max(1) {
        text.push_str(&generator.section(section));
    }
    text.push_str("return finish()\n");
    text
}

/// A fragment of a program: one small expression per kind, for tests of parsers alone.
///
/// ```
/// assert!(!testkit::program::expression(3).is_empty());
/// ```
pub fn expression(seed: u64) -> String {
    Generator::new(seed).any(3)
}
