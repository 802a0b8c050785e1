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
type Check<A> = fn(&mut A) -> Outcome;

/// Checks an adapter.
///
/// # Errors
/// The first part of the contract that it breaks.
pub fn check<A: Adapter>(adapter: &mut A) -> Result<(), String> {
    let checks: [(&str, Check<A>); 7] = [
        ("an empty storage has no pages", empty),
        ("staged pages are seen by the current view alone", staging),
        ("an abort drops what was staged", aborting),
        ("a commit is whole and in order", committing),
        ("scratch pages end with their transaction", scratch),
        ("tickets ascend and become durable", tickets),
        ("what was committed outlives the storage", lasting),
    ];
    for (what, check) in checks {
        match check(adapter) {
            Ok(true) => {}
            Ok(false) => return Err(format!("not so: {what}")),
            Err(fault) => return Err(format!("{what}: {fault}")),
        }
    }
    Ok(())
}

type Outcome = Result<bool, Fault>;

fn page(storage: &mut impl Storage, fill: u8) -> Result<Vec<u8>, Fault> {
    Ok(vec![fill; storage.length()?.page_bytes as usize])
}

fn stage(storage: &mut impl Storage, id: PageId, fill: u8) -> Result<(), Fault> {
    let page = page(storage, fill)?;
    storage.stage(id, &page)
}

fn holds(storage: &mut impl Storage, id: PageId, view: View, fill: u8) -> Outcome {
    let mut bytes = page(storage, !fill)?;
    storage.read(id, view, &mut bytes)?;
    Ok(bytes.iter().all(|&byte| byte == fill))
}

fn empty<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    let length = storage.length()?;
    let mut bytes = page(&mut storage, 0)?;
    let sound = length.pages == 0
        && length.durable == length.handed_over
        && storage.read(0, View::Committed, &mut bytes).is_err();
    storage.close()?;
    Ok(sound)
}

fn staging<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    // More pages than any buffer has room for, some of them twice.
    for id in 0..100 {
        stage(&mut storage, id, 1)?;
    }
    storage.commit(100, Durability::Strict)?;
    for id in (0..100).step_by(2) {
        stage(&mut storage, id, 2)?;
    }
    for id in (0..100).step_by(4) {
        stage(&mut storage, id, 3)?;
    }
    let mut sound = true;
    for id in 0..100 {
        let current = [3, 1, 2, 1][id as usize % 4];
        sound &= holds(&mut storage, id, View::Current, current)?;
        sound &= holds(&mut storage, id, View::Committed, 1)?;
    }
    storage.abort();
    storage.close()?;
    Ok(sound)
}

fn aborting<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    for id in 0..40 {
        stage(&mut storage, id, 1)?;
    }
    storage.commit(40, Durability::Strict)?;
    for id in 0..60 {
        stage(&mut storage, id, 2)?;
    }
    storage.abort();
    let mut sound = storage.length()?.pages == 40;
    stage(&mut storage, 7, 3)?;
    storage.commit(40, Durability::Strict)?;
    for id in 0..40 {
        let fill = if id == 7 { 3 } else { 1 };
        sound &= holds(&mut storage, id, View::Current, fill)?;
    }
    storage.close()?;
    Ok(sound)
}

fn committing<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    let mut sound = true;
    for round in 1..=50 {
        let pages = 3 + u32::from(round);
        for id in 0..pages {
            stage(&mut storage, id, round)?;
        }
        let relaxed = round % 3 == 0;
        storage.commit(pages, if relaxed { Durability::Relaxed } else { Durability::Strict })?;
        sound &= storage.length()?.pages == pages;
        for id in 0..pages {
            sound &= holds(&mut storage, id, View::Committed, round)?;
        }
    }
    storage.close()?;
    Ok(sound)
}

fn scratch<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    let mut sound = true;
    for id in 0..50 {
        stage(&mut storage, id, 1)?;
        stage(&mut storage, SCRATCH_FIRST + id, 2)?;
    }
    for id in 0..50 {
        sound &= holds(&mut storage, SCRATCH_FIRST + id, View::Current, 2)?;
        sound &= holds(&mut storage, id, View::Current, 1)?;
    }
    // Pages beyond the end that the commit names are dropped with the scratch pages.
    storage.commit(20, Durability::Strict)?;
    sound &= storage.length()?.pages == 20;
    let mut bytes = page(&mut storage, 0)?;
    sound &= storage.read(SCRATCH_FIRST, View::Current, &mut bytes).is_err();
    sound &= storage.read(20, View::Current, &mut bytes).is_err();
    sound &= holds(&mut storage, 19, View::Current, 1)?;
    storage.close()?;
    Ok(sound)
}

fn tickets<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    let mut last = storage.length()?.handed_over;
    let mut sound = true;
    for round in 1..10 {
        stage(&mut storage, 0, round)?;
        let ticket = storage.commit(1, Durability::Relaxed)?;
        let length = storage.length()?;
        sound &= ticket > last && length.handed_over == ticket && length.durable <= ticket;
        last = ticket;
    }
    let flushed = storage.commit(1, Durability::Strict)?;
    sound &= flushed >= last && storage.length()?.handed_over == flushed;
    storage.close()?;
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

fn lasting<A: Adapter>(adapter: &mut A) -> Outcome {
    let mut storage = adapter.fresh()?;
    let header = header(storage.length()?.page_bytes as usize);
    storage.stage(0, &header)?;
    for id in 1..30 {
        stage(&mut storage, id, id as u8)?;
    }
    storage.commit(30, Durability::Relaxed)?;
    stage(&mut storage, 3, 99)?;
    storage.close()?;
    let Some(again) = adapter.again(storage) else { return Ok(true) };
    let mut storage = again?;
    let mut sound = storage.length()?.pages == 30;
    for id in 1..30 {
        sound &= holds(&mut storage, id, View::Current, id as u8)?;
    }
    let mut bytes = page(&mut storage, 0)?;
    storage.read(0, View::Committed, &mut bytes)?;
    sound &= bytes == header;
    storage.close()?;
    Ok(sound)
}
