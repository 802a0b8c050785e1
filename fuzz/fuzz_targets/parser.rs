//! Any bytes as source text: an error or a function that the verifier accepts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lua::chunk::{dump, undump, verify};

fuzz_target!(|source: &[u8]| {
    let Ok(function) = lua::compiler::compile(source, b"=fuzz") else { return };
    let bytes = dump(&function, false);
    let read = undump(&bytes).expect("what was dumped can be read");
    verify(read).expect("the compiler writes what the verifier accepts");
});
