//! A value in pool memory with a single owner, like a box.

use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::sys::pool;

/// Drops the value and frees its memory when it is dropped.
pub struct Owned<T>(NonNull<T>);

impl<T> Owned<T> {
    /// Moves `value` to pool memory. None if out of memory; `value` is dropped then. Any thread.
    #[inline]
    pub fn new(value: T) -> Option<Owned<T>> {
        const { assert!(align_of::<T>() <= 16) };
        let place = NonNull::new(pool::alloc(size_of::<T>()).cast::<T>())?;
        // SAFETY: a new piece of the type's size; all pieces are aligned to 16.
        unsafe { place.write(value) };
        Some(Owned(place))
    }

    /// Releases ownership as a raw pointer, which `from_raw` takes back.
    pub fn into_raw(self) -> NonNull<T> {
        ManuallyDrop::new(self).0
    }

    /// Takes back what `into_raw` returned.
    ///
    /// # Safety
    /// `place` came from `into_raw`, once for each call, and nobody else uses it from now on.
    pub unsafe fn from_raw(place: NonNull<T>) -> Owned<T> {
        Owned(place)
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value stays valid until the owner is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the owner is the only one, and it is mutably borrowed.
        unsafe { self.0.as_mut() }
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the owner is being dropped, so nothing uses the value afterwards. The memory came from `alloc`
        // with this size.
        unsafe {
            self.0.drop_in_place();
            pool::free(self.0.as_ptr().cast(), size_of::<T>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn drops_once() {
        let shared = Rc::new(());
        let mut owned = Owned::new((shared.clone(), 1)).unwrap();
        owned.1 = 2;
        assert_eq!((Rc::strong_count(&shared), owned.1), (2, 2));
        let raw = owned.into_raw();
        assert_eq!(Rc::strong_count(&shared), 2);
        // SAFETY: `into_raw` returned it.
        drop(unsafe { Owned::from_raw(raw) });
        assert_eq!(Rc::strong_count(&shared), 1);
    }
}
