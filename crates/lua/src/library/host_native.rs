//! The libraries that reach the host, where there is one with files and processes.

use super::{LibraryOptions, io, os_native, restricted, source, state};
use crate::value::TableId;
use lua_vm::{Throw, Vm};

/// Opens `io`.
pub(super) fn open_io(vm: &mut Vm, options: &LibraryOptions) -> Result<(), Throw> {
    if !options.host_access {
        return restricted::open_io(vm);
    }
    state(vm).sources.set_default(Box::new(source::FileSources));
    io::open(vm)
}

/// Adds to `os` what reaches the host.
pub(super) fn open_os(
    vm: &mut Vm,
    library: TableId,
    options: &LibraryOptions,
) -> Result<(), Throw> {
    if options.host_access {
        os_native::open(vm, library)
    } else {
        restricted::open_os(vm, library)
    }
}
