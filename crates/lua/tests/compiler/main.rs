//! The compiler against PUC-Rio Lua 5.4: the same bytecode, the same messages.

mod code;
mod oracle;
