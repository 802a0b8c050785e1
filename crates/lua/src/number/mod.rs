//! Numbers and their text.

pub mod format;
