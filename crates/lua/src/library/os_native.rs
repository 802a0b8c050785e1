//! The functions of `os` that reach the host: processes, files, the environment.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::io::{flush_all, outcome, path, process_outcome, shell_command, stream};
use crate::value::{Kind, TableId, Value};
use lua_vm::{Call, Throw, Vm};

/// Names that are tried for a temporary file.
const ATTEMPTS_MAX: u32 = 1000;

/// Puts the functions into the library table.
pub(super) fn open(vm: &mut Vm, library: TableId) -> Result<(), Throw> {
    vm.register_all(
        library,
        "os",
        &[
            ("execute", execute),
            ("exit", exit),
            ("getenv", getenv),
            ("remove", remove),
            ("rename", rename),
            ("tmpname", tmpname),
        ],
    )
}

fn execute(call: &mut Call<'_>) -> Result<usize, Throw> {
    let Some(command) = call.optional_string(0)? else { return call.ret(Value::TRUE) };
    flush_all(call.vm);
    match shell_command(&command).status() {
        Ok(status) => process_outcome(call, stream::ending(status)),
        Err(error) => super::io::failure(call, None, &error),
    }
}

fn exit(call: &mut Call<'_>) -> Result<usize, Throw> {
    let code = match call.arg(0) {
        value if matches!(value.kind(), Kind::Nil | Kind::Boolean(true)) => 0,
        value if matches!(value.kind(), Kind::Boolean(false)) => 1,
        _ => call.integer(0)? as i32,
    };
    if !call.arg(1).is_falsy() {
        call.vm.close();
    }
    flush_all(call.vm);
    std::process::exit(code)
}

fn getenv(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let name = path(&name).into_os_string();
    // Such names cannot exist; the system's function would panic.
    let odd = name.is_empty() || name.as_encoded_bytes().contains(&b'=');
    match std::env::var_os(&name).filter(|_| !odd) {
        Some(value) => call.ret_string(value.as_encoded_bytes()),
        None => call.ret(Value::NIL),
    }
}

fn remove(call: &mut Call<'_>) -> Result<usize, Throw> {
    let name = call.string(0)?;
    let file = path(&name);
    let is_folder = file.symlink_metadata().is_ok_and(|data| data.is_dir());
    let removed = if is_folder { std::fs::remove_dir(&file) } else { std::fs::remove_file(&file) };
    outcome(call, Some(&name), removed)
}

fn rename(call: &mut Call<'_>) -> Result<usize, Throw> {
    let (from, to) = (call.string(0)?, call.string(1)?);
    let renamed = std::fs::rename(path(&from), path(&to));
    outcome(call, Some(&from), renamed)
}

fn tmpname(call: &mut Call<'_>) -> Result<usize, Throw> {
    match temporary_file() {
        Ok((_, path)) => call.ret_string(path.as_os_str().as_encoded_bytes()),
        Err(_) => call.error("unable to generate a unique filename"),
    }
}

/// Creates a file that did not exist, for reading and writing.
pub(super) fn temporary_file() -> io::Result<(File, PathBuf)> {
    let folder = std::env::temp_dir();
    let mut number = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.subsec_nanos());
    for _ in 0..ATTEMPTS_MAX {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let path = folder.join(format!("lua_{:x}_{number:08x}", std::process::id()));
        let created = File::options().read(true).write(true).create_new(true).open(&path);
        match created {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (file, path)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
