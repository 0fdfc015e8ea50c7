//! Which post has to write the byte that wakes a loop, and whether the loop has a queue to look at.
//! No raw pointers and no system calls: tests/model runs these very lines under loom.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicBool;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Shared by a loop's thread and all who post to it. All zeroes is the state of a new loop.
#[derive(Default)]
pub struct WakeFlag {
    /// A byte is on its way and wasn't taken yet.
    sent: AtomicBool,
    /// The queue may hold something.
    filled: AtomicBool,
}

impl WakeFlag {
    /// Something was queued. Under the queue's lock, before `raise`.
    pub fn queued(&self) {
        self.filled.store(true, Release);
    }

    /// The whole queue was taken. Under the queue's lock.
    pub fn emptied(&self) {
        self.filled.store(false, Relaxed);
    }

    /// Whether the loop has to look into the queue; without the lock.
    pub fn has_queued(&self) -> bool {
        self.filled.load(Acquire)
    }

    /// Whether the caller has to write the byte: nobody else's is on its way.
    pub fn raise(&self) -> bool {
        !self.sent.swap(true, AcqRel)
    }

    /// The byte that `raise` asked for couldn't be written: the next who raises tries again.
    pub fn failed(&self) {
        self.sent.store(false, Release);
    }

    /// After the bytes were taken and before the queue is looked at again: what was posted before is
    /// seen in the queue, and what comes later writes a byte that nobody has taken. A swap and not a
    /// store, so that the work of whoever found the flag up is seen.
    pub fn fall(&self) {
        self.sent.swap(false, AcqRel);
    }
}
