//! A file, pipe or standard stream with its buffers, as the C library would keep it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::process::Child;

use lua_vm::Output;

/// Bytes that are read at once, and kept back before they are written.
const BUFFER_BYTES: usize = 8192;

/// What bytes come from and go to.
#[derive(Debug)]
enum Device {
    File {
        file: File,
        writes: bool,
    },
    Input,
    Output(Output),
    Error,
    /// A process; its input or output is the other end.
    Process(Box<Child>),
}

/// When written bytes are handed to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffering {
    /// At once.
    None,
    /// When a line is complete.
    Line,
    /// When that many bytes wait.
    Full(usize),
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with a code.
    Exit(i32),
    /// By a signal.
    Signal(i32),
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    device: Device,
    /// Bytes that were read ahead, from `next` on.
    ahead: Vec<u8>,
    next: usize,
    pending: Vec<u8>,
    buffering: Buffering,
}

impl Stream {
    fn new(device: Device, buffering: Buffering) -> Stream {
        Stream { device, ahead: Vec::new(), next: 0, pending: Vec::new(), buffering }
    }

    /// A stream over a file of the system, and whether that can be written to.
    pub fn file(file: File, writes: bool) -> Stream {
        Stream::new(Device::File { file, writes }, Buffering::Full(BUFFER_BYTES))
    }

    /// Standard input.
    pub fn input() -> Stream {
        Stream::new(Device::Input, Buffering::None)
    }

    /// Where the program's output goes.
    pub fn output(output: Output) -> Stream {
        Stream::new(Device::Output(output), Buffering::None)
    }

    /// Standard error.
    pub fn error() -> Stream {
        Stream::new(Device::Error, Buffering::None)
    }

    /// A process whose input or output is a pipe.
    pub fn process(child: Child) -> Stream {
        Stream::new(Device::Process(Box::new(child)), Buffering::Full(BUFFER_BYTES))
    }

    /// Whether programs must not close it.
    pub fn is_standard(&self) -> bool {
        matches!(self.device, Device::Input | Device::Output(_) | Device::Error)
    }

    // ---- reading ----

    /// The next byte, which stays; `None` at the end.
    pub fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.next == self.ahead.len() {
            self.fill()?;
        }
        Ok(self.ahead.get(self.next).copied())
    }

    /// Passes the byte that [`Stream::peek`] showed.
    pub fn skip(&mut self) {
        self.next += 1;
    }

    fn fill(&mut self) -> io::Result<()> {
        self.flush()?;
        self.ahead.resize(BUFFER_BYTES, 0);
        self.next = 0;
        let outcome = match &mut self.device {
            Device::File { file, .. } => file.read(&mut self.ahead),
            Device::Input => io::stdin().read(&mut self.ahead),
            Device::Process(child) => match &mut child.stdout {
                Some(stdout) => stdout.read(&mut self.ahead),
                None => Err(bad_descriptor()),
            },
            Device::Output(_) | Device::Error => Err(bad_descriptor()),
        };
        self.ahead.truncate(*outcome.as_ref().unwrap_or(&0));
        outcome.map(drop)
    }

    /// Appends a line to `line`, without its end of line unless that is kept. False at the end.
    pub fn read_line(&mut self, line: &mut Vec<u8>, keep_end: bool) -> io::Result<bool> {
        let mut any = false;
        while self.peek()?.is_some() {
            any = true;
            let rest = &self.ahead[self.next..];
            if let Some(end) = memchr::memchr(b'\n', rest) {
                line.extend_from_slice(&rest[..end + usize::from(keep_end)]);
                self.next += end + 1;
                return Ok(true);
            }
            line.extend_from_slice(rest);
            self.next = self.ahead.len();
        }
        Ok(any)
    }

    /// Appends up to `count` bytes.
    pub fn read_bytes(&mut self, bytes: &mut Vec<u8>, count: usize) -> io::Result<()> {
        let mut left = count;
        while left > 0 && self.peek()?.is_some() {
            let rest = &self.ahead[self.next..];
            let taken = rest.len().min(left);
            bytes.extend_from_slice(&rest[..taken]);
            self.next += taken;
            left -= taken;
        }
        Ok(())
    }

    // ---- writing ----

    /// Writes bytes, at once or later.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.forget_ahead()?;
        if let Device::Output(output) = &self.device {
            output.write(bytes);
            return Ok(());
        }
        if matches!(self.device, Device::Input | Device::File { writes: false, .. }) {
            return Err(bad_descriptor());
        }
        self.pending.extend_from_slice(bytes);
        let flush = match self.buffering {
            Buffering::None => true,
            Buffering::Line => bytes.contains(&b'\n'),
            Buffering::Full(size) => self.pending.len() >= size,
        };
        if flush { self.flush() } else { Ok(()) }
    }

    /// Hands all written bytes to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        if let Device::Output(output) = &self.device {
            output.flush();
        }
        if self.pending.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.pending);
        match &mut self.device {
            Device::File { file, .. } => file.write_all(&bytes),
            Device::Error => io::stderr().write_all(&bytes),
            Device::Process(child) => match &mut child.stdin {
                Some(stdin) => stdin.write_all(&bytes).and_then(|()| stdin.flush()),
                None => Err(bad_descriptor()),
            },
            Device::Output(_) => Ok(()),
            Device::Input => Err(bad_descriptor()),
        }
    }

    /// Sets when written bytes are handed over.
    pub fn set_buffering(&mut self, buffering: Buffering) -> io::Result<()> {
        self.flush()?;
        self.buffering = buffering;
        Ok(())
    }

    /// The default size of a buffer.
    pub const fn buffer_bytes() -> usize {
        BUFFER_BYTES
    }

    /// Gives back what was read ahead, so that the position is where the program believes it is.
    fn forget_ahead(&mut self) -> io::Result<()> {
        let unread = self.ahead.len() - self.next;
        self.ahead.clear();
        self.next = 0;
        match &mut self.device {
            Device::File { file, .. } if unread > 0 => {
                file.seek(SeekFrom::Current(-(unread as i64))).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Moves the position; returns the new one.
    pub fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.flush()?;
        self.forget_ahead()?;
        match &mut self.device {
            Device::File { file, .. } => file.seek(to),
            _ => Err(io::Error::from_raw_os_error(29)), // ESPIPE
        }
    }

    /// Ends the stream; how the process ended, if it is one.
    pub fn close(mut self) -> io::Result<Option<Ending>> {
        let flushed = self.flush();
        let device = std::mem::replace(&mut self.device, Device::Input);
        let Device::Process(mut child) = device else { return flushed.map(|()| None) };
        drop(child.stdin.take());
        drop(child.stdout.take());
        Ok(Some(ending(child.wait()?)))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Nobody is left to whom an error could be told.
        let _ = self.flush();
    }
}

fn bad_descriptor() -> io::Error {
    io::Error::from_raw_os_error(9) // EBADF
}

/// How a process ended.
#[cfg(unix)]
pub fn ending(status: std::process::ExitStatus) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code),
        (None, signal) => Ending::Signal(signal.unwrap_or(0)),
    }
}

/// How a process ended.
#[cfg(not(unix))]
pub fn ending(status: std::process::ExitStatus) -> Ending {
    Ending::Exit(status.code().unwrap_or(1))
}
