//! A growable byte buffer in pool memory.

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::slice;

use crate::sys::pool;

/// The size of the first block.
const FIRST: usize = 64;

pub struct Bytes {
    at: NonNull<u8>,
    len: usize,
    /// The size of the block; 0 if there is none.
    capacity: usize,
}

impl Bytes {
    pub const fn new() -> Bytes {
        Bytes { at: NonNull::dangling(), len: 0, capacity: 0 }
    }

    /// A buffer of `len` zeroes. None if out of memory.
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

    /// Makes room for more bytes. The block isn't moved until that many have been appended. None if out of
    /// memory, without any change.
    pub fn reserve(&mut self, more: usize) -> Option<()> {
        let needed = self.len.checked_add(more)?;
        if needed <= self.capacity {
            return Some(());
        }
        let capacity = needed.max(self.capacity.saturating_mul(2)).max(FIRST);
        let at = NonNull::new(pool::alloc(capacity))?;
        // SAFETY: the old block has `len` initialised bytes. The new block is larger and doesn't overlap it.
        unsafe { at.copy_from_nonoverlapping(self.at, self.len) };
        self.give_back();
        (self.at, self.capacity) = (at, capacity);
        Some(())
    }

    /// The unused part of the block, after the bytes. Writing to it doesn't append bytes.
    pub fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: `len` of the block's `capacity` bytes are in use. Without a block both are 0, so the slice is empty.
        unsafe {
            let end = self.at.as_ptr().add(self.len);
            slice::from_raw_parts_mut(end.cast(), self.capacity - self.len)
        }
    }

    /// Appends bytes. None if out of memory, without any change.
    pub fn append(&mut self, bytes: &[u8]) -> Option<()> {
        self.reserve(bytes.len())?;
        // SAFETY: `reserve` made room after `len`. The block is mutably borrowed, so it doesn't contain `bytes`.
        unsafe {
            let end = self.at.as_ptr().add(self.len);
            end.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        self.len += bytes.len();
        Some(())
    }

    /// Removes all bytes and keeps the block.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The address of the bytes, for C. It is valid until the block is moved.
    pub fn as_ptr(&self) -> *mut u8 {
        self.at.as_ptr()
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the first `len` bytes of the block are initialised.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the first `len` bytes of the block are initialised, and the mutable borrow is exclusive.
        unsafe { slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }

    fn give_back(&mut self) {
        if self.capacity > 0 {
            // SAFETY: `reserve` allocated the block with this capacity, and nothing uses it afterwards.
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
