//! A counted reference, which keeps an object's memory. The object's type determines how references are counted, and
//! what the last one frees.

use std::cell::Cell;
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

/// A place for a counted reference, for one thread.
pub struct Slot<T: Counted<Face = T>>(Cell<Option<Kept<T>>>);

impl<T: Counted<Face = T>> Slot<T> {
    pub const fn empty() -> Slot<T> {
        Slot(Cell::new(None))
    }

    /// Another reference to the object, which keeps it if the slot gets another one. None if the slot is empty.
    pub fn get(&self) -> Option<Kept<T>> {
        let kept = self.0.take();
        let another = kept.as_deref().and_then(Kept::of);
        self.0.set(kept);
        another
    }

    /// Replaces the reference. The last one to the earlier object frees it, which may run code of the program.
    pub fn set(&self, kept: Option<Kept<T>>) {
        drop(self.0.replace(kept));
    }

    pub fn take(&self) -> Option<Kept<T>> {
        self.0.take()
    }
}
