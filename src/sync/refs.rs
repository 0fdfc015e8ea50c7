//! A reference count for an object's memory. No raw pointers and no system calls: tests/model
//! compiles this file under loom.
//!
//! The library's own reference is the highest bit, apart from the count of the others. So if a
//! program releases more than it retained, that fails and can't free memory that the library uses.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};

pub const OWN: u32 = 1 << 31;
/// The maximum count; one more could overflow into `OWN`.
pub const FULL: u32 = OWN - 1;

/// The result of a release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Released {
    /// Other references remain.
    Kept,
    /// It was the last reference: the caller frees the memory.
    Last,
    /// There was no reference to release; nothing changed.
    None,
}

pub struct RefCount(pub(super) AtomicU32);

impl RefCount {
    /// A count with only the library's reference.
    pub fn new() -> Self {
        RefCount(AtomicU32::new(OWN))
    }

    /// Adds a reference. The caller must hold one, or know that another one remains during the call.
    /// False if there are too many.
    pub fn retain(&self) -> bool {
        let mut now = self.0.load(Relaxed);
        while now & FULL != FULL {
            match self.0.compare_exchange_weak(now, now + 1, Relaxed, Relaxed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    /// Releases a reference of `retain`. The releaser's accesses happen before the memory is freed.
    pub fn release(&self) -> Released {
        let mut now = self.0.load(Relaxed);
        loop {
            if now & FULL == 0 {
                return Released::None;
            }
            match self.0.compare_exchange_weak(now, now - 1, Release, Relaxed) {
                Ok(_) => return self.last(now - 1),
                Err(other) => now = other,
            }
        }
    }

    /// Releases the library's own reference, once.
    pub fn let_go(&self) -> Released {
        self.last(self.0.fetch_and(!OWN, Release) & !OWN)
    }

    fn last(&self, left: u32) -> Released {
        if left > 0 {
            return Released::Kept;
        }
        // Synchronises with the Release of all earlier releases. A fence would suffice, but
        // ThreadSanitizer doesn't support fences.
        self.0.load(Acquire);
        Released::Last
    }
}
