//! The libraries that would reach the host, where there are no files and processes.

use super::{LibraryOptions, restricted};
use crate::value::TableId;
use lua_vm::{Throw, Vm};

/// Opens `io`.
pub(super) fn open_io(vm: &mut Vm, _options: &LibraryOptions) -> Result<(), Throw> {
    restricted::open_io(vm)
}

/// Adds to `os` functions that refuse.
pub(super) fn open_os(
    vm: &mut Vm,
    library: TableId,
    _options: &LibraryOptions,
) -> Result<(), Throw> {
    restricted::open_os(vm, library)
}
