//! Lets the owner of something that other threads may be using end its use: nobody can start to use
//! it after that, and the owner can wait for the current users. Used for a connection's descriptor,
//! about which other threads ask the kernel, and for a deferred response, whose callbacks run on the
//! connection's thread. No raw pointers and no system calls: tests/model compiles this file under
//! loom.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicU16;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const SHUT: u16 = 1 << 15;

/// All zeroes are the initial state: open, without users.
#[derive(Default)]
pub struct InUse(AtomicU16);

impl InUse {
    /// Begins a use, which `leave` ends. False if it was shut (or has 32,767 users).
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

    /// Prevents new uses.
    pub fn shut(&self) {
        self.0.fetch_or(SHUT, Relaxed);
    }

    /// Waits, after `shut`, until all users have left.
    pub fn wait_for_users(&self, pause: impl Fn()) {
        while self.0.load(Acquire) & !SHUT != 0 {
            pause();
        }
    }
}
