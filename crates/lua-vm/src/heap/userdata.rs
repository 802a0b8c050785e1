//! Userdata: a host value in a Lua object, with user values and a metatable.

use std::any::Any;

use super::arena::Object;
use crate::value::{TableId, Value};

/// A host object owned by the heap.
pub struct Userdata {
    pub(crate) data: Option<Box<dyn Any>>,
    pub(crate) meta: Option<TableId>,
    pub(crate) user_values: Vec<Value>,
    /// Bytes that the host said its object weighs.
    pub(crate) weight: usize,
    pub(crate) mark: u8,
}

impl std::fmt::Debug for Userdata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Userdata").field("meta", &self.meta).finish_non_exhaustive()
    }
}

impl Object for Userdata {
    fn mark(&self) -> u8 {
        self.mark
    }
    fn set_mark(&mut self, mark: u8) {
        self.mark = mark;
    }
    fn owned_bytes(&self) -> usize {
        self.weight + self.user_values.len() * size_of::<Value>()
    }
    fn clear(&mut self) {
        self.data = None;
        self.meta = None;
        self.user_values = Vec::new();
        self.weight = 0;
    }
}
