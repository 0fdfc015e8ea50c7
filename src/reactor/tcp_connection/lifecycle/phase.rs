//! The phase of a connection. Only its own thread changes it; any thread may read it.
//!
//! `Made` -> `Given` (`give`) -> `Open` (`arrive`) -> `Closed` (`close`). If its loop is gone, it goes from `Given`
//! to `Closed`. Whether an open connection is about to close depends on its close reason: after that was decided,
//! nothing is sent any more, and the connection will be closed.
#![forbid(unsafe_code)]

use std::sync::atomic::{
    AtomicU8,
    Ordering::{Acquire, Relaxed, Release},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Phase {
    /// It belongs to the thread that made it. If that isn't the loop's thread, it calls the completed callback in this
    /// phase.
    Made,
    /// It belongs to its loop's thread, but wasn't registered yet. If the loop's thread made it, that calls the
    /// completed callback in this phase.
    Given,
    /// It was registered with its loop.
    Open,
    /// Its closed callback is about to be called, or was called.
    Closed,
}

/// All zeroes: `Made`.
pub struct Life(AtomicU8);

impl Life {
    pub fn phase(&self) -> Phase {
        match self.0.load(Acquire) {
            0 => Phase::Made,
            1 => Phase::Given,
            2 => Phase::Open,
            _ => Phase::Closed,
        }
    }

    /// Passes the connection to its loop's thread, to which everything that its maker did is visible.
    pub fn give(&self) {
        self.0.store(Phase::Given as u8, Release);
    }

    /// The connection was registered with its loop.
    pub fn arrive(&self) {
        self.0.store(Phase::Open as u8, Release);
    }

    /// Ends it. False if it has already ended.
    pub fn close(&self) -> bool {
        self.0.swap(Phase::Closed as u8, Relaxed) != Phase::Closed as u8
    }

    pub fn is_closed(&self) -> bool {
        self.0.load(Relaxed) == Phase::Closed as u8
    }
}
