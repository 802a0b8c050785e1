//! `moonkeep run`: one Lua file.

use std::io::Read;
use std::path::Path;

use moonkeep::lua::{Throw, Value};

use crate::arguments::Run;
use crate::session::Session;

pub fn run(arguments: &Run) -> Result<(), String> {
    let source = read(&arguments.file)?;
    let mut session = Session::open(&arguments.state)?;
    let name = format!("@{}", arguments.file.display());
    let function = match session.vm().load(without_first_comment(&source), &name) {
        Ok(function) => function,
        Err(throw) => return Err(session.thrown(throw)),
    };
    let args = match pass_arguments(&mut session, arguments) {
        Ok(args) => args,
        Err(throw) => return Err(session.thrown(throw)),
    };
    session.run(function, &args)?;
    session.close()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    if path == Path::new("-") {
        let mut source = Vec::new();
        let read = std::io::stdin().read_to_end(&mut source);
        return read
            .map(|_| source)
            .map_err(|error| format!("cannot read standard input: {error}"));
    }
    std::fs::read(path).map_err(|error| format!("cannot open '{}': {error}", path.display()))
}

/// A first line that starts with `#` is for the operating system; its line break stays, so that
/// lines keep their numbers.
fn without_first_comment(source: &[u8]) -> &[u8] {
    if source.first() != Some(&b'#') {
        return source;
    }
    let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
    &source[end..]
}

/// Sets the table `arg` and returns the arguments.
fn pass_arguments(session: &mut Session, arguments: &Run) -> Result<Vec<Value>, Throw> {
    let vm = session.vm();
    let table = vm.table()?;
    let script = vm.string(arguments.file.as_os_str().as_encoded_bytes())?;
    vm.raw_set(table, Value::integer(0), script)?;
    let mut args = Vec::with_capacity(arguments.args.len());
    for (index, argument) in arguments.args.iter().enumerate() {
        let value = vm.string(argument.as_encoded_bytes())?;
        vm.raw_set(table, Value::integer(index as i64 + 1), value)?;
        args.push(value);
    }
    let globals = vm.globals();
    vm.set_field(globals, "arg", Value::table(table))?;
    Ok(args)
}
