//! The mutexes and conditions in structs that C sees. For the library's own data see `lock`.

use libc::{pthread_cond_t, pthread_mutex_t};
use std::cell::UnsafeCell;

/// Holds a mutex until it is dropped, on the same thread.
pub struct Held<'a>(&'a UnsafeCell<pthread_mutex_t>);

impl Held<'_> {
    /// Waits for a mutex that was initialised with its struct, as C programs initialise theirs.
    pub fn lock(mutex: &UnsafeCell<pthread_mutex_t>) -> Held<'_> {
        // SAFETY: an initialised mutex that stays where it is. One of the default kind reports no errors.
        unsafe { libc::pthread_mutex_lock(mutex.get()) };
        Held(mutex)
    }

    /// Lets others have the mutex until the condition is signalled, or for no reason.
    pub fn wait(&self, condition: &UnsafeCell<pthread_cond_t>) {
        // SAFETY: both are initialised, and the mutex is held.
        unsafe { libc::pthread_cond_wait(condition.get(), self.0.get()) };
    }

    /// Wakes one who waits for the condition.
    pub fn signal(&self, condition: &UnsafeCell<pthread_cond_t>) {
        // SAFETY: initialised with its struct.
        unsafe { libc::pthread_cond_signal(condition.get()) };
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // SAFETY: `lock` locked it; a guard that holds a reference to a cell stays on its thread.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) };
    }
}
