//! The table of channels by descriptor, which C programs can use: `entries` comes from malloc.

use crate::abi::types::channel_map;
use libc::c_int;
use std::ptr;

const FIRST: c_int = 32;

/// The size that is needed for `slot`: `now` doubled until it suffices. None if that doesn't fit into an int.
pub fn grown(now: c_int, slot: c_int) -> Option<c_int> {
    let mut n = if now > 0 { now } else { FIRST };
    while n <= slot {
        n = n.checked_mul(2)?;
    }
    Some(n)
}

impl channel_map {
    /// Makes the map empty without freeing its entries.
    pub fn forget(&self) {
        self.entries.set(ptr::null_mut());
        self.nentries.set(0);
    }

    /// Makes sure that entry `slot` exists. Each entry has `msize` bytes. An errno value on failure.
    ///
    /// # Safety
    /// The array comes from malloc(3) and has `nentries` elements of `msize` bytes, or there is none.
    pub unsafe fn make_space(&self, slot: c_int, msize: c_int) -> Result<(), c_int> {
        let have = self.nentries.get().max(0);
        if slot < have {
            return Ok(());
        }
        let n = grown(have, slot).ok_or(libc::ENOMEM)?;
        let bytes = (n as usize).checked_mul(msize as usize).ok_or(libc::ENOMEM)?;
        // SAFETY: by contract the array comes from malloc(3), and the new one has `bytes` bytes.
        unsafe {
            let fresh = libc::realloc(self.entries.get().cast(), bytes);
            if fresh.is_null() {
                return Err(libc::ENOMEM);
            }
            let kept = have as usize * msize as usize;
            ptr::write_bytes(fresh.cast::<u8>().add(kept), 0, bytes - kept);
            self.entries.set(fresh.cast());
        }
        self.nentries.set(n);
        Ok(())
    }

    /// Frees the entries and the array.
    ///
    /// # Safety
    /// The array and its entries come from malloc(3), and nothing else uses them.
    pub unsafe fn free(&self) {
        let entries = self.entries.get();
        if !entries.is_null() {
            for at in 0..self.nentries.get().max(0) as usize {
                // SAFETY: by contract the array has `nentries` entries, each NULL or from malloc(3).
                unsafe { libc::free(*entries.add(at)) };
            }
            // SAFETY: by contract the array comes from malloc(3).
            unsafe { libc::free(entries.cast()) };
        }
        self.forget();
    }
}
