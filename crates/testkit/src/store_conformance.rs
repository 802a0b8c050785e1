//! What every storage must do, whatever its medium: the contract of `store::Storage` as a check
//! that can be run on any adapter.

use store::View;
use store::{Durability, Fault, MemoryStorage, Options, PageId, SCRATCH_FIRST, Storage, Store};

/// A way to open a storage.
pub trait Adapter {
    /// What it opens.
    type Storage: Storage;

    /// Opens an empty storage; what earlier ones held is gone.
    fn fresh(&mut self) -> Result<Self::Storage, Fault>;

    /// Opens what the last storage left when it was closed; `None` if nothing outlives it.
    fn again(&mut self, closed: Self::Storage) -> Option<Result<Self::Storage, Fault>>;
}

/// One part of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What a storage has to be like.
    pub name: &'static str,
    /// Whether an empty storage is so. It is closed afterwards.
    pub first: Part,
    /// Whether what outlived the first part is so.
    pub again: Option<Part>,
}

/// A part of a check: whether the contract was kept, or the fault that should not have been.
pub type Part = fn(&mut dyn Storage) -> Outcome;

/// What a part of a check comes to.
pub type Outcome = Result<bool, Fault>;

/// The whole contract.
pub const CHECKS: [Check; 7] = [
    Check { name: "an empty storage has no pages", first: empty, again: None },
    Check { name: "staged pages are seen by the current view alone", first: staging, again: None },
    Check { name: "an abort drops what was staged", first: aborting, again: None },
    Check { name: "a commit is whole and in order", first: committing, again: None },
    Check { name: "scratch pages end with their transaction", first: scratch, again: None },
    Check { name: "tickets ascend and become durable", first: tickets, again: None },
    Check { name: "what was committed outlives the storage", first: lasting, again: Some(lasted) },
];

/// Checks an adapter.
///
/// # Errors
/// The first part of the contract that it breaks.
pub fn check<A: Adapter>(adapter: &mut A) -> Result<(), String> {
    for check in &CHECKS {
        let name = check.name;
        match run(check, adapter) {
            Ok(true) => {}
            Ok(false) => return Err(format!("not so: {name}")),
            Err(fault) => return Err(format!("{name}: {fault}")),
        }
    }
    Ok(())
}

fn run<A: Adapter>(check: &Check, adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    let mut sound = part(check.first, &mut storage)?;
    if let Some(again) = check.again
        && let Some(opened) = adapter.again(storage)
    {
        sound &= part(again, &mut opened?)?;
    }
    Ok(sound)
}

/// Runs a part of a check on a storage that has just been opened, and closes it.
///
/// # Errors
/// Any fault that the storage reports.
pub fn part(part: Part, storage: &mut dyn Storage) -> Outcome {
    let sound = part(storage);
    storage.close().and(sound)
}

fn page(storage: &mut dyn Storage, fill: u8) -> Result<Vec<u8>, Fault> {
    Ok(vec![fill; storage.length()?.page_bytes as usize])
}

fn stage(storage: &mut dyn Storage, id: PageId, fill: u8) -> Result<(), Fault> {
    let page = page(storage, fill)?;
    storage.stage(id, &page)
}

fn holds(storage: &mut dyn Storage, id: PageId, view: View, fill: u8) -> Outcome {
    let mut bytes = page(storage, !fill)?;
    storage.read(id, view, &mut bytes)?;
    Ok(bytes.iter().all(|&byte| byte == fill))
}

fn empty(storage: &mut dyn Storage) -> Outcome {
    let length = storage.length()?;
    let mut bytes = page(storage, 0)?;
    let sound = length.pages == 0
        && length.durable == length.handed_over
        && storage.read(0, View::Committed, &mut bytes).is_err();
    Ok(sound)
}

fn staging(storage: &mut dyn Storage) -> Outcome {
    // More pages than any buffer has room for, some of them twice.
    for id in 0..100 {
        stage(storage, id, 1)?;
    }
    storage.commit(100, Durability::Strict)?;
    for id in (0..100).step_by(2) {
        stage(storage, id, 2)?;
    }
    for id in (0..100).step_by(4) {
        stage(storage, id, 3)?;
    }
    let mut sound = true;
    for id in 0..100 {
        let current = [3, 1, 2, 1][id as usize % 4];
        sound &= holds(storage, id, View::Current, current)?;
        sound &= holds(storage, id, View::Committed, 1)?;
    }
    storage.abort();
    Ok(sound)
}

fn aborting(storage: &mut dyn Storage) -> Outcome {
    for id in 0..40 {
        stage(storage, id, 1)?;
    }
    storage.commit(40, Durability::Strict)?;
    for id in 0..60 {
        stage(storage, id, 2)?;
    }
    storage.abort();
    let mut sound = storage.length()?.pages == 40;
    stage(storage, 7, 3)?;
    storage.commit(40, Durability::Strict)?;
    for id in 0..40 {
        let fill = if id == 7 { 3 } else { 1 };
        sound &= holds(storage, id, View::Current, fill)?;
    }
    Ok(sound)
}

fn committing(storage: &mut dyn Storage) -> Outcome {
    let mut sound = true;
    for round in 1..=50 {
        let pages = 3 + u32::from(round);
        for id in 0..pages {
            stage(storage, id, round)?;
        }
        let relaxed = round % 3 == 0;
        storage.commit(pages, if relaxed { Durability::Relaxed } else { Durability::Strict })?;
        sound &= storage.length()?.pages == pages;
        for id in 0..pages {
            sound &= holds(storage, id, View::Committed, round)?;
        }
    }
    Ok(sound)
}

fn scratch(storage: &mut dyn Storage) -> Outcome {
    let mut sound = true;
    for id in 0..50 {
        stage(storage, id, 1)?;
        stage(storage, SCRATCH_FIRST + id, 2)?;
    }
    for id in 0..50 {
        sound &= holds(storage, SCRATCH_FIRST + id, View::Current, 2)?;
        sound &= holds(storage, id, View::Current, 1)?;
    }
    // Pages beyond the end that the commit names are dropped with the scratch pages.
    storage.commit(20, Durability::Strict)?;
    sound &= storage.length()?.pages == 20;
    let mut bytes = page(storage, 0)?;
    sound &= storage.read(SCRATCH_FIRST, View::Current, &mut bytes).is_err();
    sound &= storage.read(20, View::Current, &mut bytes).is_err();
    sound &= holds(storage, 19, View::Current, 1)?;
    Ok(sound)
}

fn tickets(storage: &mut dyn Storage) -> Outcome {
    let mut last = storage.length()?.handed_over;
    let mut sound = true;
    for round in 1..10 {
        stage(storage, 0, round)?;
        let ticket = storage.commit(1, Durability::Relaxed)?;
        let length = storage.length()?;
        sound &= ticket > last && length.handed_over == ticket && length.durable <= ticket;
        last = ticket;
    }
    let flushed = storage.commit(1, Durability::Strict)?;
    sound &= flushed >= last && storage.length()?.handed_over == flushed;
    Ok(sound)
}

/// Page 0 of a store, which a storage may look at when it is opened.
fn header(page_bytes: usize) -> Vec<u8> {
    let storage = MemoryStorage::new(page_bytes);
    let made = Store::open(storage, Options::default()).and_then(|mut store| {
        store.begin()?;
        store.put(b"key", b"value")?;
        store.commit(Durability::Strict)?;
        store.close()
    });
    match made {
        Ok(storage) => storage.as_bytes()[..page_bytes].to_vec(),
        Err(error) => panic!("{error}"),
    }
}

fn lasting(storage: &mut dyn Storage) -> Outcome {
    let header = header(storage.length()?.page_bytes as usize);
    storage.stage(0, &header)?;
    for id in 1..30 {
        stage(storage, id, id as u8)?;
    }
    storage.commit(30, Durability::Relaxed)?;
    stage(storage, 3, 99)?;
    Ok(true)
}

fn lasted(storage: &mut dyn Storage) -> Outcome {
    let header = header(storage.length()?.page_bytes as usize);
    let mut sound = storage.length()?.pages == 30;
    for id in 1..30 {
        sound &= holds(storage, id, View::Current, id as u8)?;
    }
    let mut bytes = page(storage, 0)?;
    storage.read(0, View::Committed, &mut bytes)?;
    sound &= bytes == header;
    Ok(sound)
}
