//! The compiler against PUC-Rio Lua 5.4: the same bytecode, the same messages.

mod code;
mod errors;
mod generated;
mod grammar;
mod mutations;
mod nesting;
mod numbers;
mod oracle;
