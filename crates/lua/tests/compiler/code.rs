//! Programs that both compilers accept: dumps must be equal byte for byte.

use super::oracle::{compare, corpus};
use mlua::Lua;

#[test]
fn files() {
    let lua = Lua::new();
    let files = corpus();
    assert!(files.len() >= 4);
    for (name, source) in files {
        if let Err(difference) = compare(&lua, &source, &format!("@{name}")) {
            panic!("{name}: {difference}");
        }
    }
}
