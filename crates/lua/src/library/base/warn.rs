//! `warn`, and warnings of the VM itself.

use std::rc::Rc;

use crate::vm::{Call, Throw, Vm, Writer};

/// Whether and where warnings are written.
#[derive(Default)]
pub struct Warnings {
    on: bool,
    writer: Option<Writer>,
}

impl std::fmt::Debug for Warnings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warnings").field("on", &self.on).finish_non_exhaustive()
    }
}

pub(super) fn warn(call: &mut Call<'_>) -> Result<usize, Throw> {
    let mut parts: Vec<Rc<[u8]>> = vec![call.string(0)?];
    for index in 1..call.count() {
        parts.push(call.string(index)?);
    }
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    call.charge(bytes / 16)?;
    if let [control] = &parts[..]
        && control.first() == Some(&b'@')
    {
        match &**control {
            b"@on" => call.vm.set_warnings(true),
            b"@off" => call.vm.set_warnings(false),
            _ => {}
        }
        return Ok(0);
    }
    call.vm.write_warning(&parts);
    Ok(0)
}

impl Vm {
    /// Turns warnings on or off, as `warn("@on")` and `warn("@off")` do; they are off at first.
    pub fn set_warnings(&mut self, on: bool) {
        self.library.warnings.on = on;
    }

    /// Sends warnings to the host instead of standard error.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// let text = Rc::new(RefCell::new(Vec::new()));
    /// let sink = text.clone();
    /// let mut vm = lua::Vm::new();
    /// vm.open_libraries().unwrap();
    /// vm.set_warning_output(Rc::new(move |bytes| sink.borrow_mut().extend_from_slice(bytes)));
    /// vm.eval(b"warn('@on') warn('mind ', 'the gap')", "=example").unwrap();
    /// assert_eq!(*text.borrow(), b"Lua warning: mind the gap\n");
    /// ```
    pub fn set_warning_output(&mut self, writer: Writer) {
        self.library.warnings.writer = Some(writer);
    }

    /// Emits a warning, as `warn` does.
    pub(crate) fn warn(&mut self, message: &[u8]) {
        self.write_warning(&[message]);
    }

    fn write_warning(&mut self, parts: &[impl AsRef<[u8]>]) {
        if !self.library.warnings.on {
            return;
        }
        let write = |bytes: &[u8]| match &self.library.warnings.writer {
            Some(writer) => writer(bytes),
            // A closed standard error is no error of the program's.
            None => drop(std::io::Write::write_all(&mut std::io::stderr(), bytes)),
        };
        write(b"Lua warning: ");
        parts.iter().for_each(|part| write(part.as_ref()));
        write(b"\n");
    }
}
