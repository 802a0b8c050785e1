//! Lua that remembers: a Lua 5.4 machine whose `_home` can be written to bytes and read back.
//!
//! ```
//! let mut engine = moonkeep::Engine::new(&moonkeep::Options::default())?;
//! engine.eval(b"_home.count = (_home.count or 0) + 1; return _home.count", "=example")?;
//! let image = engine.save()?;
//!
//! let mut later = moonkeep::Engine::new(&moonkeep::Options::default())?;
//! later.restore(&image)?;
//! let results = later.eval(b"return _home.count", "=example")?;
//! assert_eq!(results[0].as_integer(), Some(1));
//! # Ok::<(), moonkeep::Error>(())
//! ```
#![forbid(unsafe_code)]

mod engine;
mod error;
mod load;
mod names;
mod save;

/// The programs on the front page run as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;

pub use engine::{Engine, Options};
pub use error::Error;
pub use lua;
