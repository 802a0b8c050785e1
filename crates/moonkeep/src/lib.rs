//! Lua that remembers: a Lua 5.4 machine whose `_home` lives on in a store.
//!
//! ```
//! use moonkeep::store::{FileOptions, open_file};
//! use moonkeep::{Engine, Options};
//!
//! # let folder = std::env::temp_dir().join(format!("moonkeep-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("state.moon");
//! let open = || -> Result<Engine, moonkeep::Error> {
//!     let storage = open_file(&path, FileOptions::default());
//!     let storage = storage.map_err(moonkeep::store::Error::from)?;
//!     Engine::open(&Options::default(), Box::new(storage))
//! };
//! let mut engine = open()?;
//! engine.run(b"_home.count = (_home.count or 0) + 1", "=example")?;
//! engine.close()?;
//!
//! let mut later = open()?;
//! let results = later.run(b"return _home.count", "=example")?;
//! assert_eq!(results[0].as_integer(), Some(1));
//!
//! // A run that fails leaves nothing behind.
//! assert!(later.run(b"_home.count = 100 error('no')", "=example").is_err());
//! assert_eq!(later.run(b"return _home.count", "=example")?[0].as_integer(), Some(1));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod engine;
mod error;
mod load;
mod names;
mod pieces;
mod save;

pub use engine::{Engine, Options, StoreFigures};
pub use error::Error;
pub use lua;
pub use store;

/// Compiles what the front page shows.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;
