//! The table of channels by descriptor, as C programs use it: `entries` comes from malloc.

use crate::abi::types::channel_map;
use libc::c_int;
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

impl channel_map {
    /// Makes the map empty. What it had is forgotten.
    pub fn forget(&self) {
        self.entries.set(ptr::null_mut());
        self.nentries.set(0);
    }

    /// Makes sure that there is an entry `slot`, of `msize` bytes like the others. An errno value on failure.
    ///
    /// # Safety
    /// The array came from malloc(3), and has `nentries` elements of `msize` bytes; or there is none.
    pub unsafe fn make_space(&self, slot: c_int, msize: c_int) -> Result<(), c_int> {
        let have = self.nentries.get().max(0);
        if slot < have {
            return Ok(());
        }
        let n = grown(have, slot).ok_or(libc::ENOMEM)?;
        let bytes = (n as usize).checked_mul(msize as usize).ok_or(libc::ENOMEM)?;
        // SAFETY: the array came from malloc(3), and the new one has `bytes` bytes.
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
    /// The array and its entries came from malloc(3), and nothing else uses them.
    pub unsafe fn free(&self) {
        let entries = self.entries.get();
        if !entries.is_null() {
            for at in 0..self.nentries.get().max(0) as usize {
                // SAFETY: the array has `nentries` entries, each NULL or of malloc(3).
                unsafe { libc::free(*entries.add(at)) };
            }
            // SAFETY: the array came from malloc(3).
            unsafe { libc::free(entries.cast()) };
        }
        self.forget();
    }
}
