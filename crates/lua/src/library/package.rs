//! `require` and the package library. Sources come from the host's loader.

use super::state;
use crate::value::{TableId, Value};
use lua_vm::{Call, Throw, Vm};

/// Registry fields.
const PACKAGE: &str = "_PACKAGE";
const PRELOAD: &str = "_PRELOAD";
/// Directory separator, template separator, name mark, executable mark, ignore mark.
const CONFIG: &str = "/\n;\n?\n!\n-\n";
const PATH: &str = "./?.lua;./?/init.lua";
const NATIVE_PATH: &str = "./?.so";
const NO_NATIVE_LIBRARIES: &str =
    "dynamic libraries not enabled; modules in C cannot be loaded by this Lua";

/// Makes the library table and `require`.
pub(super) fn open(vm: &mut Vm) -> Result<(), Throw> {
    let library = vm.new_library("package", &[("loadlib", loadlib), ("searchpath", searchpath)])?;
    vm.set_field(vm.registry(), PACKAGE, Value::table(library))?;
    let loaded = vm.loaded_modules()?;
    vm.set_field(library, "loaded", Value::table(loaded))?;
    let preload = vm.table()?;
    vm.set_field(vm.registry(), PRELOAD, Value::table(preload))?;
    vm.set_field(library, "preload", Value::table(preload))?;
    for (name, text) in [("config", CONFIG), ("path", PATH), ("cpath", NATIVE_PATH)] {
        let text = vm.string(text)?;
        vm.set_field(library, name, text)?;
    }
    let searchers = vm.table()?;
    vm.set_field(library, "searchers", Value::table(searchers))?;
    let functions: [(&str, lua_vm::NativeFunction); 4] = [
        ("package.searchers.preload", search_preload),
        ("package.searchers.lua", search_lua),
        ("package.searchers.c", search_native),
        ("package.searchers.root", search_native_root),
    ];
    for (index, (name, function)) in functions.into_iter().enumerate() {
        let id = vm.register(name, function);
        vm.raw_set(searchers, Value::integer(index as i64 + 1), Value::native(id))?;
    }
    vm.register_all(vm.globals(), "", &[("require", require)])
}

fn library(call: &mut Call<'_>) -> Result<TableId, Throw> {
    match call.vm.field(call.vm.registry(), PACKAGE).as_table() {
        Some(library) => Ok(library),
        None => call.error("the package library is not open"),
    }
}

// ---- require ----

fn require(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let key = call.arg(0);
    let loaded = call.vm.loaded_modules()?;
    let module = call.vm.raw_fetch(loaded, key)?;
    if !module.is_falsy() {
        return call.ret(module);
    }
    let (loader, data) = find_loader(call, &name)?;
    call.push(data)?;
    let module = call.vm.call_value(loader, &[key, data])?;
    if !module.is_nil() {
        call.vm.raw_set(loaded, key, module)?;
    } else if call.vm.raw_fetch(loaded, key)?.is_nil() {
        call.vm.raw_set(loaded, key, Value::TRUE)?;
    }
    let module = call.vm.raw_fetch(loaded, key)?;
    call.push(module)?;
    call.push(data)?;
    Ok(2)
}

/// Asks one searcher after the other.
fn find_loader(call: &mut Call<'_>, name: &[u8]) -> Result<(Value, Value), Throw> {
    let library = library(call)?;
    let Some(searchers) = call.vm.field(library, "searchers").as_table() else {
        return call.error("'package.searchers' must be a table");
    };
    let key = call.arg(0);
    let mut reasons = Vec::new();
    for index in 1.. {
        let searcher = call.vm.raw_fetch(searchers, Value::integer(index))?;
        if searcher.is_nil() {
            break;
        }
        let results = call.vm.call(searcher, &[key])?;
        let first = results.first().copied().unwrap_or(Value::NIL);
        if first.is_function() {
            return Ok((first, results.get(1).copied().unwrap_or(Value::NIL)));
        }
        if let Some(reason) = call.vm.bytes(first) {
            reasons.extend_from_slice(b"\n\t");
            reasons.extend_from_slice(reason);
        }
    }
    call.error([b"module '", name, b"' not found:", &reasons].concat())
}

fn search_preload(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let preload = call.vm.field(call.vm.registry(), PRELOAD).as_table();
    let loader = match preload {
        Some(preload) => call.vm.raw_fetch(preload, call.arg(0))?,
        None => Value::NIL,
    };
    if loader.is_nil() {
        return call.ret_string(&[b"no field package.preload['", &*name, b"']"].concat());
    }
    let data = call.vm.string(":preload:")?;
    call.push(loader)?;
    call.push(data)?;
    Ok(2)
}

/// The path in a field of the library.
fn path_field(call: &mut Call<'_>, field: &str) -> Result<Vec<u8>, Throw> {
    let library = library(call)?;
    match call.vm.bytes(call.vm.field(library, field)) {
        Some(path) => Ok(path.to_vec()),
        None => call.error(format!("'package.{field}' must be a string")),
    }
}

fn search_lua(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let path = path_field(call, "path")?;
    let file = match find(call, &name, &path, b".", b"/")? {
        Ok(file) => file,
        Err(reasons) => return call.ret_string(&reasons),
    };
    match super::base::load::load_file(call, &file) {
        Ok(loader) => {
            let file = call.vm.string(&file)?;
            call.push(loader)?;
            call.push(file)?;
            Ok(2)
        }
        Err(Throw::Error) => {
            let message = call.vm.bytes(call.vm.thrown()).unwrap_or_default().to_vec();
            fail_to_load(call, &name, &file, &message)
        }
        Err(throw) => Err(throw),
    }
}

fn fail_to_load(
    call: &mut Call<'_>,
    name: &[u8],
    file: &[u8],
    message: &[u8],
) -> Result<usize, Throw> {
    let parts: [&[u8]; 6] =
        [b"error loading module '", name, b"' from file '", file, b"':\n\t", message];
    call.error(parts.concat())
}

/// Modules in C are found, so that the message can tell why they do not load.
fn search_native(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    search_native_file(call, &name, &name)
}

/// The same for the module that contains the one wanted.
fn search_native_root(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let Some(dot) = memchr::memchr(b'.', &name) else { return Ok(0) };
    search_native_file(call, &name, &name[..dot])
}

fn search_native_file(call: &mut Call<'_>, name: &[u8], part: &[u8]) -> Result<usize, Throw> {
    let path = path_field(call, "cpath")?;
    match find(call, part, &path, b".", b"/")? {
        Ok(file) => fail_to_load(call, name, &file, NO_NATIVE_LIBRARIES.as_bytes()),
        Err(reasons) => call.ret_string(&reasons),
    }
}

// ---- paths ----

/// The first file of a path that can be read, or the message about those that were tried.
fn find(
    call: &mut Call<'_>,
    name: &[u8],
    path: &[u8],
    separator: &[u8],
    replacement: &[u8],
) -> Result<Result<Vec<u8>, Vec<u8>>, Throw> {
    let name = match separator {
        b"" => name.to_vec(),
        _ => replace(name, separator, replacement),
    };
    let mut reasons = Vec::new();
    for template in path.split(|&byte| byte == b';') {
        let file = replace(template, b"?", &name);
        call.charge(8 + file.len() / 8)?;
        if !file.is_empty() && state(call.vm).sources.exists(&file) {
            return Ok(Ok(file));
        }
        if !reasons.is_empty() {
            reasons.extend_from_slice(b"\n\t");
        }
        reasons.extend_from_slice(&[b"no file '", &file[..], b"'"].concat());
    }
    Ok(Err(reasons))
}

fn replace(text: &[u8], wanted: &[u8], replacement: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut end = 0;
    for start in memchr::memmem::find_iter(text, wanted) {
        replaced.extend_from_slice(&text[end..start]);
        replaced.extend_from_slice(replacement);
        end = start + wanted.len();
    }
    replaced.extend_from_slice(&text[end..]);
    replaced
}

fn searchpath(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (name, path) = (call.string(0)?, call.string(1)?);
    let separator = call.optional_string(2)?.unwrap_or_else(|| b"."[..].into());
    let replacement = call.optional_string(3)?.unwrap_or_else(|| b"/"[..].into());
    match find(call, &name, &path, &separator, &replacement)? {
        Ok(file) => call.ret_string(&file),
        Err(reasons) => {
            let reasons = call.vm.string(reasons)?;
            call.push(Value::NIL)?;
            call.push(reasons)?;
            Ok(2)
        }
    }
}

fn loadlib(call: &mut Call<'_>) -> Result<usize, Throw> {
    call.string(0)?;
    call.string(1)?;
    call.push(Value::NIL)?;
    for text in [NO_NATIVE_LIBRARIES, "absent"] {
        let text = call.vm.string(text)?;
        call.push(text)?;
    }
    Ok(3)
}
