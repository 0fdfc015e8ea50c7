//! A counted reference, which keeps an object's memory. What is counted, and what the last reference frees, is the
//! matter of the object's type.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// An object that counts who needs its memory.
///
/// # Safety
/// Every object of the type stays where it is, and lives until all references that `retain` counted are released. Where
/// `Face` is for all threads, so are these functions.
pub unsafe trait Counted {
    /// What whoever has a reference may use of the object.
    type Face: ?Sized;

    fn face(&self) -> &Self::Face;

    /// Counts one more. False when the count is full.
    fn retain(&self) -> bool;

    /// Gives a reference back. The last one frees the object.
    ///
    /// # Safety
    /// `retain` counted the reference, which is given back once.
    unsafe fn release(object: NonNull<Self>);
}

/// A counted reference to an object.
pub struct Kept<T: Counted>(NonNull<T>);

impl<T: Counted> Kept<T> {
    /// None when the count is full.
    pub fn of(object: &T) -> Option<Kept<T>> {
        object.retain().then(|| Kept(NonNull::from(object)))
    }

    pub fn as_ptr(&self) -> NonNull<T> {
        self.0
    }

    /// Leaves the reference to somebody who has only a pointer.
    pub fn into_raw(self) -> NonNull<T> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// The reference was counted, and whoever had it gives it up here.
    pub unsafe fn from_raw(object: NonNull<T>) -> Kept<T> {
        Kept(object)
    }
}

impl<T: Counted> Deref for Kept<T> {
    type Target = T::Face;

    fn deref(&self) -> &T::Face {
        // SAFETY: the reference isn't given back before the drop, and until then a counted object lives.
        unsafe { self.0.as_ref() }.face()
    }
}

// SAFETY: the other thread gets no more of the object than every thread may have, and may count references.
unsafe impl<T: Counted> Send for Kept<T> where T::Face: Sync {}

impl<T: Counted> Drop for Kept<T> {
    fn drop(&mut self) {
        // SAFETY: this handle has a reference of its own, which `into_raw` would have taken away.
        unsafe { T::release(self.0) };
    }
}
