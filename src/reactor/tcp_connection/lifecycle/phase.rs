//! How far a connection is in its life. Its own thread moves it on; any thread may look.
//!
//! `Made` -> `Open` (`arrive`) -> `Closed` (`close`). One whose loop is gone goes from `Made` to `Closed`. Whether
//! an open connection is about to close is the matter of its close reason: from the moment that this is decided,
//! nothing is sent any more, and the closed callback is due.
#![forbid(unsafe_code)]

use std::sync::atomic::{
    AtomicU8,
    Ordering::{Acquire, Relaxed, Release},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Phase {
    /// The thread that made it has it, and calls the completed callback.
    Made,
    /// It has come to its loop.
    Open,
    /// Its closed callback is due, or was called.
    Closed,
}

/// All zeroes: `Made`.
pub struct Life(AtomicU8);

impl Life {
    pub fn phase(&self) -> Phase {
        match self.0.load(Acquire) {
            0 => Phase::Made,
            1 => Phase::Open,
            _ => Phase::Closed,
        }
    }

    /// The connection has come to its loop: what its maker did comes before.
    pub fn arrive(&self) {
        self.0.store(Phase::Open as u8, Release);
    }

    /// Ends it; false where it has ended before.
    pub fn close(&self) -> bool {
        self.0.swap(Phase::Closed as u8, Relaxed) != Phase::Closed as u8
    }

    pub fn is_closed(&self) -> bool {
        self.0.load(Relaxed) == Phase::Closed as u8
    }
}
