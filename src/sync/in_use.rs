//! Something that others may be using while its owner gives it up: the owner can wait for them, and
//! nobody begins to use it after that. A connection's descriptor, which other threads ask the kernel
//! about; a deferred response, which the connection's thread calls back for. No raw pointers and no
//! system calls: tests/model runs these very lines under loom.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicU16;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const SHUT: u16 = 1 << 15;

/// All zeroes: open, and nobody asks.
#[derive(Default)]
pub struct InUse(AtomicU16);

impl InUse {
    /// Begins to use it; `leave` ends that. False when it was given up (or has 32,767 users).
    pub fn enter(&self) -> bool {
        let mut now = self.0.load(Relaxed);
        while now < SHUT - 1 {
            match self.0.compare_exchange_weak(now, now + 1, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    pub fn leave(&self) {
        self.0.fetch_sub(1, Release);
    }

    /// Lets nobody in from now on.
    pub fn shut(&self) {
        self.0.fetch_or(SHUT, Relaxed);
    }

    /// After `shut`: waits until all have left.
    pub fn wait_for_users(&self, pause: impl Fn()) {
        while self.0.load(Acquire) & !SHUT != 0 {
            pause();
        }
    }
}
