//! A growable array in pool memory, for what a thread that runs callbacks keeps in tables. Its elements are plain
//! values that are read and written whole, so that a callback may change the array while somebody goes through it.

use super::{run_drop, run_zeroed};
use std::cell::Cell;
use std::ptr;

/// The least that a table takes: address space, of which only the pages that are written to count.
const FIRST_BYTES: usize = 64 << 10;

/// All zeroes are an empty array.
pub struct Array<T: Copy> {
    start: Cell<*mut T>,
    len: Cell<usize>,
    capacity: Cell<usize>,
}

/// Plain values of which all zeroes are one.
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

    /// The first element, for system calls; NULL before the first is added.
    pub fn as_ptr(&self) -> *mut T {
        self.start.get()
    }

    pub fn get(&self, at: usize) -> Option<T> {
        // SAFETY: the first `len` elements of the table are written.
        (at < self.len.get()).then(|| unsafe { self.start.get().add(at).read() })
    }

    /// Writes an element that is there; beyond the end it does nothing.
    pub fn set(&self, at: usize, value: T) {
        if at < self.len.get() {
            // SAFETY: the table has `len` elements, and no reference to one is ever handed out.
            unsafe { self.start.get().add(at).write(value) }
        }
    }

    pub fn last(&self) -> Option<T> {
        self.get(self.len.get().checked_sub(1)?)
    }

    /// Room for `len` elements in all. False when memory is out.
    pub fn reserve(&self, len: usize) -> bool {
        len <= self.capacity.get() || self.grow(len)
    }

    /// Adds an element. False when memory is out.
    pub fn push(&self, value: T) -> bool {
        let len = self.len.get();
        if !self.reserve(len + 1) {
            return false;
        }
        // SAFETY: the table has room for one more.
        unsafe { self.start.get().add(len).write(value) };
        self.len.set(len + 1);
        true
    }

    pub fn pop(&self) -> Option<T> {
        let last = self.last()?;
        self.len.set(self.len.get() - 1);
        Some(last)
    }

    /// Forgets what is behind the first `len` elements.
    pub fn truncate(&self, len: usize) {
        self.len.set(self.len.get().min(len));
    }

    /// Frees the table.
    pub fn clear(&self) {
        let start = self.start.replace(ptr::null_mut());
        self.len.set(0);
        self.capacity.set(0);
        if !start.is_null() {
            // SAFETY: a run of the pool that only this array has. How much of it was written isn't known.
            unsafe { run_drop(start.cast()) };
        }
    }

    /// Moves to a table of at least `least` elements, of twice the capacity where that is more.
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
    /// Has at least `len` elements from now on. The new ones are zero in an array that never became shorter; their
    /// pages count once they are written to. False when memory is out.
    pub fn extend_to(&self, len: usize) -> bool {
        if !self.reserve(len) {
            return false;
        }
        // Behind the elements there are zeroes, or what were elements before: values of the type in any case.
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
