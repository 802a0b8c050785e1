//! A crash-safe, transactional, ordered map of bytes in one B+tree over pages.
//!
//! The tree lives outside the program's memory, behind the six methods of [`Storage`]; inside
//! there is a fixed number of page frames and nothing that grows with the data or with a
//! transaction. The bytes on the medium are described in `docs/format.md`.
//!
//! ```
//! use store::{Cursor, Durability, MemoryStorage, Options, Store};
//!
//! # fn main() -> Result<(), store::Error> {
//! let mut store = Store::open(MemoryStorage::new(4096), Options::default())?;
//! store.begin()?;
//! store.put(b"moon", b"keep")?;
//! store.commit(Durability::Strict)?;
//!
//! let mut value = Vec::new();
//! assert!(store.get(b"moon", &mut value)?);
//! assert_eq!(value, b"keep");
//!
//! let mut cursor = Cursor::new();
//! assert!(cursor.first(&mut store)?);
//! assert_eq!(cursor.key(), b"moon");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod balance;
mod cache;
mod calls;
mod checked;
mod cursor;
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod file;
mod format;
mod limits;
mod load;
mod log;
mod memory;
mod node;
mod overflow;
mod pager;
mod range;
mod savepoint;
mod storage;
mod store;
mod tree;
mod verify;

pub use cursor::Cursor;
pub use error::Error;
#[cfg(not(target_arch = "wasm32"))]
pub use file::{FileMedium, FileOptions, open_file, replaced_file};
pub use limits::{CACHE_BYTES_DEFAULT, KEY_BYTES_MAX, PAGE_BYTES_DEFAULT, PAGE_BYTES_MAX};
pub use limits::{PAGE_BYTES_MIN, SAVEPOINTS_MAX, VALUE_BYTES_MAX, key_bytes_max};
pub use log::{LogOptions, LogStorage, Medium, MediumFile};
pub use memory::MemoryStorage;
pub use savepoint::Savepoint;
pub use storage::SCRATCH_FIRST;
pub use storage::{Durability, Fault, FaultKind, Length, PageId, Storage, Ticket, View};
pub use store::{Committed, Options, Stats, Store};
pub use verify::{Level, Problem, Report, Shape, inspect, verify};
