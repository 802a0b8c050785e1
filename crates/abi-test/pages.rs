//! Pages in memory behind the imports of the module, as `docs/abi.md` describes them.

use crate::{State, input, memory, read};
use anyhow::Result;
use std::collections::BTreeMap;
use wasmtime::{Caller, Linker};

/// Number of the fault for a full medium.
pub const FULL: i32 = 2;
/// Number of the fault for what is not there.
const MISSING: i32 = 5;
const CORRUPT: i32 = 6;
const PAGE_BYTES: usize = 4096;

/// A medium of pages, and what the module asked of it.
#[derive(Clone, Default)]
pub struct Pages {
    /// The committed pages.
    pub committed: Vec<Vec<u8>>,
    staged: BTreeMap<u32, Vec<u8>>,
    /// The number of commits.
    pub tickets: u32,
    /// The fault of every later commit; 0 for none.
    pub fault: i32,
    /// Whether the module has closed it.
    pub closed: bool,
}

impl Pages {
    fn find(&self, page: u32, view: u32) -> Option<Vec<u8>> {
        let staged = self.staged.get(&page).filter(|_| view == 0);
        staged.or_else(|| self.committed.get(page as usize)).cloned()
    }

    fn commit(&mut self, pages: u32) -> f64 {
        let staged = std::mem::take(&mut self.staged);
        if self.fault != 0 {
            return -f64::from(self.fault);
        }
        self.committed.resize(pages as usize, vec![0; PAGE_BYTES]);
        for (page, bytes) in staged.into_iter().filter(|&(page, _)| page < pages) {
            self.committed[page as usize] = bytes;
        }
        self.tickets += 1;
        self.tickets.into()
    }
}

/// Adds the imports of both media; there are no files.
pub fn link(linker: &mut Linker<State>) -> Result<()> {
    let module = "moonkeep";
    linker.func_wrap(module, "file_read", |_: u32, _: f64, _: u32, _: u32| -MISSING)?;
    linker.func_wrap(module, "file_write", |_: u32, _: f64, _: u32, _: u32| -MISSING)?;
    linker.func_wrap(module, "file_sync", |_: u32| -MISSING)?;
    linker.func_wrap(module, "file_length", |_: u32| -f64::from(MISSING))?;
    linker.func_wrap(module, "file_set_length", |_: u32, _: f64| -MISSING)?;
    linker.func_wrap(module, "file_close", || -MISSING)?;
    linker.func_wrap(module, "page_read", page_read)?;
    linker.func_wrap(module, "page_stage", page_stage)?;
    linker.func_wrap(module, "page_commit", page_commit)?;
    linker.func_wrap(module, "page_abort", |mut caller: Caller<'_, State>| {
        caller.data_mut().pages.staged.clear();
    })?;
    linker.func_wrap(module, "page_length", page_length)?;
    linker.func_wrap(module, "page_close", |mut caller: Caller<'_, State>| {
        caller.data_mut().pages.closed = true;
        0
    })?;
    Ok(())
}

fn page_read(
    mut caller: Caller<'_, State>,
    page: u32,
    view: u32,
    address: u32,
    length: u32,
) -> Result<i32> {
    match caller.data().pages.find(page, view) {
        Some(bytes) => {
            let bytes = &bytes[..length as usize];
            memory(&mut caller).write(&mut caller, address as usize, bytes)?;
            Ok(0)
        }
        None => Ok(-CORRUPT),
    }
}

fn page_stage(mut caller: Caller<'_, State>, page: u32, address: u32, length: u32) -> Result<i32> {
    let bytes = read(&mut caller, address, length)?;
    caller.data_mut().pages.staged.insert(page, bytes);
    Ok(0)
}

fn page_commit(mut caller: Caller<'_, State>, pages: u32, _durability: u32) -> Result<f64> {
    let ticket = caller.data_mut().pages.commit(pages);
    if ticket < 0.0 {
        input(&mut caller, b"in words")?;
    }
    Ok(ticket)
}

fn page_length(mut caller: Caller<'_, State>, address: u32) -> Result<i32> {
    let pages = &caller.data().pages;
    let tickets = f64::from(pages.tickets);
    let numbers = [PAGE_BYTES as f64, pages.committed.len() as f64, tickets, tickets];
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f64::to_le_bytes).collect();
    memory(&mut caller).write(&mut caller, address as usize, &bytes)?;
    Ok(0)
}
