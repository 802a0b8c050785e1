//! What went wrong, as every host sees it: a stable code, a message, a traceback, the value.

use codec::{Message, WireTable, WireValue};

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $suggestion:literal;)*) => {
        /// The stable codes of errors. Codes are added, never changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as text.
            pub const fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What a user may do about it.
            pub const fn suggestion(self) -> &'static str {
                match self { $(Code::$name => $suggestion,)* }
            }
        }
    };
}

codes! {
    /// A Lua error that the program did not catch.
    Execution = "LUA_EXECUTION_ERROR", "Read the message and the traceback; they name the line.";
    /// Source text that does not compile.
    Syntax = "LUA_SYNTAX_ERROR", "Correct the line that the message names.";
    /// The heap limit was reached.
    Memory = "MEMORY_LIMIT", "Keep less alive, or raise the option `memory`.";
    /// The instruction budget is spent.
    Fuel = "FUEL_EXHAUSTED", "Do less in one call, or raise the option `fuel`.";
    /// The time is over.
    Time = "TIMEOUT", "Do less in one call, or raise the option `timeout`.";
    /// The host cancelled the run.
    Cancelled = "CANCELLED", "Nothing is wrong: the run was cancelled on request.";
    /// A value that the other side of the border cannot represent.
    Conversion = "CONVERSION_FAILED", "Pass plain data: see the table of conversions.";
    /// A message, a path or an option that makes no sense.
    Input = "INVALID_INPUT", "Compare the arguments with the documentation.";
    /// A run is in progress.
    Busy = "BUSY", "Wait for the running call, or use `compute`, which waits its turn.";
    /// The machine is not open.
    Closed = "NOT_INITIALIZED", "Open a machine first; a closed one stays closed.";
    /// The module could not be loaded or trapped.
    Module = "WASM_LOAD_FAILED", "Check the address of the wasm file and that it is up to date.";
    /// What `_home` reaches could not be stored.
    Save = "SAVE_STATE_FAILED", "The message names what cannot be stored, or why storing failed.";
    /// Stored state could not be read.
    Load = "LOAD_STATE_FAILED", "The stored image is damaged or of a newer version.";
    /// Another process or tab holds the store.
    Locked = "STORE_LOCKED", "Close the other user of this store, or choose another path.";
    /// The medium of a store failed.
    StoreIo = "STORE_IO", "The message tells what the system or the browser said.";
    /// No room is left on the medium of a store.
    StoreFull = "STORE_FULL", "Make room; what was handed over is kept and tried again.";
    /// The store may not be written to.
    StoreReadOnly = "STORE_READ_ONLY", "Allow this user to write to the store and its folder.";
    /// The store does not exist, or was deleted while it was open.
    StoreMissing = "STORE_MISSING", "Create the folder that the message names, or open again.";
    /// The store is damaged.
    StoreCorrupt = "STORE_CORRUPT", "Restore a copy; the message names page and place.";
    /// The place holds something that is no store.
    StoreForeign = "STORE_FOREIGN", "Choose another path or name.";
    /// The store was written by a newer version.
    StoreNewer = "STORE_NEWER_VERSION", "Use the version that wrote the store, or a newer one.";
    /// The host does not offer the medium.
    StoreUnavailable = "STORE_UNAVAILABLE", "Take another medium; the message tells why.";
    /// It is unknown whether the last commit happened.
    StorePoisoned = "STORE_POISONED", "Close the store and open it again.";
    /// A defect of this package.
    Internal = "INTERNAL_ERROR", "Please report this with the program that shows it.";
}

/// An error on its way to the host.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The kind of error.
    pub code: Code,
    /// The message; Lua messages are bytes.
    pub message: Vec<u8>,
    /// Lua's traceback, or nothing.
    pub traceback: Vec<u8>,
    /// The thrown value, if it is no string and can cross the border.
    pub value: Option<Message>,
}

impl Failure {
    /// An error without traceback.
    pub fn new(code: Code, message: impl Into<Vec<u8>>) -> Failure {
        Failure { code, message: message.into(), traceback: Vec::new(), value: None }
    }

    /// The error as bytes: a table with `code`, `message`, `traceback` and `suggestion`, then the
    /// thrown value.
    pub fn encode(self) -> Vec<u8> {
        let mut message = self.value.unwrap_or_default();
        message.values.truncate(1);
        let index = message.tables.len() as u32;
        let text = |text: &[u8]| WireValue::String(text.to_vec());
        let entries = vec![
            (text(b"code"), text(self.code.text().as_bytes())),
            (text(b"message"), text(&self.message)),
            (text(b"traceback"), text(&self.traceback)),
            (text(b"suggestion"), text(self.code.suggestion().as_bytes())),
        ];
        message.tables.push(WireTable { array: vec![], entries });
        message.values.insert(0, WireValue::Table(index));
        // Only a message beyond the size limit fails here; its text alone always fits.
        message
            .encode()
            .unwrap_or_else(|error| Failure::new(Code::Conversion, error.to_string()).encode())
    }
}

impl From<codec::Error> for Failure {
    fn from(error: codec::Error) -> Failure {
        Failure::new(Code::Conversion, error.to_string())
    }
}

impl From<lua::Throw> for Failure {
    /// For throws outside of any run: there only memory can lack.
    fn from(_: lua::Throw) -> Failure {
        Failure::new(Code::Memory, "not enough memory")
    }
}

impl From<moonkeep::Error> for Failure {
    fn from(error: moonkeep::Error) -> Failure {
        let code = match error.store() {
            Some(store) => code_of(store),
            None if error.is_lua() => Code::Memory,
            None if error.is_image() => Code::Load,
            None => Code::Save,
        };
        Failure::new(code, error.to_string())
    }
}

/// The code of the store's error; what is missing in the table could only be a defect.
fn code_of(error: &moonkeep::store::Error) -> Code {
    let known = Code::ALL.iter().find(|code| code.text() == error.code());
    known.copied().unwrap_or(Code::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_knows_the_same_codes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../js/src/codes.ts");
        let text = std::fs::read_to_string(path).unwrap();
        let listed: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(listed, known);
        assert!(Code::ALL.iter().all(|code| code.suggestion().ends_with('.')));
    }

    #[test]
    fn a_thrown_value_travels_behind_the_error() {
        let mut failure = Failure::new(Code::Execution, "broken");
        let table = WireTable { array: vec![WireValue::Integer(7)], entries: vec![] };
        failure.value = Some(Message { values: vec![WireValue::Table(0)], tables: vec![table] });
        let message = Message::decode(&failure.encode()).unwrap();
        assert_eq!(message.values, [WireValue::Table(1), WireValue::Table(0)]);
        assert_eq!(message.tables[0].array, [WireValue::Integer(7)]);
        let code = WireValue::String(b"LUA_EXECUTION_ERROR".to_vec());
        assert!(message.tables[1].entries.iter().any(|(_, value)| *value == code));
    }
}
