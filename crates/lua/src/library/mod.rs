//! The standard library, written against the VM's public interface.

pub mod base;
pub mod coroutine;
mod debug;
#[cfg_attr(all(feature = "io", not(target_family = "wasm")), path = "host_native.rs")]
#[cfg_attr(not(all(feature = "io", not(target_family = "wasm"))), path = "host_none.rs")]
mod host;
#[cfg(all(feature = "io", not(target_family = "wasm")))]
mod io;
pub mod math;
mod os;
#[cfg(all(feature = "io", not(target_family = "wasm")))]
mod os_native;
mod package;
pub mod random;
mod restricted;
pub mod source;
mod string;
pub mod table;
pub mod time;
mod utf8;

use std::rc::Rc;

use crate::value::{NativeId, Value};
use crate::{Throw, Vm};
use source::SourceLoader;
use time::WallClock;

/// State of the library that is no Lua value.
#[derive(Default)]
pub(crate) struct State {
    /// The generator behind `math.random`.
    pub(crate) random: random::Random,
    /// Where `dofile` and `loadfile` read from.
    pub(crate) sources: source::Sources,
    /// What pattern matching keeps between calls.
    pub(crate) strings: string::State,
    /// The iterators of `utf8.codes`, strict and lax.
    pub(crate) utf8_steps: Option<[NativeId; 2]>,
    /// The clock of the os library.
    pub(crate) wall_clock: time::Current,
}

/// Which parts of the standard library a program gets.
///
/// ```
/// use lua::Libraries;
/// let mut vm = lua::Vm::new();
/// vm.open_selected(&lua::LibraryOptions::sandboxed()).unwrap();
/// let found = vm.eval(b"return debug.sethook, pcall(io.open, 'secret')", "=example").unwrap();
/// assert!(found[0].is_nil() && found[1].is_falsy());
/// assert_eq!(vm.bytes(found[2]), Some(&b"'io.open' is not available to this program"[..]));
/// ```
#[derive(Clone, Debug)]
pub struct LibraryOptions {
    /// Files, processes and the environment, where the host has them. Without this `io` can only
    /// write, and sources come from the host's loader alone.
    pub host_access: bool,
    /// All of `debug`, whose functions reach into other functions' variables and metatables.
    pub full_debug: bool,
}

impl LibraryOptions {
    /// Everything, for programs that may do what their host may.
    pub fn trusted() -> LibraryOptions {
        LibraryOptions { host_access: true, full_debug: true }
    }

    /// What cannot leave the VM nor break the encapsulation of the host's own Lua code.
    pub fn sandboxed() -> LibraryOptions {
        LibraryOptions { host_access: false, full_debug: false }
    }
}

/// What the standard library adds to a [`Vm`].
///
/// ```
/// use lua::Libraries;
/// let mut vm = lua::Vm::new();
/// vm.open_libraries().unwrap();
/// let results = vm.eval(b"return math.type(1)", "=example").unwrap();
/// assert_eq!(vm.bytes(results[0]), Some(&b"integer"[..]));
/// ```
pub trait Libraries {
    /// Opens the whole standard library.
    ///
    /// # Errors
    /// A heap without room.
    fn open_libraries(&mut self) -> Result<(), Throw>;

    /// Opens the parts of the standard library that the options name.
    ///
    /// # Errors
    /// A heap without room.
    fn open_selected(&mut self, options: &LibraryOptions) -> Result<(), Throw>;

    /// Lets `dofile` and `loadfile` read sources through the host; without a loader both refuse.
    fn set_source_loader(&mut self, loader: Box<dyn SourceLoader>);

    /// Gives the os library its time. Without it, native programs have the system's clock and
    /// time zone, and WebAssembly modules have 1970-01-01 in universal time.
    ///
    /// ```
    /// struct Fixed;
    /// impl lua::WallClock for Fixed {
    ///     fn now(&self) -> f64 {
    ///         951_782_400.5
    ///     }
    ///     fn zone_at(&self, _timestamp: i64) -> lua::text::date::Zone {
    ///         lua::text::date::Zone::utc()
    ///     }
    ///     fn processor_seconds(&self) -> f64 {
    ///         0.25
    ///     }
    /// }
    /// use lua::Libraries;
    /// let mut vm = lua::Vm::new();
    /// vm.open_libraries().unwrap();
    /// vm.set_wall_clock(std::rc::Rc::new(Fixed));
    /// let date = vm.eval(b"return os.date('%Y-%m-%d')", "=example").unwrap()[0];
    /// assert_eq!(vm.bytes(date), Some(&b"2000-02-29"[..]));
    /// ```
    fn set_wall_clock(&mut self, clock: Rc<dyn WallClock>);

    /// Seeds `math.random`, as `math.randomseed` does; a new VM is seeded with zeros.
    fn seed_random(&mut self, first: i64, second: i64);
}

impl Libraries for Vm {
    fn open_libraries(&mut self) -> Result<(), Throw> {
        self.open_selected(&LibraryOptions::trusted())
    }

    fn open_selected(&mut self, options: &LibraryOptions) -> Result<(), Throw> {
        let globals = Value::table(self.globals());
        self.add_library("_G", globals)?;
        base::open(self)?;
        coroutine::open(self)?;
        math::open(self)?;
        table::open(self)?;
        string::open(self)?;
        utf8::open(self)?;
        package::open(self)?;
        let os = os::open(self)?;
        host::open_os(self, os, options)?;
        host::open_io(self, options)?;
        let debug =
            if options.full_debug { debug::open(self)? } else { debug::open_restricted(self)? };
        self.add_library("debug", debug)
    }

    fn set_source_loader(&mut self, loader: Box<dyn SourceLoader>) {
        state(self).sources.set(loader);
    }

    fn set_wall_clock(&mut self, clock: Rc<dyn WallClock>) {
        state(self).wall_clock = time::Current(clock);
    }

    fn seed_random(&mut self, first: i64, second: i64) {
        state(self).random = random::Random::new(first as u64, second as u64);
    }
}

/// The library's state in a VM.
fn state(vm: &mut Vm) -> &mut State {
    vm.state()
}
