//! What a host needs beside calls: the program's output, and answers that arrive later.

use std::rc::Rc;

use super::{Call, Signal, Throw, Vm};

/// What a native function returns instead of a count when its answer arrives later.
pub(crate) const WAITS: usize = usize::MAX;

/// Receives what a program prints.
pub type Writer = Rc<dyn Fn(&[u8])>;

/// Where printed text goes; standard output by default.
#[derive(Clone, Default)]
pub struct Output(Option<Writer>);

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Output(host)" } else { "Output(stdout)" })
    }
}

impl Output {
    /// Writes bytes.
    pub fn write(&self, bytes: &[u8]) {
        match &self.0 {
            Some(writer) => writer(bytes),
            // A closed standard output is no error of the program's.
            None => drop(std::io::Write::write_all(&mut std::io::stdout(), bytes)),
        }
    }

    /// Hands everything written to the system.
    pub fn flush(&self) {
        if self.0.is_none() {
            drop(std::io::Write::flush(&mut std::io::stdout()));
        }
    }
}

impl Vm {
    /// Sends what `print` and `io.write` produce to the host instead of standard output.
    ///
    /// ```
    /// use std::{cell::RefCell, rc::Rc};
    /// let text = Rc::new(RefCell::new(Vec::new()));
    /// let sink = text.clone();
    /// let mut vm = lua::Vm::new();
    /// vm.set_output(Rc::new(move |bytes| sink.borrow_mut().extend_from_slice(bytes)));
    /// vm.write_output(b"hello");
    /// assert_eq!(*text.borrow(), b"hello");
    /// ```
    pub fn set_output(&mut self, writer: Writer) {
        self.output = Output(Some(writer));
    }

    /// Where the program's output goes.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Writes to the program's output.
    pub fn write_output(&self, bytes: &[u8]) {
        self.output.write(bytes);
    }
}

impl Call<'_> {
    /// Lets the call wait for [`Vm::answer`] or [`Vm::answer_error`]; what this returns has to be
    /// returned at once. The step of the run ends with [`crate::Step::Waiting`].
    ///
    /// # Errors
    /// Where native code between here and the driver cannot be suspended.
    ///
    /// ```
    /// let mut vm = lua::Vm::new();
    /// let id = vm.register("later", |call| call.wait());
    /// vm.start(lua::Value::native(id), &[]).unwrap();
    /// assert_eq!(vm.step(None), Ok(lua::Step::Waiting));
    /// vm.answer(&[lua::Value::integer(7)]).unwrap();
    /// assert_eq!(vm.step(None), Ok(lua::Step::Done));
    /// assert_eq!(vm.results()[0].as_integer(), Some(7));
    /// ```
    pub fn wait(&mut self) -> Result<usize, Throw> {
        match self.vm.wait_for_host() {
            Ok(()) => Ok(WAITS),
            Err(Signal::Throw(throw)) => Err(throw),
            Err(Signal::Returned | Signal::Waiting | Signal::Reenter) => Err(Throw::Error),
        }
    }
}
