//! The types of lib/channel_map.h.

#![forbid(unsafe_code)]

use core::cell::Cell;
use core::ffi::{c_int, c_void};

/// A growing table of pointers, indexed by number; a loop keeps its channels in one, indexed by
/// descriptor.
#[repr(C)]
pub struct channel_map {
    /// NULL for a missing entry. The array comes from malloc().
    pub entries: Cell<*mut *mut c_void>,
    /// The number of entries.
    pub nentries: Cell<c_int>,
}

assert_layout!(channel_map, 16;
    entries: 0, 8;
    nentries: 8, 4;
);
