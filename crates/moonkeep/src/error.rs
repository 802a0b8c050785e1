//! What can go wrong in the engine.

use std::fmt;

/// An error of the engine.
pub struct Error(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Lua { message: Vec<u8>, traceback: Vec<u8>, interrupted: bool },
    Unstorable { path: String, reason: String },
    Image(codec::Error),
    Corrupt(String),
    Store(store::Error),
    Lost(String),
}

impl Error {
    pub(crate) fn lua(message: Vec<u8>, traceback: Vec<u8>, interrupted: bool) -> Error {
        Error(Box::new(Kind::Lua { message, traceback, interrupted }))
    }

    pub(crate) fn unstorable(path: String, reason: impl Into<String>) -> Error {
        Error(Box::new(Kind::Unstorable { path, reason: reason.into() }))
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Error {
        Error(Box::new(Kind::Corrupt(what.into())))
    }

    /// An image that would break a limit of its format.
    pub(crate) fn limit(error: codec::Error) -> Error {
        Error::unstorable("_home".into(), error.to_string())
    }

    pub(crate) fn lost(why: &Error) -> Error {
        Error(Box::new(Kind::Lost(why.to_string())))
    }

    /// Whether a Lua program threw it, or a limit stopped the program.
    pub fn is_lua(&self) -> bool {
        matches!(*self.0, Kind::Lua { .. })
    }

    /// Whether a limit on instructions or time stopped the program.
    pub fn is_interrupted(&self) -> bool {
        matches!(*self.0, Kind::Lua { interrupted: true, .. })
    }

    /// Whether something under `_home` cannot be stored.
    pub fn is_unstorable(&self) -> bool {
        matches!(*self.0, Kind::Unstorable { .. })
    }

    /// Whether the store failed; [`Error::store`] tells how.
    pub fn is_store(&self) -> bool {
        matches!(*self.0, Kind::Store(_))
    }

    /// What the store reported, if the error came from there.
    pub fn store(&self) -> Option<&store::Error> {
        match &*self.0 {
            Kind::Store(error) => Some(error),
            _ => None,
        }
    }

    /// Whether an earlier failure could not be undone: the engine has to be opened again.
    pub fn is_lost(&self) -> bool {
        matches!(*self.0, Kind::Lost(_))
    }

    /// Whether an image is damaged, foreign or from the future.
    pub fn is_image(&self) -> bool {
        matches!(*self.0, Kind::Image(_) | Kind::Corrupt(_))
    }

    /// The Lua traceback, if a Lua program threw the error.
    pub fn traceback(&self) -> Option<&[u8]> {
        match &*self.0 {
            Kind::Lua { traceback, .. } if !traceback.is_empty() => Some(traceback),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Lua { message, .. } => f.write_str(&String::from_utf8_lossy(message)),
            Kind::Unstorable { path, reason } => write!(f, "{path}: {reason} cannot be stored"),
            Kind::Image(error) => write!(f, "unreadable image: {error}"),
            Kind::Corrupt(what) => write!(f, "unreadable image: {what}"),
            Kind::Store(error) => error.fmt(f),
            Kind::Lost(why) => {
                write!(f, "an earlier failure could not be undone, open again: {why}")
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Kind::Image(error) => Some(error),
            Kind::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        Error(Box::new(Kind::Store(error)))
    }
}

impl From<codec::Error> for Error {
    fn from(error: codec::Error) -> Error {
        Error(Box::new(Kind::Image(error)))
    }
}
