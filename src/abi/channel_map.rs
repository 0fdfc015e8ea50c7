use core::cell::Cell;
use core::ffi::{c_int, c_void};

/// A growing table from a number to a pointer; a loop keeps its channels in one, by descriptor.
#[repr(C)]
pub struct channel_map {
    /// NULL where there is no entry. The array comes from malloc().
    pub entries: Cell<*mut *mut c_void>,
    /// The number of entries.
    pub nentries: Cell<c_int>,
}

assert_layout!(channel_map, 16;
    entries: 0, 8;
    nentries: 8, 4;
);
