//! Any bytes as a stored `_home`: refused, or restored and usable, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use moonkeep::{Engine, Options};

fuzz_target!(|bytes: &[u8]| {
    let mut engine = Engine::new(&Options::default()).expect("an engine without limits opens");
    if engine.restore(bytes).is_ok() {
        let _ = engine.run(b"for k, v in next, _home do _home[k] = v end", "=fuzz");
        let _ = engine.save();
    }
});
