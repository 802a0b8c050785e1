//! Collector marks: the low bits of an object's mark byte hold its color.

/// White of even cycles: not reached yet, or dead.
pub const WHITE0: u8 = 0;
/// White of odd cycles.
pub const WHITE1: u8 = 1;
/// Reached, its references not visited yet.
pub const GRAY: u8 = 2;
/// Reached and visited: a write to it needs a barrier.
pub const BLACK: u8 = 3;
/// An empty slot.
pub const FREE: u8 = 4;
/// Selects the color.
pub const MASK: u8 = 7;
/// Set on external tables: all writes to them take the slow path.
pub const EXTERNAL: u8 = 0x20;
/// Set on external tables that serve as metatables: what is looked for in those is resident.
pub const EVENTS: u8 = 0x10;
/// Set on tables and cells whose writes are reported to the embedder; survives collections.
pub const ATTACHED: u8 = 0x80;

/// Whether a write to an object with this mark must call the barrier.
#[inline(always)]
pub const fn needs_barrier(mark: u8) -> bool {
    mark >= BLACK
}

/// Whether a slot with this mark is empty, or waits to be swept, where `white` is what objects are
/// born with.
pub const fn is_dead(mark: u8, white: u8) -> bool {
    let color = mark & MASK;
    color == FREE || color <= WHITE1 && color != white
}
