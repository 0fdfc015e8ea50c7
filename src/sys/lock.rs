//! A mutex for data of this process: the standard library's, or pthread's with the feature `plain-malloc`,
//! because ThreadSanitizer and helgrind know that one.

#![allow(clippy::disallowed_types)]

#[cfg(not(feature = "plain-malloc"))]
pub use std::sync::MutexGuard as Guard;
#[cfg(not(feature = "plain-malloc"))]
use std::sync::{Mutex, PoisonError};

/// A value that one thread at a time can use.
#[cfg(not(feature = "plain-malloc"))]
pub struct Lock<T>(Mutex<T>);

#[cfg(not(feature = "plain-malloc"))]
impl<T> Lock<T> {
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub fn lock(&self) -> Guard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "plain-malloc")]
pub use watched::{Guard, Lock};

#[cfg(feature = "plain-malloc")]
mod watched {
    use libc::pthread_mutex_t;
    use std::cell::UnsafeCell;
    use std::ops::{Deref, DerefMut};

    pub struct Lock<T> {
        mutex: UnsafeCell<pthread_mutex_t>,
        value: UnsafeCell<T>,
    }

    // SAFETY: the mutex orders all accesses to the value.
    unsafe impl<T: Send> Sync for Lock<T> {}

    pub struct Guard<'a, T>(&'a Lock<T>);

    impl<T> Lock<T> {
        pub const fn new(value: T) -> Self {
            let mutex = UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER);
            Self { mutex, value: UnsafeCell::new(value) }
        }

        pub fn lock(&self) -> Guard<'_, T> {
            // SAFETY: the mutex is initialised and isn't moved after its first use. A mutex of the default kind
            // reports no errors.
            unsafe { libc::pthread_mutex_lock(self.mutex.get()) };
            Guard(self)
        }
    }

    impl<T> Deref for Guard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            // SAFETY: the mutex is locked as long as the guard lives.
            unsafe { &*self.0.value.get() }
        }
    }

    impl<T> DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: the mutex is locked as long as the guard lives, so this guard is the only one.
            unsafe { &mut *self.0.value.get() }
        }
    }

    impl<T> Drop for Guard<'_, T> {
        fn drop(&mut self) {
            // SAFETY: this thread locked the mutex.
            unsafe { libc::pthread_mutex_unlock(self.0.mutex.get()) };
        }
    }
}
