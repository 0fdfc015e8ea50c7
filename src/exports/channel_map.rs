use crate::abi::types::channel_map;
use core::ffi::c_int;

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
    jump_to!(crate::reactor::event_loop::channel_map::map_make_space)
}

/// Sets up an empty map.
///
/// # Safety
/// `map` is memory of yours for the struct; what it holds is forgotten, not freed.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn map_init(map: *mut channel_map) {
    jump_to!(crate::reactor::event_loop::channel_map::map_init)
}

/// Calls free() on every entry that isn't NULL, then on the array, and leaves the map empty. NULL is
/// allowed.
///
/// # Safety
/// Every entry comes from malloc(). Not for the map of a live loop.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn map_clear(map: *mut channel_map) {
    jump_to!(crate::reactor::event_loop::channel_map::map_clear)
}
