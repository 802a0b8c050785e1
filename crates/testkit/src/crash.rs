//! A medium that remembers what is not yet durable and rebuilds what a crash can leave.

use crate::random::Random;
use std::cell::RefCell;
use std::rc::Rc;
use store::{Fault, FaultKind, Medium, MediumFile};

/// What the medium never tears.
const SECTOR_BYTES: usize = 512;

/// Number of files of a medium.
const FILES: usize = 4;

/// The contents of the files of a medium, in the order of [`MediumFile`].
pub type Image = [Vec<u8>; FILES];

/// One change that may or may not survive: part of one sector, or a new length.
#[derive(Clone, Debug)]
enum Piece {
    Write { file: usize, at: usize, bytes: Vec<u8> },
    Length { file: usize, bytes: usize },
}

impl Piece {
    fn apply(&self, image: &mut Image) {
        match self {
            Piece::Write { file, at, bytes } => {
                let file = &mut image[*file];
                if file.len() < at + bytes.len() {
                    file.resize(at + bytes.len(), 0);
                }
                file[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Piece::Length { file, bytes } => image[*file].resize(*bytes, 0),
        }
    }

    fn file(&self) -> usize {
        match self {
            Piece::Write { file, .. } | Piece::Length { file, .. } => *file,
        }
    }
}

/// The medium at a moment when power may go.
#[derive(Clone, Debug)]
pub struct Snapshot {
    durable: Image,
    pieces: Vec<Piece>,
    /// The mark that the test had set.
    pub mark: (u64, u64),
}

impl Snapshot {
    /// Changes that may or may not survive.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// The image that a choice of pieces leaves, in the order given.
    pub fn image(&self, choice: impl IntoIterator<Item = usize>) -> Image {
        let mut image = self.durable.clone();
        for index in choice {
            self.pieces[index].apply(&mut image);
        }
        image
    }

    /// Images for this moment: all subsets if there are no more than `most`, else the extreme
    /// ones and random ones, some of them in random order.
    pub fn images(&self, most: usize, random: &mut Random) -> Vec<Image> {
        let count = self.pieces();
        if count < usize::BITS as usize - 1 && 1 << count <= most {
            let subset = |bits: usize| (0..count).filter(move |index| bits >> index & 1 == 1);
            return (0..1 << count).map(|bits| self.image(subset(bits))).collect();
        }
        let mut images = vec![self.image([]), self.image(0..count)];
        while images.len() < most {
            let choice: Vec<usize> = match random.below(5) {
                // Everything up to a moment, the last piece being torn or not.
                0 => (0..random.below(count)).collect(),
                // All but one, and one alone.
                1 => {
                    let lost = random.below(count);
                    (0..count).filter(|&index| index != lost).collect()
                }
                2 => vec![random.below(count)],
                // Most of them or few of them, in any order.
                kind => {
                    let odds = 1 + random.below(6);
                    let keep = kind == 3;
                    let mut choice: Vec<usize> =
                        (0..count).filter(|_| random.one_in(odds + 1) != keep).collect();
                    if random.one_in(3) {
                        for index in 1..choice.len() {
                            choice.swap(index, random.below(index + 1));
                        }
                    }
                    choice
                }
            };
            images.push(self.image(choice));
        }
        images
    }
}

#[derive(Default)]
struct State {
    durable: Image,
    current: Image,
    pieces: Vec<Piece>,
    mark: (u64, u64),
    record: bool,
    snapshots: Vec<Snapshot>,
    /// Calls until one fails, and how.
    failing: Option<(u64, FaultKind)>,
    /// The file that takes no writes, and why.
    barred: Option<(MediumFile, FaultKind)>,
    faults: u64,
    syncs: u64,
}

/// A medium in memory that can lose power. Clones are handles on the same files.
#[derive(Clone, Default)]
pub struct CrashMedium(Rc<RefCell<State>>);

impl CrashMedium {
    /// A medium with durable files.
    pub fn new(image: Image) -> CrashMedium {
        let state = State { durable: image.clone(), current: image, ..State::default() };
        CrashMedium(Rc::new(RefCell::new(state)))
    }

    /// Takes a snapshot at every sync point from now on.
    pub fn record(&self) {
        self.0.borrow_mut().record = true;
    }

    /// What the test wants to find again in the snapshots.
    pub fn set_mark(&self, mark: (u64, u64)) {
        self.0.borrow_mut().mark = mark;
    }

    /// The snapshots since they were last taken.
    pub fn take_snapshots(&self) -> Vec<Snapshot> {
        std::mem::take(&mut self.0.borrow_mut().snapshots)
    }

    /// Lets the call after `calls` more writes, syncs and changes of length fail once.
    pub fn fail_after(&self, calls: u64, kind: FaultKind) {
        self.0.borrow_mut().failing = Some((calls, kind));
    }

    /// Lets every write to one file fail from now on.
    pub fn bar(&self, file: MediumFile, kind: FaultKind) {
        self.0.borrow_mut().barred = Some((file, kind));
    }

    /// Lets no call fail.
    pub fn heal(&self) {
        let state = &mut *self.0.borrow_mut();
        (state.failing, state.barred) = (None, None);
    }

    /// Faults that have come.
    pub fn faults(&self) -> u64 {
        self.0.borrow().faults
    }

    /// Syncs done.
    pub fn syncs(&self) -> u64 {
        self.0.borrow().syncs
    }

    /// The files as the loss of power leaves them at the least.
    pub fn durable(&self) -> Image {
        self.0.borrow().durable.clone()
    }

    /// The files as a process sees them that opens them without a crash.
    pub fn current(&self) -> Image {
        self.0.borrow().current.clone()
    }
}

impl State {
    fn call(&mut self) -> Result<(), Fault> {
        match &mut self.failing {
            None => Ok(()),
            Some((0, kind)) => {
                let fault = Fault::with_detail(*kind, "made to fail");
                self.failing = None;
                self.faults += 1;
                Err(fault)
            }
            Some((calls, _)) => {
                *calls -= 1;
                Ok(())
            }
        }
    }

    fn change(&mut self, piece: Piece, file: MediumFile) {
        piece.apply(&mut self.current);
        // The other files end with the process.
        if matches!(file, MediumFile::Data | MediumFile::Log) {
            self.pieces.push(piece);
        }
    }

    fn snapshot(&mut self) {
        if self.record {
            let (durable, pieces) = (self.durable.clone(), self.pieces.clone());
            self.snapshots.push(Snapshot { durable, pieces, mark: self.mark });
        }
    }
}

impl Medium for CrashMedium {
    fn read_at(&mut self, file: MediumFile, at: u64, into: &mut [u8]) -> Result<usize, Fault> {
        let state = self.0.borrow();
        let rest = state.current[file as usize].get(at as usize..).unwrap_or_default();
        let bytes = rest.len().min(into.len());
        into[..bytes].copy_from_slice(&rest[..bytes]);
        Ok(bytes)
    }

    fn write_at(&mut self, file: MediumFile, at: u64, bytes: &[u8]) -> Result<(), Fault> {
        let state = &mut *self.0.borrow_mut();
        let failed = match state.barred {
            Some((barred, kind)) if barred == file => Err(Fault::with_detail(kind, "barred")),
            _ => state.call(),
        };
        // A write that fails may have done a part of its work.
        let done = if failed.is_ok() { bytes.len() } else { bytes.len() / 2 };
        let (mut at, mut rest) = (at as usize, &bytes[..done]);
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(SECTOR_BYTES - at % SECTOR_BYTES));
            let piece = Piece::Write { file: file as usize, at, bytes: part.to_vec() };
            state.change(piece, file);
            at += part.len();
            rest = after;
        }
        failed
    }

    fn sync(&mut self, file: MediumFile) -> Result<(), Fault> {
        let state = &mut *self.0.borrow_mut();
        state.snapshot();
        state.call()?;
        state.syncs += 1;
        let State { durable, pieces, .. } = state;
        pieces.retain(|piece| {
            if piece.file() == file as usize {
                piece.apply(durable);
            }
            piece.file() != file as usize
        });
        Ok(())
    }

    fn length(&mut self, file: MediumFile) -> Result<u64, Fault> {
        Ok(self.0.borrow().current[file as usize].len() as u64)
    }

    fn set_length(&mut self, file: MediumFile, bytes: u64) -> Result<(), Fault> {
        let state = &mut *self.0.borrow_mut();
        state.call()?;
        let piece = Piece::Length { file: file as usize, bytes: bytes as usize };
        state.change(piece, file);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.0.borrow_mut().snapshot();
        Ok(())
    }
}
