//! Memory for the strings of one request: they keep their places until all go at once.

use core::mem::size_of;
use core::ptr::null_mut;

use crate::sys::pool;

/// The longest piece that the pools cut from a shared slab.
const CHUNK: usize = 8 << 10;

/// Stands at the start of a chunk.
struct Chunk {
    next: *mut Chunk,
    size: usize,
}

pub struct Arena {
    at: *mut u8,
    left: usize,
    chunks: *mut Chunk,
}

impl Arena {
    /// # Safety
    /// The arena may use `len` bytes at `first` until it is made anew.
    pub unsafe fn new(first: *mut u8, len: usize) -> Arena {
        Arena { at: first, left: len, chunks: null_mut() }
    }

    /// Room for `n` bytes, not aligned; NULL when memory is out.
    #[inline]
    pub fn alloc(&mut self, n: usize) -> *mut u8 {
        if n > self.left && !self.grow(n) {
            return null_mut();
        }
        let place = self.at;
        // SAFETY: n <= left, so that the end lies in the same block.
        self.at = unsafe { place.add(n) };
        self.left -= n;
        place
    }

    /// Bytes that can be had without more memory.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Makes the piece that ends at `end` longer by `n` bytes, where it stands; false where it isn't
    /// the last one, or has no room behind it.
    pub fn extend(&mut self, end: *const u8, n: usize) -> bool {
        let can = end == self.at.cast_const() && n <= self.left;
        if can {
            self.alloc(n);
        }
        can
    }

    #[cold]
    fn grow(&mut self, n: usize) -> bool {
        let Some(size) = n.checked_add(size_of::<Chunk>()) else {
            return false;
        };
        let size = size.max(CHUNK);
        let chunk: *mut Chunk = pool::alloc(size).cast();
        if chunk.is_null() {
            return false;
        }
        // SAFETY: a fresh piece of size bytes, large enough and aligned for its header.
        unsafe {
            (*chunk).next = self.chunks;
            (*chunk).size = size;
            self.at = chunk.add(1).cast();
        }
        self.left = size - size_of::<Chunk>();
        self.chunks = chunk;
        true
    }

    /// Gives all chunks back. The strings are gone.
    ///
    /// # Safety
    /// The arena is made anew before it is used again.
    pub unsafe fn release(&mut self) {
        while !self.chunks.is_null() {
            let chunk = self.chunks;
            // SAFETY: a chunk of the list, with the size it was made with.
            unsafe {
                self.chunks = (*chunk).next;
                pool::free(chunk.cast(), (*chunk).size);
            }
        }
    }
}
