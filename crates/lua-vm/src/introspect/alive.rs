//! Handles that outlive their objects: the border where they are refused.

use crate::heap::Heap;
use crate::heap::arena::{Arena, Object};
use crate::heap::color::is_dead;
use crate::value::{ClosureId, Kind, ProtoId, TableId, UpvalueId, Value};
use crate::vm::{Throw, Vm};

impl Heap {
    /// Whether the slot of a handle holds an object that no collection has given up.
    fn has<T: Object>(&self, arena: &Arena<T>, index: usize) -> bool {
        arena.items.get(index).is_some_and(|object| !is_dead(object.mark(), self.white))
    }

    pub(crate) fn has_table(&self, table: TableId) -> bool {
        self.has(&self.tables, table.index())
    }

    pub(crate) fn has_cell(&self, cell: UpvalueId) -> bool {
        self.has(&self.upvalues, cell.index())
    }

    pub(crate) fn has_proto(&self, proto: ProtoId) -> bool {
        self.has(&self.protos, proto.index())
    }

    /// The value of a closure names its prototype, too: after the slot was used again, another one.
    pub(crate) fn has_closure(&self, closure: ClosureId, proto: ProtoId) -> bool {
        self.has(&self.closures, closure.index())
            && self.closures.items[closure.index()].proto == proto
            && self.has_proto(proto)
    }
}

impl Vm {
    /// Whether the object that a value refers to is still there; true for what is no object.
    ///
    /// Handles that an embedder holds do not keep their objects alive. What has to outlive the
    /// next call into the VM is kept by [`Vm::keep`], or stands in a table that is reachable,
    /// such as [`Vm::registry`]. The calls, writes and builders whose documentation says so refuse
    /// a handle whose object is gone: with the error `attempt to use an object that was
    /// collected`, or, where there is no room for an error, by doing nothing; the others expect
    /// live handles. Reads find an empty object. A slot that was taken by a new object of the same
    /// kind cannot be told from the old one: nothing breaks, but the handle refers to something
    /// else.
    ///
    /// ```
    /// use lua::Libraries;
    /// let mut vm = lua::Vm::new();
    /// vm.open_libraries()?;
    /// let function = vm.eval(b"return function() return 7 end", "=example")?[0];
    /// vm.keep(vec![function], vec![]);
    /// vm.collect_garbage();
    /// assert_eq!(vm.call(function, &[])?[0].as_integer(), Some(7));
    ///
    /// vm.keep(vec![], vec![]);
    /// vm.collect_garbage();
    /// assert!(!vm.is_alive(function));
    /// assert!(vm.call(function, &[]).is_err());
    /// # Ok::<(), lua::Throw>(())
    /// ```
    pub fn is_alive(&self, value: Value) -> bool {
        let heap = &self.heap;
        match value.kind() {
            Kind::String(id) => heap.has(&heap.strings.arena, id.index()),
            Kind::Table(id) => heap.has_table(id),
            Kind::Closure(id) => {
                value.as_closure_proto().is_some_and(|(_, proto)| heap.has_closure(id, proto))
            }
            Kind::NativeClosure(id) => heap.has(&heap.natives, id.index()),
            Kind::Thread(id) => heap.has(&heap.threads, id.index()),
            Kind::Userdata(id) => heap.has(&heap.userdata, id.index()),
            // Registered functions stay for ever.
            Kind::Native(id) => id.index() < self.natives.items.len(),
            Kind::Nil | Kind::Boolean(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Light(_) => {
                true
            }
        }
    }

    /// Refuses values whose objects are gone.
    pub(crate) fn check_alive(&mut self, values: &[Value]) -> Result<(), Throw> {
        let alive = values.iter().all(|&value| self.is_alive(value));
        self.require(alive)
    }

    /// Throws the error about handles of collected objects unless the handle at hand is alive.
    pub(crate) fn require(&mut self, alive: bool) -> Result<(), Throw> {
        if alive {
            return Ok(());
        }
        self.throw_message("attempt to use an object that was collected")
    }
}
