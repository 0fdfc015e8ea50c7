//! The table of channels by descriptor, as C programs use it: `entries` comes from malloc.

use crate::abi::types::channel_map;
use crate::sys::errno;
use libc::{c_int, c_void};
use std::ptr;

const FIRST: c_int = 32;

/// The size that `slot` needs: doubled from `now`. None when it doesn't fit an int.
pub fn grown(now: c_int, slot: c_int) -> Option<c_int> {
    let mut n = if now > 0 { now } else { FIRST };
    while n <= slot {
        n = n.checked_mul(2)?;
    }
    Some(n)
}

pub unsafe extern "C" fn map_init(map: *mut channel_map) {
    if map.is_null() {
        log_err!("map_init: no map");
        return;
    }
    // SAFETY: the caller's map is writable.
    unsafe {
        (*map).entries.set(ptr::null_mut());
        (*map).nentries.set(0);
    }
}

pub unsafe extern "C" fn map_make_space(map: *mut channel_map, slot: c_int, msize: c_int) -> c_int {
    if map.is_null() {
        log_err!("map_make_space: no map");
        return errno::fail(libc::EINVAL);
    }
    if slot < 0 || msize <= 0 {
        log_err!("map_make_space: slot {}, size {}", slot, msize);
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: the caller's map; its array came from malloc and has `nentries` elements.
    unsafe {
        let have = (*map).nentries.get().max(0);
        if slot < have {
            return 0;
        }
        let Some(n) = grown(have, slot) else {
            return errno::fail(libc::ENOMEM);
        };
        let Some(bytes) = (n as usize).checked_mul(msize as usize) else {
            return errno::fail(libc::ENOMEM);
        };
        let fresh = libc::realloc((*map).entries.get().cast(), bytes);
        if fresh.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        let kept = have as usize * msize as usize;
        ptr::write_bytes(fresh.cast::<u8>().add(kept), 0, bytes - kept);
        (*map).entries.set(fresh.cast());
        (*map).nentries.set(n);
        0
    }
}

pub unsafe extern "C" fn map_clear(map: *mut channel_map) {
    if map.is_null() {
        return;
    }
    // SAFETY: the caller's map; entries and array came from malloc, by this function's contract.
    unsafe {
        if !(*map).entries.get().is_null() {
            for i in 0..(*map).nentries.get().max(0) as usize {
                let entry: *mut c_void = *(*map).entries.get().add(i);
                libc::free(entry);
            }
            libc::free((*map).entries.get().cast());
        }
        (*map).entries.set(ptr::null_mut());
        (*map).nentries.set(0);
    }
}
