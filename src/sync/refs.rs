//! Counting who still needs an object's memory. No raw pointers and no system calls:
//! tests/model runs these very lines under loom.
//!
//! The library has one reference of its own, kept apart from the others in the highest bit, so that
//! a release too many is refused instead of freeing under the library's hands.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicU32;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};

pub const OWN: u32 = 1 << 31;
/// So many references that one more could run into `OWN`.
pub const FULL: u32 = OWN - 1;

/// How a release went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Released {
    /// Others need it still.
    Kept,
    /// It was the last: the caller frees.
    Last,
    /// There was none to give back; nothing happened.
    None,
}

pub struct RefCount(pub(super) AtomicU32);

impl RefCount {
    /// The library's reference.
    pub fn new() -> Self {
        RefCount(AtomicU32::new(OWN))
    }

    /// One more. The caller has a reference, or knows of one that stays meanwhile. False when there
    /// are too many.
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

    /// Gives one of `retain` back. What its holder did comes before the freeing.
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

    /// Gives the library's own back, once.
    pub fn let_go(&self) -> Released {
        self.last(self.0.fetch_and(!OWN, Release) & !OWN)
    }

    fn last(&self, left: u32) -> Released {
        if left > 0 {
            return Released::Kept;
        }
        // With the Release of each that went before. A fence would do, but ThreadSanitizer doesn't
        // know fences.
        self.0.load(Acquire);
        Released::Last
    }
}
