//! What the machine does when memory, budget or depth run out, and what its collector keeps.

mod collector;
mod limits;
mod memory;
mod recursion;
mod snippets;
mod sources;
mod support;
