//! A counted reference, which keeps an object's memory. The object's type determines how references are counted, and
//! what the last one frees.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// An object that counts the references to its memory.
///
/// # Safety
/// Every object of the type stays in its place and lives until all references that `retain` counted are released. If
/// `Face` may be used on all threads, so may these functions.
pub unsafe trait Counted {
    /// The part of the object that a holder of a reference may use.
    type Face: ?Sized;

    fn face(&self) -> &Self::Face;

    /// Counts another reference. False if the count is full.
    fn retain(&self) -> bool;

    /// Releases a reference. The last one frees the object.
    ///
    /// # Safety
    /// `retain` counted the reference, which is released once.
    unsafe fn release(object: NonNull<Self>);
}

/// A counted reference to an object.
pub struct Kept<T: Counted>(NonNull<T>);

impl<T: Counted> Kept<T> {
    /// None if the count is full.
    pub fn of(object: &T) -> Option<Kept<T>> {
        object.retain().then(|| Kept(NonNull::from(object)))
    }

    pub fn as_ptr(&self) -> NonNull<T> {
        self.0
    }

    /// Releases ownership as a raw pointer, which `from_raw` takes back.
    pub fn into_raw(self) -> NonNull<T> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    /// The reference was counted, and its previous holder doesn't use it any more.
    pub unsafe fn from_raw(object: NonNull<T>) -> Kept<T> {
        Kept(object)
    }
}

impl<T: Counted> Deref for Kept<T> {
    type Target = T::Face;

    fn deref(&self) -> &T::Face {
        // SAFETY: this handle's reference is released only by the drop, and a counted object lives until then.
        unsafe { self.0.as_ref() }.face()
    }
}

// SAFETY: the other thread can use only the part of the object that every thread may use, and count references.
unsafe impl<T: Counted> Send for Kept<T> where T::Face: Sync {}

impl<T: Counted> Drop for Kept<T> {
    fn drop(&mut self) {
        // SAFETY: this handle owns a reference, because `into_raw` would have consumed the handle.
        unsafe { T::release(self.0) };
    }
}
