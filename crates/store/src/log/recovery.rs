//! Opening a log storage: which files are there, and repeating what the log holds.

use super::places::Places;
use super::record::{Chain, LOG_START_BYTES, LogHeader, RECORD_BYTES, Record, Slot};
use super::{FILTER_WORDS, LogStorage, Medium, MediumFile};
use crate::format::{self, META_BYTES, Meta};
use crate::limits::PAGE_BYTES_DEFAULT;
use crate::storage::{Fault, FaultKind};

/// How a [`LogStorage`] is opened.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Page size in bytes for a new store; a store that exists has its own.
    pub page_bytes: usize,
    /// Pages that are collected before they are written to the log or spilled, one at least. A
    /// transaction that changes no more pages than this is one write.
    pub buffer_pages: usize,
    /// Pages of a larger transaction whose places in the spill file are kept in memory, 8 bytes
    /// each; for the others there is the index file. 32768 at the most.
    pub places: usize,
    /// Size of the log in bytes from which on a checkpoint follows a commit.
    pub checkpoint_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            page_bytes: PAGE_BYTES_DEFAULT,
            buffer_pages: 16,
            places: 2048,
            checkpoint_bytes: 1024 * 1024,
        }
    }
}

fn corrupt(detail: &'static str) -> Fault {
    Fault::with_detail(FaultKind::Corrupt, detail)
}

/// What the records of a log amount to.
#[derive(Default)]
struct Contents {
    /// End of the last commit; 0 if there is none.
    end: u64,
    /// Pages of the store after the last commit.
    pages: u32,
    /// Number of the last committed transaction.
    transaction: u64,
}

/// The header of the log, and whether the other one was damaged.
struct Start {
    header: LogHeader,
    chain: Chain,
    /// A header is being written when power goes, or a byte of it has changed later: only in the
    /// first case the records of the other header are still whole.
    doubtful: bool,
}

fn read_header(medium: &mut impl Medium) -> Result<Option<Start>, Fault> {
    let mut bytes = [0; LOG_START_BYTES];
    medium.read_at(MediumFile::Log, 0, &mut bytes)?;
    let slots = [LogHeader::read(&bytes, 0), LogHeader::read(&bytes, 1)];
    if slots.contains(&Slot::Newer) {
        let detail = "the log was written by a later version";
        return Err(Fault::with_detail(FaultKind::Foreign, detail));
    }
    let doubtful = slots.contains(&Slot::Damaged);
    let newest = slots.iter().filter_map(|slot| match slot {
        Slot::Valid(header, chain) => Some((*header, *chain)),
        _ => None,
    });
    match newest.max_by_key(|(header, _)| header.generation) {
        Some((header, check)) => Ok(Some(Start { header, chain: Chain::new(check), doubtful })),
        // A log that was being created when the power went has no records yet.
        None if doubtful && medium.length(MediumFile::Log)? > LOG_START_BYTES as u64 => {
            Err(corrupt("the header of the log is damaged"))
        }
        None => Ok(None),
    }
}

/// Looks through the log up to the last commit that is whole.
fn scan(
    medium: &mut impl Medium,
    page_bytes: usize,
    mut chain: Chain,
    record: &mut [u8],
) -> Result<Contents, Fault> {
    let mut contents = Contents::default();
    let mut at = LOG_START_BYTES as u64;
    let mut transaction = 0;
    loop {
        let read = medium.read_at(MediumFile::Log, at, record)?;
        if read < RECORD_BYTES {
            break;
        }
        let (head, page) = record.split_at(RECORD_BYTES);
        let (bytes, page) = match Record::read(head) {
            Some(Record::Page(_)) if read == record.len() => (record.len(), page),
            Some(Record::Commit { .. }) => (RECORD_BYTES, &page[..0]),
            _ => break,
        };
        if !Record::verify(head, page, &mut chain) {
            break;
        }
        at += bytes as u64;
        match Record::read(head) {
            Some(Record::Page(0)) if page_bytes >= META_BYTES => {
                transaction = format::meta_transaction(page);
            }
            Some(Record::Commit { pages, .. }) => {
                contents = Contents { end: at, pages, transaction };
            }
            _ => {}
        }
    }
    if is_durable_at(medium, at, chain.start, record.len())? {
        return Err(corrupt("the log is damaged"));
    }
    Ok(contents)
}

/// Whether a later commit says that the log had been durable beyond `at`, where it now ends:
/// then it was not a crash that ended it.
fn is_durable_at(
    medium: &mut impl Medium,
    at: u64,
    start: u64,
    record_bytes: usize,
) -> Result<bool, Fault> {
    let mut window = vec![0; record_bytes + RECORD_BYTES];
    let mut from = at;
    loop {
        let read = medium.read_at(MediumFile::Log, from, &mut window)?;
        let Some(last) = read.checked_sub(RECORD_BYTES) else { return Ok(false) };
        // All records have lengths that are multiples of eight bytes.
        for offset in (0..=last.min(record_bytes - 8)).step_by(8) {
            let head = &window[offset..offset + RECORD_BYTES];
            let Some(Record::Commit { synced, .. }) = Record::read(head) else { continue };
            let place = from + offset as u64;
            if synced <= at || synced > place {
                continue;
            }
            // A commit is checked by what comes before it, a page or another commit.
            for before in [RECORD_BYTES, record_bytes] {
                let mut head_before = [0; RECORD_BYTES];
                let Some(place) = place.checked_sub(before as u64) else { continue };
                medium.read_at(MediumFile::Log, place, &mut head_before)?;
                let last = Record::stored_check(&head_before);
                if Record::verify(head, &[], &mut Chain { start, last }) {
                    return Ok(true);
                }
            }
        }
        if read < window.len() {
            return Ok(false);
        }
        from += record_bytes as u64;
    }
}

/// Writes the pages in the log to their places.
fn replay(medium: &mut impl Medium, contents: &Contents, record: &mut [u8]) -> Result<(), Fault> {
    let page_bytes = (record.len() - RECORD_BYTES) as u64;
    let mut at = LOG_START_BYTES as u64;
    while at < contents.end {
        let read = medium.read_at(MediumFile::Log, at, record)?;
        match Record::read(record) {
            Some(Record::Page(page)) if read == record.len() => {
                // Pages beyond the end were scratch.
                if page < contents.pages {
                    let to = u64::from(page) * page_bytes;
                    medium.write_at(MediumFile::Data, to, &record[RECORD_BYTES..])?;
                }
                at += record.len() as u64;
            }
            Some(Record::Commit { .. }) => at += RECORD_BYTES as u64,
            _ => return Err(corrupt("the log changed while it was read")),
        }
    }
    Ok(())
}

/// The transaction of the data file, if its header is sound.
fn data_transaction(medium: &mut impl Medium, page: &mut [u8]) -> Result<Option<u64>, Fault> {
    let read = medium.read_at(MediumFile::Data, 0, page)?;
    if read < page.len() {
        return Ok(None);
    }
    Ok(Meta::read(page).ok().map(|meta| meta.transaction))
}

impl<M: Medium> LogStorage<M> {
    /// Opens the store in `medium`, or prepares a new one if the files are empty or missing.
    ///
    /// What the log holds of commits is brought to the data file first.
    ///
    /// # Errors
    /// [`FaultKind::Foreign`] if the data file is no store, [`FaultKind::Corrupt`] if the log
    /// is damaged or belongs to another state of the data file, and any fault of the medium.
    pub fn open(mut medium: M, options: LogOptions) -> Result<LogStorage<M>, Fault> {
        let result = prepare(&mut medium, options);
        let Prepared { header, chain, pages, replayed } = match result {
            Ok(prepared) => prepared,
            Err(fault) => {
                // The fault tells more than what closing could add.
                let _ = medium.close();
                return Err(fault);
            }
        };
        let record_bytes = RECORD_BYTES + header.page_bytes;
        let slots = options.buffer_pages.max(1);
        let mut storage = LogStorage {
            medium,
            page_bytes: header.page_bytes,
            pages,
            header,
            checkpoint_bytes: options.checkpoint_bytes.max(LOG_START_BYTES as u64),
            end: if chain.is_some() { LOG_START_BYTES as u64 } else { 0 },
            synced: LOG_START_BYTES as u64,
            chain: chain.unwrap_or(Chain::new(0)),
            buffer: vec![0; slots * record_bytes + RECORD_BYTES],
            slots: Vec::with_capacity(slots),
            committed: 0,
            spilled: 0,
            spill_is_committed: false,
            places: Places::new(options.places),
            stamp: 0,
            indexed: false,
            filter: [0; FILTER_WORDS],
            handed_over: 0,
            durable: 0,
            unsynced: false,
            inherited: chain.is_some(),
            written: false,
            poisoned: false,
        };
        if replayed {
            let synced = storage.medium.sync(MediumFile::Data);
            if let Err(fault) = synced.and_then(|()| storage.restart_log()) {
                let _ = storage.medium.close();
                return Err(fault);
            }
        }
        Ok(storage)
    }
}

struct Prepared {
    header: LogHeader,
    /// Seed of the first record, if the log has a header.
    chain: Option<Chain>,
    pages: u32,
    replayed: bool,
}

fn prepare(medium: &mut impl Medium, options: LogOptions) -> Result<Prepared, Fault> {
    let log = read_header(medium)?;
    let mut start = [0; META_BYTES];
    let data_bytes = medium.length(MediumFile::Data)?;
    let read = medium.read_at(MediumFile::Data, 0, &mut start)?;
    let page_bytes = match (&log, format::page_bytes_of(&start[..read])) {
        (Some(Start { header, .. }), _) => header.page_bytes,
        (None, Some(page_bytes)) => page_bytes,
        (None, None) if data_bytes == 0 => options.page_bytes,
        (None, None) if format::has_magic(&start) => {
            return Err(corrupt("the header of the data file is damaged"));
        }
        (None, None) => return Err(Fault::new(FaultKind::Foreign)),
    };
    if !format::is_page_size(page_bytes) {
        return Err(Fault::with_detail(FaultKind::Io, "pages cannot have this size"));
    }
    let mut record = vec![0; RECORD_BYTES + page_bytes];
    let data = data_transaction(medium, &mut record[RECORD_BYTES..])?;
    let pages = (data_bytes / page_bytes as u64) as u32;
    let base = data.unwrap_or(0);
    let mut prepared = Prepared {
        header: LogHeader { page_bytes, base, generation: 1 },
        chain: None,
        pages,
        replayed: false,
    };
    if let Some(start) = log {
        prepared.header = start.header;
        prepared.chain = Some(start.chain);
        let contents = scan(medium, page_bytes, start.chain, &mut record)?;
        if contents.end == 0 && start.doubtful {
            return Err(corrupt("the header of the log is damaged"));
        }
        let base = start.header.base;
        let strange = data.is_some_and(|data| data < base || data > contents.transaction);
        if contents.end > 0 && (strange || (data_bytes == 0 && base > 0)) {
            return Err(corrupt("the log belongs to another state of the data file"));
        }
        if contents.end > 0 {
            // What a process that died had written need not be durable yet, and must be before
            // the data file may depend on it.
            medium.sync(MediumFile::Log)?;
            replay(medium, &contents, &mut record)?;
            prepared.pages = contents.pages;
            prepared.replayed = true;
            return Ok(prepared);
        }
    }
    if data_bytes > 0 && pages == 0 {
        return Err(corrupt("the data file has been cut short"));
    }
    Ok(prepared)
}
