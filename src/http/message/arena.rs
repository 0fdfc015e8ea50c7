//! Memory for the strings of one message. They keep their addresses until all are freed at once.

use core::cell::Cell;
use core::mem::size_of;
use core::ptr::{NonNull, null_mut};

use crate::sys::pool;

/// The largest piece that the pools take from a shared slab.
const CHUNK: usize = 8 << 10;

/// The header of a chunk.
struct Chunk {
    next: *mut Chunk,
    size: usize,
}

pub struct Arena {
    at: Cell<NonNull<u8>>,
    left: Cell<usize>,
    chunks: Cell<*mut Chunk>,
}

impl Arena {
    /// # Safety
    /// The arena may use `len` bytes at `first` as long as it exists, or until `restart`.
    pub unsafe fn new(first: NonNull<u8>, len: usize) -> Arena {
        Arena { at: Cell::new(first), left: Cell::new(len), chunks: Cell::new(null_mut()) }
    }

    /// Room for `n` bytes, unaligned and uninitialised. None if out of memory.
    #[inline]
    pub fn alloc(&self, n: usize) -> Option<NonNull<u8>> {
        if n > self.left.get() && !self.grow(n) {
            return None;
        }
        let place = self.at.get();
        // SAFETY: n <= left, so the end lies within the same block.
        self.at.set(unsafe { place.add(n) });
        self.left.set(self.left.get() - n);
        Some(place)
    }

    /// A copy followed by a NUL. None if out of memory.
    #[inline]
    pub fn copy(&self, bytes: &[u8]) -> Option<NonNull<u8>> {
        // The length of a slice is less than usize::MAX.
        let place = self.alloc(bytes.len() + 1)?;
        // SAFETY: the piece has room for the bytes and the NUL. It is new, so it doesn't overlap `bytes`.
        unsafe {
            place.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            place.add(bytes.len()).write(0);
        }
        Some(place)
    }

    /// Room for `n` bytes, zeroed and then filled by `fill`, whose error it returns. None if out of memory.
    pub fn filled<E>(
        &self,
        n: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Option<Result<NonNull<u8>, E>> {
        let place = self.alloc(n)?;
        // SAFETY: the piece has n bytes, to which nothing else refers until this returns.
        let room = unsafe {
            place.write_bytes(0, n);
            core::slice::from_raw_parts_mut(place.as_ptr(), n)
        };
        Some(fill(room).map(|()| place))
    }

    /// Aligned room for `count` values. None if out of memory.
    pub fn array<T>(&self, count: usize) -> Option<NonNull<T>> {
        let size = count.checked_mul(size_of::<T>())?.checked_add(align_of::<T>())?;
        let place = self.alloc(size)?;
        // SAFETY: the piece is longer than the values by more than the alignment skips.
        Some(unsafe { place.add(place.align_offset(align_of::<T>())) }.cast())
    }

    /// The number of bytes left in the current chunk.
    pub fn left(&self) -> usize {
        self.left.get()
    }

    /// Extends the piece that ends at `end` in place by `n` bytes. False if it isn't the last piece or there
    /// isn't enough room after it.
    pub fn extend(&self, end: *const u8, n: usize) -> bool {
        let can = end == self.at.get().as_ptr().cast_const() && n <= self.left.get();
        if can {
            self.alloc(n);
        }
        can
    }

    #[cold]
    fn grow(&self, n: usize) -> bool {
        let Some(size) = n.checked_add(size_of::<Chunk>()) else {
            return false;
        };
        let size = size.max(CHUNK);
        let Some(chunk) = NonNull::new(pool::alloc(size).cast::<Chunk>()) else {
            return false;
        };
        // SAFETY: a new piece of `size` bytes, which is large enough and aligned for its header.
        unsafe {
            chunk.write(Chunk { next: self.chunks.get(), size });
            self.at.set(chunk.add(1).cast());
        }
        self.left.set(size - size_of::<Chunk>());
        self.chunks.set(chunk.as_ptr());
        true
    }

    /// Frees all chunks and starts again with the memory at `first`.
    ///
    /// # Safety
    /// Nothing that the arena allocated is used any more. The memory is as for `new`.
    pub unsafe fn restart(&self, first: NonNull<u8>, len: usize) {
        while !self.chunks.get().is_null() {
            let chunk = self.chunks.get();
            // SAFETY: `grow` added it to the list with the size of its allocation, and it is removed from the
            // list here.
            unsafe {
                self.chunks.set((*chunk).next);
                pool::free(chunk.cast(), (*chunk).size);
            }
        }
        self.at.set(first);
        self.left.set(len);
    }
}
