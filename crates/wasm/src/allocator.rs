//! The allocator of the module: the standard library's, which lets large blocks grow in place.
//!
//! Left to itself it moves a block to the end of memory when there is too little room behind it,
//! even if nothing else is behind it. For an array that grows by doubling, that touches twice the
//! pages and copies all of them; the first touch of a page costs more than filling it.

use std::alloc::{GlobalAlloc, Layout, System};

/// Bytes from which a block is worth the look: below, copying is as fast.
const LARGE: usize = 64 * 1024;
/// Bytes that the allocator may need beyond those asked for.
const SLACK: usize = 64;

/// See the module's description.
pub struct Growing;

// SAFETY: every request goes to the system's allocator as it came. A block that is allocated and
// freed in between is nobody else's.
unsafe impl GlobalAlloc for Growing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        if layout.size() >= LARGE && bytes > layout.size() {
            make_room(bytes - layout.size());
        }
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, bytes) }
    }
}

/// Sees to it that memory ends in that many free bytes, or that there is a hole as large. A block
/// at the end of what is used then grows into them.
#[inline(never)]
fn make_room(bytes: usize) {
    let Ok(layout) = Layout::from_size_align(bytes.saturating_add(SLACK), 8) else { return };
    // SAFETY: the size is not zero, and the block is freed as it was allocated, unused.
    unsafe {
        let block = System.alloc(layout);
        if !block.is_null() {
            System.dealloc(block, layout);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Growing = Growing;
