//! What libraries and hosts keep beside Lua values.

use std::any::{Any, TypeId};

use super::Vm;

/// One value per type.
pub(crate) type States = Vec<(TypeId, Box<dyn Any>)>;

impl Vm {
    /// State of a library or a host that is no Lua value: one of each type, made when it is first
    /// asked for. The VM itself does not look into it.
    ///
    /// ```
    /// #[derive(Default)]
    /// struct Calls(u32);
    ///
    /// let mut vm = lua::Vm::new();
    /// vm.state::<Calls>().0 += 1;
    /// assert_eq!(vm.state::<Calls>().0, 1);
    /// ```
    pub fn state<T: Default + 'static>(&mut self) -> &mut T {
        let wanted = TypeId::of::<T>();
        let found = self.states.iter().position(|(id, _)| *id == wanted);
        let place = found.unwrap_or_else(|| {
            self.states.push((wanted, Box::new(T::default())));
            self.states.len() - 1
        });
        self.states[place].1.downcast_mut().expect("a state has the type that it is found by")
    }
}
