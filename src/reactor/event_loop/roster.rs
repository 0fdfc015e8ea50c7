//! Tables of a loop's objects: its connections, from their registration until they close, and its clients. Adding and
//! removing take constant time.

use crate::sys::pool::array::Array;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

/// The table without the type of its items. All zeroes: empty.
pub struct Places(Array<*const ()>);

/// An item of a roster.
///
/// # Safety
/// `place` always returns the same field of the object. An object in a roster is neither moved nor freed. One that
/// was passed to a call of `each` or `last` lives until the call has returned, even if it is removed.
pub unsafe trait Placed {
    /// Its position, counted from 1; 0 if it is in no roster.
    fn place(&self) -> &Cell<u32>;
}

/// A table as a typed roster.
#[derive(Clone, Copy)]
pub struct Roster<'l, T>(&'l Array<*const ()>, PhantomData<T>);

impl Places {
    /// # Safety
    /// Only objects of `T` have ever been added to this table.
    pub unsafe fn of<T: Placed>(&self) -> Roster<'_, T> {
        Roster(&self.0, PhantomData)
    }

    /// Frees the table, which must be empty.
    pub fn clear(&self) {
        self.0.clear();
    }
}

impl<T: Placed> Roster<'_, T> {
    /// Adds an object that isn't in the table. False if out of memory.
    pub fn add(self, object: &T) -> bool {
        let Ok(place) = u32::try_from(self.0.len() + 1) else { return false };
        if !self.0.push(ptr::from_ref(object).cast()) {
            return false;
        }
        object.place().set(place);
        true
    }

    /// Removes an object. The last object moves to its position. False if the object isn't in the table.
    pub fn remove(self, object: &T) -> bool {
        let place = object.place().replace(0);
        if place == 0 {
            return false;
        }
        if let Some(last) = self.0.pop()
            && !ptr::eq(last.cast(), object)
        {
            self.0.set(place as usize - 1, last);
            // SAFETY: the objects in the table are live and of type `T`.
            unsafe { &*last.cast::<T>() }.place().set(place);
        }
        true
    }

    /// Calls `f` with the last object and returns its result. None if the table is empty.
    pub fn last<R>(self, f: impl FnOnce(&T) -> R) -> Option<R> {
        let last = self.0.get(self.0.len().checked_sub(1)?)?;
        // SAFETY: the object is in the table. If `f` removes it, it lives until `f` has returned.
        Some(f(unsafe { &*last.cast::<T>() }))
    }

    /// Calls `f` with each object. `f` may change the table; objects that it adds may be skipped.
    pub fn each(self, mut f: impl FnMut(&T)) {
        let mut at = 0;
        while let Some(object) = self.0.get(at) {
            // SAFETY: the object is in the table. If `f` removes it, it lives until `f` has returned.
            f(unsafe { &*object.cast::<T>() });
            if self.0.get(at) == Some(object) {
                at += 1;
            }
        }
    }
}
