//! A growable array in pool memory, for tables of a thread that runs callbacks. Elements are copied in and out,
//! so a callback may change the array during an iteration over it.

use super::{run_drop, run_zeroed};
use std::cell::Cell;
use std::ptr;

/// The minimum size of a table. It costs address space; only pages that are written to use memory.
const FIRST_BYTES: usize = 64 << 10;

/// All zeroes are a valid, empty array.
pub struct Array<T: Copy> {
    start: Cell<*mut T>,
    len: Cell<usize>,
    capacity: Cell<usize>,
}

/// Types for which all zeroes are a valid value.
///
/// # Safety
/// Memory that is filled with zeroes is a valid value of the type.
pub unsafe trait Zeroed: Copy {}

// SAFETY: an integer has no invalid values.
unsafe impl Zeroed for u32 {}

impl<T: Copy> Array<T> {
    const FIRST: usize = FIRST_BYTES / size_of::<T>();

    pub const fn new() -> Self {
        Array { start: Cell::new(ptr::null_mut()), len: Cell::new(0), capacity: Cell::new(0) }
    }

    pub fn len(&self) -> usize {
        self.len.get()
    }

    pub fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// The first element, for system calls. NULL before the first element is added.
    pub fn as_ptr(&self) -> *mut T {
        self.start.get()
    }

    pub fn get(&self, at: usize) -> Option<T> {
        // SAFETY: the first `len` elements of the table are initialised.
        (at < self.len.get()).then(|| unsafe { self.start.get().add(at).read() })
    }

    /// Overwrites an element. Does nothing beyond the end.
    pub fn set(&self, at: usize, value: T) {
        if at < self.len.get() {
            // SAFETY: the table has `len` elements, and there are no references to them.
            unsafe { self.start.get().add(at).write(value) }
        }
    }

    pub fn last(&self) -> Option<T> {
        self.get(self.len.get().checked_sub(1)?)
    }

    /// Makes room for `len` elements in total. False if out of memory.
    pub fn reserve(&self, len: usize) -> bool {
        len <= self.capacity.get() || self.grow(len)
    }

    /// Adds an element. False if out of memory.
    pub fn push(&self, value: T) -> bool {
        let len = self.len.get();
        if !self.reserve(len + 1) {
            return false;
        }
        // SAFETY: the table has room for one more element.
        unsafe { self.start.get().add(len).write(value) };
        self.len.set(len + 1);
        true
    }

    pub fn pop(&self) -> Option<T> {
        let last = self.last()?;
        self.len.set(self.len.get() - 1);
        Some(last)
    }

    /// Removes all elements after the first `len`.
    pub fn truncate(&self, len: usize) {
        self.len.set(self.len.get().min(len));
    }

    /// Frees the table.
    pub fn clear(&self) {
        let start = self.start.replace(ptr::null_mut());
        self.len.set(0);
        self.capacity.set(0);
        if !start.is_null() {
            // SAFETY: the run came from the pool, and only this array points to it.
            // It isn't known how much of it was written to.
            unsafe { run_drop(start.cast()) };
        }
    }

    /// Moves to a table of at least `least` elements, or of twice the capacity if that is more.
    fn grow(&self, least: usize) -> bool {
        const { assert!(size_of::<T>() > 0 && align_of::<T>() <= 16) };
        let Some(doubled) = self.capacity.get().checked_mul(2) else { return false };
        let capacity = doubled.max(least).max(Self::FIRST);
        let Some(size) = capacity.checked_mul(size_of::<T>()) else { return false };
        let fresh = run_zeroed(size).cast::<T>();
        if fresh.is_null() {
            return false;
        }
        let len = self.len.get();
        if len > 0 {
            // SAFETY: the new table is larger, and the old one has `len` elements.
            unsafe { ptr::copy_nonoverlapping(self.start.get(), fresh, len) };
        }
        self.clear();
        self.start.set(fresh);
        self.len.set(len);
        self.capacity.set(capacity);
        true
    }
}

impl<T: Zeroed> Array<T> {
    /// Extends the array to at least `len` elements. The new ones are zero if the array has never shrunk. Their
    /// pages use memory when they are written to. False if out of memory.
    pub fn extend_to(&self, len: usize) -> bool {
        if !self.reserve(len) {
            return false;
        }
        // Beyond the old end there are zeroes or former elements, which are both valid values of the type.
        self.len.set(self.len.get().max(len));
        true
    }
}

impl<T: Copy> Drop for Array<T> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_put_in() {
        let array = Array::<u64>::new();
        assert_eq!((array.len(), array.get(0), array.pop()), (0, None, None));
        for n in 0..100_000u64 {
            assert!(array.push(n));
        }
        assert!((0..100_000).all(|n| array.get(n) == Some(n as u64)));
        array.set(5, 7);
        array.set(100_000, 7);
        assert_eq!((array.get(5), array.get(100_000)), (Some(7), None));
        assert_eq!((array.pop(), array.len()), (Some(99_999), 99_999));
        array.truncate(1);
        assert_eq!((array.last(), array.len()), (Some(0), 1));
        array.clear();
        assert!(array.is_empty() && array.as_ptr().is_null());
    }

    #[test]
    fn extends_with_zeroes() {
        let array = Array::<u32>::new();
        assert!(array.extend_to(3));
        array.set(2, 9);
        assert!(array.extend_to(200_000));
        assert_eq!((array.len(), array.get(2)), (200_000, Some(9)));
        assert!((3..200_000).all(|n| array.get(n) == Some(0)));
        assert!(array.extend_to(1) && array.len() == 200_000);
    }
}
