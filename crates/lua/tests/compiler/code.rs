//! Programs that both compilers accept: dumps must be equal byte for byte.

use super::oracle::compare;
use mlua::Lua;
use std::path::Path;

/// Compares each `.lua` file of a folder; says how many there were.
fn compare_folder(lua: &Lua, folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "lua") {
            continue;
        }
        let mut source = std::fs::read(&path).unwrap();
        if source.starts_with(b"#") {
            let line_end = source.iter().position(|byte| *byte == b'\n');
            source.drain(..line_end.unwrap_or(source.len()));
        }
        let name = format!("@{}", path.file_name().unwrap().to_string_lossy());
        if let Err(difference) = compare(lua, &source, &name) {
            panic!("{}: {difference}", path.display());
        }
        count += 1;
    }
    count
}

/// Further folders of Lua files can be named in `LUA_CORPUS`, separated by colons.
#[test]
fn files() {
    let lua = Lua::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compiler/sources");
    assert!(compare_folder(&lua, &own) >= 1);
    for folder in std::env::var("LUA_CORPUS").unwrap_or_default().split(':') {
        if !folder.is_empty() {
            assert!(compare_folder(&lua, Path::new(folder)) >= 1, "no Lua files in {folder}");
        }
    }
}
