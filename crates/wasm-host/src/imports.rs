//! The imports themselves: the one module with unsafe code. None of them touches memory other
//! than what it is given here.

#[link(wasm_import_module = "moonkeep")]
unsafe extern "C" {
    fn file_read(file: u32, at: f64, address: *mut u8, length: usize) -> i32;
    fn file_write(file: u32, at: f64, address: *const u8, length: usize) -> i32;
    fn file_sync(file: u32) -> i32;
    fn file_length(file: u32) -> f64;
    fn file_set_length(file: u32, bytes: f64) -> i32;
    fn file_close() -> i32;
    fn page_read(page: u32, view: u32, address: *mut u8, length: usize) -> i32;
    fn page_stage(page: u32, address: *const u8, length: usize) -> i32;
    fn page_commit(pages: u32, durability: u32) -> f64;
    fn page_abort();
    fn page_length(address: *mut u8) -> i32;
    fn page_close() -> i32;
}

// SAFETY, for all below: the host reads or writes only what lies between an address and its
// length, which a slice vouches for, and keeps no address. Before it returns it may call the
// module's own allocator for the words of a fault, which leaves every other allocation alone.

pub fn read_file(file: u32, at: f64, into: &mut [u8]) -> i32 {
    unsafe { file_read(file, at, into.as_mut_ptr(), into.len()) }
}

pub fn write_file(file: u32, at: f64, bytes: &[u8]) -> i32 {
    unsafe { file_write(file, at, bytes.as_ptr(), bytes.len()) }
}

pub fn sync_file(file: u32) -> i32 {
    unsafe { file_sync(file) }
}

pub fn length_of_file(file: u32) -> f64 {
    unsafe { file_length(file) }
}

pub fn set_length_of_file(file: u32, bytes: f64) -> i32 {
    unsafe { file_set_length(file, bytes) }
}

pub fn close_files() -> i32 {
    unsafe { file_close() }
}

pub fn read_page(page: u32, view: u32, into: &mut [u8]) -> i32 {
    unsafe { page_read(page, view, into.as_mut_ptr(), into.len()) }
}

pub fn stage_page(page: u32, bytes: &[u8]) -> i32 {
    unsafe { page_stage(page, bytes.as_ptr(), bytes.len()) }
}

pub fn commit_pages(pages: u32, durability: u32) -> f64 {
    unsafe { page_commit(pages, durability) }
}

pub fn abort_pages() {
    unsafe { page_abort() }
}

/// Four little-endian floats: page bytes, pages, handed over, durable.
pub fn length_of_pages(into: &mut [u8; 32]) -> i32 {
    unsafe { page_length(into.as_mut_ptr()) }
}

pub fn close_pages() -> i32 {
    unsafe { page_close() }
}
