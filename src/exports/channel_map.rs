//! The functions of lib/channel_map.h.

use crate::abi::types::channel_map;
use crate::sys::errno;
use core::ffi::c_int;

/// Makes sure that entry `slot` exists: it doubles the number of entries, starting from 32 for an empty
/// map, until there are enough. Each entry has `msize` bytes. New entries are zero, old ones are kept.
///
/// Returns 0. On failure it returns -1 with errno and leaves the map unchanged: EINVAL (NULL, a
/// negative `slot`, `msize` below 1), ENOMEM.
///
/// # Safety
/// `map` is NULL or has been initialised by map_init(). Only one thread at a time may use a map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn map_make_space(map: *mut channel_map, slot: c_int, msize: c_int) -> c_int {
    let map = non_null!(map, "map_make_space: no map", -1);
    if slot < 0 || msize <= 0 {
        log_err!("map_make_space: slot {}, size {}", slot, msize);
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: by contract the array comes from malloc(3) and has `nentries` elements of that size, or
    // there is none.
    match unsafe { map.make_space(slot, msize) } {
        Ok(()) => 0,
        Err(e) => errno::fail(e),
    }
}

/// Initialises an empty map. The previous content of the struct is overwritten, not freed.
///
/// # Safety
/// `map` is NULL or memory for the struct, which stays yours. Only one thread at a time may use a map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn map_init(map: *mut channel_map) {
    let map = non_null_or_log!(map, "map_init: no map");
    map.forget();
}

/// Calls free() on every entry that isn't NULL, then on the array, and leaves the map empty. NULL is
/// allowed.
///
/// # Safety
/// `map` is NULL or a map whose entries come from malloc(), but not the map of a loop. Only one thread
/// at a time may use a map.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn map_clear(map: *mut channel_map) {
    // SAFETY: by contract NULL or a map of the program, whose entries and array come from malloc(3).
    unsafe {
        if let Some(map) = map.as_ref() {
            map.free();
        }
    }
}
