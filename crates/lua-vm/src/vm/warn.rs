//! Where warnings go: those of programs and those of the VM itself.

use super::{Vm, Writer};

/// Whether and where warnings are written.
#[derive(Default)]
pub(crate) struct Warnings {
    on: bool,
    writer: Option<Writer>,
}

impl std::fmt::Debug for Warnings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warnings").field("on", &self.on).finish_non_exhaustive()
    }
}

impl Vm {
    /// Turns warnings on or off, as `warn("@on")` and `warn("@off")` do; they are off at first.
    pub fn set_warnings(&mut self, on: bool) {
        self.warnings.on = on;
    }

    /// Sends warnings to the host instead of standard error.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// let text = Rc::new(RefCell::new(Vec::new()));
    /// let sink = text.clone();
    /// use lua::Libraries;
    /// let mut vm = lua::Vm::new();
    /// vm.open_libraries().unwrap();
    /// vm.set_warning_output(Rc::new(move |bytes| sink.borrow_mut().extend_from_slice(bytes)));
    /// vm.eval(b"warn('@on') warn('mind ', 'the gap')", "=example").unwrap();
    /// assert_eq!(*text.borrow(), b"Lua warning: mind the gap\n");
    /// ```
    pub fn set_warning_output(&mut self, writer: Writer) {
        self.warnings.writer = Some(writer);
    }

    /// Emits a warning, in one piece or in several, if warnings are on.
    pub fn warn(&self, parts: &[&[u8]]) {
        if !self.warnings.on {
            return;
        }
        let write = |bytes: &[u8]| match &self.warnings.writer {
            Some(writer) => writer(bytes),
            // A closed standard error is no error of the program's.
            None => drop(std::io::Write::write_all(&mut std::io::stderr(), bytes)),
        };
        write(b"Lua warning: ");
        parts.iter().for_each(|part| write(part));
        write(b"\n");
    }
}
