//! The Lua value: 16 bytes, `Copy`, objects as typed 32-bit handles into the heap.

macro_rules! handles {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name(pub(crate) u32);

            impl $name {
                /// The handle's number: its place in the arena of its kind.
                #[inline(always)]
                pub const fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

handles! {
    /// A string of the heap.
    StringId,
    /// A table of the heap.
    TableId,
    /// A Lua closure of the heap.
    ClosureId,
    /// A prototype (compiled function) of the heap.
    ProtoId,
    /// An upvalue cell of the heap.
    UpvalueId,
    /// A registered native function.
    NativeId,
    /// A native function with values of its own.
    NativeClosureId,
    /// A coroutine of the heap; the main thread is number 0.
    ThreadId,
    /// A userdata of the heap.
    UserdataId,
}

/// Tags of [`Value`]; order matters: what is at most [`tag::FALSE`] is false, and everything from
/// [`tag::STRING`] to [`tag::USERDATA`] lives in the heap.
pub(crate) mod tag {
    pub const NIL: u64 = 0;
    pub const FALSE: u64 = 1;
    pub const TRUE: u64 = 2;
    pub const INTEGER: u64 = 3;
    pub const FLOAT: u64 = 4;
    pub const NATIVE: u64 = 5;
    pub const LIGHT: u64 = 6;
    /// Interned: equal strings have equal handles.
    pub const STRING: u64 = 7;
    /// Longer than `SHORT_BYTES_MAX`: not interned.
    pub const LONG_STRING: u64 = 8;
    pub const TABLE: u64 = 9;
    pub const CLOSURE: u64 = 10;
    pub const NATIVE_CLOSURE: u64 = 11;
    pub const THREAD: u64 = 12;
    pub const USERDATA: u64 = 13;
}

/// A Lua value.
///
/// Strings, tables, functions, threads and userdata are handles; they are meaningful only with
/// the [`Vm`](crate::Vm) that made them.
#[derive(Clone, Copy)]
pub struct Value {
    pub(crate) tag: u64,
    pub(crate) payload: u64,
}

const _: () = assert!(size_of::<Value>() == 16);

/// What a [`Value`] is, taken apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `nil`
    Nil,
    /// `false` or `true`
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A string.
    String(StringId),
    /// A table.
    Table(TableId),
    /// A Lua function.
    Closure(ClosureId),
    /// A native function without values of its own.
    Native(NativeId),
    /// A native function with values of its own.
    NativeClosure(NativeClosureId),
    /// A coroutine.
    Thread(ThreadId),
    /// A userdata.
    Userdata(UserdataId),
    /// A number that the host gave as an opaque value.
    Light(u64),
}

/// The eight types that `type` names, with numbers that index per-type metatables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// `nil`
    Nil,
    /// `boolean`
    Boolean,
    /// `light userdata`, which `type` calls `userdata`
    LightUserdata,
    /// `number`
    Number,
    /// `string`
    String,
    /// `table`
    Table,
    /// `function`
    Function,
    /// `userdata`
    Userdata,
    /// `thread`
    Thread,
}

impl Type {
    /// Number of types.
    pub const COUNT: usize = 9;

    /// The name that `type` returns.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Nil => "nil",
            Type::Boolean => "boolean",
            Type::LightUserdata | Type::Userdata => "userdata",
            Type::Number => "number",
            Type::String => "string",
            Type::Table => "table",
            Type::Function => "function",
            Type::Thread => "thread",
        }
    }
}

impl Value {
    /// `nil`
    pub const NIL: Value = Value { tag: tag::NIL, payload: 0 };
    /// `true`
    pub const TRUE: Value = Value { tag: tag::TRUE, payload: 0 };
    /// `false`
    pub const FALSE: Value = Value { tag: tag::FALSE, payload: 0 };

    /// An integer value.
    #[inline(always)]
    pub const fn integer(i: i64) -> Value {
        Value { tag: tag::INTEGER, payload: i as u64 }
    }

    /// A float value.
    #[inline(always)]
    pub const fn float(f: f64) -> Value {
        Value { tag: tag::FLOAT, payload: f.to_bits() }
    }

    /// A boolean value.
    #[inline(always)]
    pub const fn boolean(b: bool) -> Value {
        Value { tag: tag::FALSE + b as u64, payload: 0 }
    }

    /// A table value.
    #[inline(always)]
    pub const fn table(id: TableId) -> Value {
        Value { tag: tag::TABLE, payload: id.0 as u64 }
    }

    /// A native function value.
    #[inline(always)]
    pub const fn native(id: NativeId) -> Value {
        Value { tag: tag::NATIVE, payload: id.0 as u64 }
    }

    /// A native closure value.
    #[inline(always)]
    pub const fn native_closure(id: NativeClosureId) -> Value {
        Value { tag: tag::NATIVE_CLOSURE, payload: id.0 as u64 }
    }

    /// A coroutine value.
    #[inline(always)]
    pub const fn thread(id: ThreadId) -> Value {
        Value { tag: tag::THREAD, payload: id.0 as u64 }
    }

    /// A userdata value.
    #[inline(always)]
    pub const fn userdata(id: UserdataId) -> Value {
        Value { tag: tag::USERDATA, payload: id.0 as u64 }
    }

    /// An opaque number.
    #[inline(always)]
    pub const fn light(n: u64) -> Value {
        Value { tag: tag::LIGHT, payload: n }
    }

    /// A Lua closure: the prototype rides in the payload so that a call needs no closure access.
    #[inline(always)]
    pub(crate) const fn closure(id: ClosureId, proto: ProtoId) -> Value {
        Value { tag: tag::CLOSURE, payload: id.0 as u64 | (proto.0 as u64) << 32 }
    }

    #[inline(always)]
    pub(crate) const fn short_string(id: StringId) -> Value {
        Value { tag: tag::STRING, payload: id.0 as u64 }
    }

    #[inline(always)]
    pub(crate) const fn long_string(id: StringId) -> Value {
        Value { tag: tag::LONG_STRING, payload: id.0 as u64 }
    }

    /// Whether this is `nil`.
    #[inline(always)]
    pub const fn is_nil(&self) -> bool {
        self.tag == tag::NIL
    }

    /// Whether a condition takes this as false: `nil` and `false`.
    #[inline(always)]
    pub const fn is_falsy(&self) -> bool {
        self.tag <= tag::FALSE
    }

    /// The integer, if this is one (a float is not, whatever its value).
    #[inline(always)]
    pub const fn as_integer(&self) -> Option<i64> {
        if self.tag == tag::INTEGER { Some(self.payload as i64) } else { None }
    }

    /// The float, if this is one (an integer is not).
    #[inline(always)]
    pub const fn as_float(&self) -> Option<f64> {
        if self.is_float() { Some(self.raw_float()) } else { None }
    }

    /// Integer or float as a float; strings are not converted.
    #[inline(always)]
    pub const fn as_number(&self) -> Option<f64> {
        if self.tag == tag::FLOAT {
            Some(f64::from_bits(self.payload))
        } else if self.tag == tag::INTEGER {
            Some(self.payload as i64 as f64)
        } else {
            None
        }
    }

    /// Whether this is an integer or a float.
    #[inline(always)]
    pub const fn is_number(&self) -> bool {
        self.tag.wrapping_sub(tag::INTEGER) <= tag::FLOAT - tag::INTEGER
    }

    #[inline(always)]
    pub(crate) const fn is_integer(&self) -> bool {
        self.tag == tag::INTEGER
    }

    #[inline(always)]
    pub(crate) const fn is_float(&self) -> bool {
        // Compared in half its width: beside the test for an integer this stays a branch of its
        // own, where two tests of one number would become a jump table.
        self.tag as u32 == tag::FLOAT as u32
    }

    /// The number, if this is an integer.
    #[inline(always)]
    pub(crate) const fn raw_integer(&self) -> i64 {
        self.payload as i64
    }

    /// The number, if this is a float.
    #[inline(always)]
    pub(crate) const fn raw_float(&self) -> f64 {
        f64::from_bits(self.payload)
    }

    /// The number as a float, if this is a number.
    #[inline(always)]
    pub(crate) const fn raw_number(&self) -> f64 {
        if self.is_float() { self.raw_float() } else { self.raw_integer() as f64 }
    }

    /// The string's handle, if this is a string.
    #[inline(always)]
    pub const fn as_string(&self) -> Option<StringId> {
        if self.is_string() { Some(StringId(self.payload as u32)) } else { None }
    }

    /// Whether this is a string.
    #[inline(always)]
    pub const fn is_string(&self) -> bool {
        self.tag == tag::STRING || self.tag == tag::LONG_STRING
    }

    /// The handle of an interned string.
    #[inline(always)]
    pub(crate) const fn as_short(&self) -> Option<StringId> {
        if self.tag == tag::STRING { Some(StringId(self.payload as u32)) } else { None }
    }

    /// The table's handle, if this is a table.
    #[inline(always)]
    pub const fn as_table(&self) -> Option<TableId> {
        if self.tag == tag::TABLE { Some(TableId(self.payload as u32)) } else { None }
    }

    /// The handles of closure and prototype, if this is a Lua function.
    #[inline(always)]
    pub const fn as_closure_proto(&self) -> Option<(ClosureId, ProtoId)> {
        if self.tag == tag::CLOSURE {
            Some((ClosureId(self.payload as u32), ProtoId((self.payload >> 32) as u32)))
        } else {
            None
        }
    }

    /// The closure's handle, if this is a Lua function.
    #[inline(always)]
    pub const fn as_closure(&self) -> Option<ClosureId> {
        if self.tag == tag::CLOSURE { Some(ClosureId(self.payload as u32)) } else { None }
    }

    /// The coroutine's handle, if this is one.
    #[inline(always)]
    pub const fn as_thread(&self) -> Option<ThreadId> {
        if self.tag == tag::THREAD { Some(ThreadId(self.payload as u32)) } else { None }
    }

    /// The userdata's handle, if this is one (a light userdata is not).
    #[inline(always)]
    pub const fn as_userdata(&self) -> Option<UserdataId> {
        if self.tag == tag::USERDATA { Some(UserdataId(self.payload as u32)) } else { None }
    }

    /// Whether this is a Lua or a native function.
    #[inline]
    pub const fn is_function(&self) -> bool {
        matches!(self.tag, tag::CLOSURE | tag::NATIVE | tag::NATIVE_CLOSURE)
    }

    /// Whether the collector owns what this refers to.
    #[inline(always)]
    pub(crate) const fn is_collectable(&self) -> bool {
        self.tag >= tag::STRING
    }

    /// The type that `type` names.
    pub const fn type_of(&self) -> Type {
        match self.tag {
            tag::NIL => Type::Nil,
            tag::FALSE | tag::TRUE => Type::Boolean,
            tag::INTEGER | tag::FLOAT => Type::Number,
            tag::STRING | tag::LONG_STRING => Type::String,
            tag::TABLE => Type::Table,
            tag::THREAD => Type::Thread,
            tag::USERDATA => Type::Userdata,
            tag::LIGHT => Type::LightUserdata,
            _ => Type::Function,
        }
    }

    /// The value taken apart.
    pub const fn kind(&self) -> Kind {
        let id = self.payload as u32;
        match self.tag {
            tag::NIL => Kind::Nil,
            tag::FALSE => Kind::Boolean(false),
            tag::TRUE => Kind::Boolean(true),
            tag::INTEGER => Kind::Integer(self.payload as i64),
            tag::FLOAT => Kind::Float(f64::from_bits(self.payload)),
            tag::STRING | tag::LONG_STRING => Kind::String(StringId(id)),
            tag::TABLE => Kind::Table(TableId(id)),
            tag::CLOSURE => Kind::Closure(ClosureId(id)),
            tag::NATIVE => Kind::Native(NativeId(id)),
            tag::NATIVE_CLOSURE => Kind::NativeClosure(NativeClosureId(id)),
            tag::THREAD => Kind::Thread(ThreadId(id)),
            tag::USERDATA => Kind::Userdata(UserdataId(id)),
            _ => Kind::Light(self.payload),
        }
    }

    /// Same tag and same payload: equality for everything but floats, long strings and mixed
    /// numbers.
    #[inline(always)]
    pub(crate) const fn same(&self, other: &Value) -> bool {
        self.tag == other.tag && self.payload == other.payload
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.kind(), f)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Value {
        Value::integer(i)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Value {
        Value::float(f)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::boolean(b)
    }
}

impl From<TableId> for Value {
    fn from(id: TableId) -> Value {
        Value::table(id)
    }
}

/// The integer that a float stands for, if it stands for one exactly.
///
/// ```
/// assert_eq!(lua::value::float_to_integer(3.0), Some(3));
/// assert_eq!(lua::value::float_to_integer(3.5), None);
/// assert_eq!(lua::value::float_to_integer(9223372036854775808.0), None);
/// ```
#[inline]
pub fn float_to_integer(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&f) {
        let i = f as i64;
        if i as f64 == f {
            return Some(i);
        }
    }
    None
}
