//! What the tests of the engine share.
#![allow(dead_code, reason = "no test uses all of it")]

use moonkeep::Engine;
use moonkeep::lua::{Kind, Value};

/// Values as text, between blanks.
pub fn text(engine: &mut Engine, values: &[Value]) -> String {
    let vm = engine.vm();
    let text = |value: &Value| match (vm.bytes(*value), value.kind()) {
        (Some(bytes), _) => String::from_utf8_lossy(bytes).into_owned(),
        (None, Kind::Nil) => "nil".into(),
        (None, Kind::Boolean(b)) => b.to_string(),
        (None, Kind::Integer(i)) => i.to_string(),
        (None, kind) => format!("{kind:?}"),
    };
    values.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Runs a program, which commits; its results as text.
#[track_caller]
pub fn run(engine: &mut Engine, source: &str) -> String {
    let values = engine.run(source.as_bytes(), "=test").expect("a program that runs");
    text(engine, &values)
}
