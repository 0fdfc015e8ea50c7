use core::ffi::{c_int, c_void};

/// A growing table from a number to a pointer; a loop keeps its channels in one, by descriptor.
#[repr(C)]
pub struct channel_map {
    /// NULL where there is no entry. The array comes from malloc().
    pub entries: *mut *mut c_void,
    /// The number of entries.
    pub nentries: c_int,
}

assert_layout!(channel_map, 16;
    entries: 0, 8;
    nentries: 8, 4;
);

/// Makes sure that entry `slot` exists: doubles the number of entries, from 32 where there are none,
/// until it does. Entries have `msize` bytes each; new ones are zero, old ones are kept.
///
/// Returns 0. -1 with errno, and the map untouched: NULL, a negative `slot`, `msize` below 1 (EINVAL),
/// no memory (ENOMEM).
///
/// # Safety
/// `map` has been set up by map_init().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn map_make_space(map: *mut channel_map, slot: c_int, msize: c_int) -> c_int {
    jump_to!(crate::reactor::channel_map::map_make_space)
}

/// Sets up an empty map.
///
/// # Safety
/// `map` is memory of yours for the struct; what it holds is forgotten, not freed.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn map_init(map: *mut channel_map) {
    jump_to!(crate::reactor::channel_map::map_init)
}

/// Calls free() on every entry that isn't NULL, then on the array, and leaves the map empty. NULL is
/// allowed.
///
/// # Safety
/// Every entry comes from malloc(). Not for the map of a live loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn map_clear(map: *mut channel_map) {
    jump_to!(crate::reactor::channel_map::map_clear)
}
