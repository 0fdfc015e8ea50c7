//! A run of bytes in memory of the pools, which grows.

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use crate::sys::pool;

/// The size of the first block.
const FIRST: usize = 64;

pub struct Bytes {
    at: NonNull<u8>,
    len: usize,
    /// The size of the block; 0: there is none.
    capacity: usize,
}

impl Bytes {
    pub const fn new() -> Bytes {
        Bytes { at: NonNull::dangling(), len: 0, capacity: 0 }
    }

    /// This many zeros; None if memory is out.
    pub fn zeroed(len: usize) -> Option<Bytes> {
        let mut bytes = Bytes::new();
        bytes.reserve(len)?;
        // SAFETY: the block has at least `len` bytes.
        unsafe { bytes.at.write_bytes(0, len) };
        bytes.len = len;
        Some(bytes)
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Makes room for more bytes. The block isn't moved until they have been appended. None if memory is out; then
    /// nothing has changed.
    pub fn reserve(&mut self, more: usize) -> Option<()> {
        let needed = self.len.checked_add(more)?;
        if needed <= self.capacity {
            return Some(());
        }
        let capacity = needed.max(self.capacity.saturating_mul(2)).max(FIRST);
        let at = NonNull::new(pool::alloc(capacity))?;
        // SAFETY: `len` bytes are written in the old block, and the new one, which is another, is larger.
        unsafe { at.copy_from_nonoverlapping(self.at, self.len) };
        self.give_back();
        (self.at, self.capacity) = (at, capacity);
        Some(())
    }

    /// The room behind the bytes. What is written there isn't one of them.
    pub fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the block has `capacity` bytes, of which `len` are at the front; without one there is no room.
        unsafe {
            let end = self.at.as_ptr().add(self.len);
            slice::from_raw_parts_mut(end.cast(), self.capacity - self.len)
        }
    }

    /// Appends bytes. None when memory is out; then nothing has changed.
    pub fn append(&mut self, bytes: &[u8]) -> Option<()> {
        self.reserve(bytes.len())?;
        // SAFETY: `reserve` has made room behind `len`; a block that is borrowed mutably holds none of `bytes`.
        unsafe {
            let end = self.at.as_ptr().add(self.len);
            end.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.len += bytes.len();
        Some(())
    }

    /// Forgets the bytes and keeps the block.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Where the bytes are, for C. The pointer is good while the block stays where it is.
    pub fn as_ptr(&self) -> *mut u8 {
        self.at.as_ptr()
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the first `len` bytes of the block were written.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the first `len` bytes of the block were written, and the exclusive borrow keeps others out.
        unsafe { slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }

    fn give_back(&mut self) {
        if self.capacity > 0 {
            // SAFETY: the block that `reserve` made, of that size, which nothing points to from now on.
            unsafe { pool::free(self.at.as_ptr(), self.capacity) };
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows() {
        let mut bytes = Bytes::new();
        assert!(bytes.bytes().is_empty() && bytes.append(b"").is_some());
        let all: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        for piece in all.chunks(999) {
            bytes.append(piece).unwrap();
        }
        assert_eq!(bytes.bytes(), all);
        bytes.clear();
        bytes.reserve(50).unwrap();
        let place = bytes.as_ptr();
        bytes.append(&[7; 50]).unwrap();
        assert_eq!((bytes.as_ptr(), bytes.bytes()), (place, &[7; 50][..]));
        assert!(bytes.reserve(usize::MAX).is_none() && bytes.bytes().len() == 50);
    }

    #[test]
    fn room() {
        let mut bytes = Bytes::new();
        assert!(bytes.room().is_empty());
        bytes.append(b"abc").unwrap();
        assert_eq!(bytes.room().len(), bytes.capacity() - 3);
        bytes.room().fill(MaybeUninit::new(1));
        assert_eq!(bytes.bytes(), b"abc");
    }

    #[test]
    fn zeros() {
        let mut bytes = Bytes::zeroed(9).unwrap();
        assert_eq!(bytes.bytes(), [0; 9]);
        bytes.bytes_mut().fill(1);
        assert_eq!(bytes.bytes(), [1; 9]);
    }
}
