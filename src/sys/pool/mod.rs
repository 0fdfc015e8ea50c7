//! The library's memory pools. Threads that run callbacks allocate here and never through `malloc` and `free`, so
//! that the program's `malloc` keeps returning memory that was never used before. Course programs rely on that
//! (CONTRACT rule 5).
//!
//! Pieces of up to 8 KiB come from slabs, larger ones are runs of 64 KiB granules. Both lie in one reserved range
//! of address space, and freed pages are returned to the system. The feature `plain-malloc` replaces all of this
//! by malloc and free, so that memcheck and AddressSanitizer see each block.

pub mod array;
mod bytes;
mod owned;

#[cfg(feature = "plain-malloc")]
mod plain;
#[cfg(not(feature = "plain-malloc"))]
mod region;
#[cfg(not(feature = "plain-malloc"))]
mod slab;
#[cfg(not(feature = "plain-malloc"))]
mod space;

#[cfg(feature = "plain-malloc")]
pub use crate::sys::pool::plain::{
    alloc, free, owns, run_alloc, run_drop, run_free, run_zeroed, trim,
};
#[cfg(not(feature = "plain-malloc"))]
pub use crate::sys::pool::region::{owns, run_alloc, run_drop, run_free, run_zeroed, trim};

pub use crate::sys::pool::bytes::Bytes;
pub use crate::sys::pool::owned::Owned;

/// The largest piece that comes from a slab.
#[cfg(not(feature = "plain-malloc"))]
const SLAB_MAX: usize = 8 << 10;

/// `size` bytes, aligned to 16, uninitialised. NULL if out of memory. Any thread.
#[cfg(not(feature = "plain-malloc"))]
pub fn alloc(size: usize) -> *mut u8 {
    if size <= SLAB_MAX { slab::alloc(size) } else { run_alloc(size) }
}

/// Frees what `alloc(size)` returned. Any thread.
///
/// # Safety
/// `p` came from `alloc` with the same size, and nothing uses it any more.
#[cfg(not(feature = "plain-malloc"))]
pub unsafe fn free(p: *mut u8, size: usize) {
    // SAFETY: `alloc` got the same size, so it took the piece from the same allocator.
    unsafe {
        if size <= SLAB_MAX {
            slab::free(p, size);
        } else {
            run_free(p, size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_distinct_owned_and_reused() {
        for size in [1, 16, 17, 272, 512, 513, 4096, 8192, 8193, 65537, 3 << 20] {
            let pieces: Vec<*mut u8> = (0..300).map(|_| alloc(size)).collect();
            for (i, &p) in pieces.iter().enumerate() {
                assert!(!p.is_null() && (p as usize).is_multiple_of(16) && owns(p));
                // SAFETY: the piece has `size` >= 1 bytes and belongs to this thread.
                unsafe {
                    *p = i as u8;
                    *p.add(size - 1) = i as u8;
                }
            }
            for (i, &p) in pieces.iter().enumerate() {
                // SAFETY: each piece came from `alloc` and is freed once.
                unsafe {
                    assert_eq!(*p.add(size - 1), i as u8, "overlap at size {size}");
                    free(p, size);
                }
            }
        }
        trim();
        let local = 0u8;
        assert!(!owns(&local));
    }
}
