//! Every limit of the formats, each with the reason for its value.

/// Bytes of one encoded key tuple. A page of 4 KiB must hold at least three keys, or the tree
/// over it degenerates into a list.
pub const KEY_BYTES_MAX: usize = 1024;

/// Bytes of one string, prototype or host object in an image. It is the largest value that one
/// entry of the store may hold, so an image never carries what the store could not.
pub const VALUE_BYTES_MAX: usize = 16 << 20;

/// Bytes of one registered name. Names are identifiers, at most dotted paths.
pub const NAME_BYTES_MAX: usize = 255;

/// Bytes of one image. Lengths and positions must stay exact in a JavaScript number and the
/// whole must fit in a 32-bit address space beside the heap that it restores.
pub const IMAGE_BYTES_MAX: usize = 1 << 30;

/// Objects of one image: identities are 32 bits wide, the last one is kept as a sentinel.
pub const OBJECTS_MAX: usize = u32::MAX as usize - 1;

/// Upvalues of one function: a chunk stores their count in one byte.
pub const UPVALUES_MAX: usize = 255;

/// Stack slots of one coroutine, the bound that Lua 5.4 itself sets (`LUAI_MAXSTACK`).
pub const STACK_SLOTS_MAX: usize = 1_000_000;

/// Frames of one coroutine. Every frame owns at least one stack slot.
pub const FRAMES_MAX: usize = STACK_SLOTS_MAX;

/// Bytes of one message. A message lives twice at the border (once on each side), and both
/// copies must fit in a 32-bit address space.
pub const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// Tables on the shortest way from a value of a message to any of its tables. Hosts walk and
/// print such values recursively; two hundred is Lua's own bound for nested constructs.
pub const NESTING_MAX: usize = 200;

const _: () = assert!(VALUE_BYTES_MAX < MESSAGE_BYTES_MAX);
const _: () = assert!(MESSAGE_BYTES_MAX < IMAGE_BYTES_MAX);
const _: () = assert!(NAME_BYTES_MAX < KEY_BYTES_MAX);
const _: () = assert!(IMAGE_BYTES_MAX <= OBJECTS_MAX);
