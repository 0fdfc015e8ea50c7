//! Which post has to write the byte that wakes a loop, and whether the loop has to look at its queue.
//! No raw pointers and no system calls: tests/model compiles this file under loom.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Shared by a loop's thread and all threads that post to it. All zeroes are the state of a new loop.
#[derive(Default)]
pub struct WakeFlag {
    /// A byte was written and hasn't been read yet.
    sent: AtomicBool,
    /// The queue may contain something.
    filled: AtomicBool,
}

impl WakeFlag {
    /// Records that something was queued. Call it under the queue's lock, before `raise`.
    pub fn queued(&self) {
        self.filled.store(true, Release);
    }

    /// Records that the whole queue was taken. Call it under the queue's lock.
    pub fn emptied(&self) {
        self.filled.store(false, Relaxed);
    }

    /// Whether the loop has to look at the queue. Needs no lock.
    pub fn has_queued(&self) -> bool {
        self.filled.load(Acquire)
    }

    /// Whether the caller has to write the byte, because no other byte is unread.
    pub fn raise(&self) -> bool {
        !self.sent.swap(true, AcqRel)
    }

    /// The byte of `raise` couldn't be written: the next `raise` returns true again.
    pub fn failed(&self) {
        self.sent.store(false, Release);
    }

    /// Call it after reading the bytes and before looking at the queue again. Earlier posts are then
    /// seen in the queue, and later ones write a new byte. A swap instead of a store, so that the
    /// work of a thread that found the flag set is visible.
    pub fn fall(&self) {
        self.sent.swap(false, AcqRel);
    }
}
