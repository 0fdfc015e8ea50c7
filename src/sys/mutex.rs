//! The mutexes and condition variables in structs that C sees. For the library's own data see `lock`.

use libc::{pthread_cond_t, pthread_mutex_t};
use std::cell::UnsafeCell;

/// A locked mutex. It is unlocked when this is dropped, on the same thread.
pub struct Held<'a>(&'a UnsafeCell<pthread_mutex_t>);

impl Held<'_> {
    /// Locks a mutex that was initialised together with its struct.
    pub fn lock(mutex: &UnsafeCell<pthread_mutex_t>) -> Held<'_> {
        // SAFETY: the mutex is initialised and stays in its place. One of the default kind reports no errors.
        unsafe { libc::pthread_mutex_lock(mutex.get()) };
        Held(mutex)
    }

    /// Unlocks the mutex until the condition is signalled. Spurious wake-ups are possible.
    pub fn wait(&self, condition: &UnsafeCell<pthread_cond_t>) {
        // SAFETY: both are initialised, and this thread has locked the mutex.
        unsafe { libc::pthread_cond_wait(condition.get(), self.0.get()) };
    }

    /// Wakes one thread that waits for the condition.
    pub fn signal(&self, condition: &UnsafeCell<pthread_cond_t>) {
        // SAFETY: the condition is initialised together with its struct.
        unsafe { libc::pthread_cond_signal(condition.get()) };
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // SAFETY: `lock` locked it on this thread: the guard holds a reference to a cell, so it isn't `Send`.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) };
    }
}
