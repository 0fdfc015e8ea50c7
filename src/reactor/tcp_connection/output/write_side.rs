//! The write side of a connection: how many accepted bytes the kernel doesn't have yet, whether more are accepted,
//! and the state of its end. No raw pointers and no system calls: tests/model compiles this file under
//! loom.

#![forbid(unsafe_code)]

use crate::sync::atomic::AtomicU64;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::cell::Cell;

const SHUT: u64 = 1 << 63;
/// One more than the errno value with which another thread closes the connection.
const CLOSE_SHIFT: u32 = 48;
const CLOSE: u64 = SHUT - (1 << CLOSE_SHIFT);
const COUNT: u64 = (1 << CLOSE_SHIFT) - 1;

/// The number of accepted bytes that the kernel doesn't have yet, and in the same word whether sends of other
/// threads are still accepted. Each send is either before the shutdown, which then waits for its bytes, or it is
/// refused. All zeroes: open, and nothing waits.
///
/// When another thread closes a connection, it is closed for other threads at once, and for its owner when the
/// owner reaches the request in the queue.
#[derive(Default)]
pub struct Intake(AtomicU64);

/// Why a send isn't accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    Shut,
    Full,
}

impl Intake {
    pub fn waiting(&self) -> u64 {
        self.0.load(Acquire) & COUNT
    }

    pub fn is_shut(&self) -> bool {
        self.0.load(Relaxed) & SHUT != 0
    }

    /// Accepts `len` bytes of another thread's send, if they fit.
    pub fn accept(&self, len: u64, fits: impl Fn(u64) -> bool) -> Result<(), Refused> {
        let mut now = self.0.load(Relaxed);
        loop {
            if now & SHUT != 0 {
                return Err(Refused::Shut);
            }
            if !fits(now) {
                return Err(Refused::Full);
            }
            match self.0.compare_exchange_weak(now, now + len, AcqRel, Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => now = other,
            }
        }
    }

    /// Accepts `len` bytes of a send on the owner's thread, if they fit. `Side` says whether the owner's sends are
    /// still accepted: they are until the owner reaches another thread's shutdown.
    pub fn accept_own(&self, len: u64, fits: impl Fn(u64) -> bool) -> bool {
        let mut now = self.0.load(Relaxed);
        while fits(now & COUNT) {
            match self.0.compare_exchange_weak(now, now + len, AcqRel, Relaxed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    /// Changes the number of waiting bytes.
    pub fn change(&self, more: i64) {
        self.0.fetch_add(more as u64, AcqRel);
    }

    /// Stops accepting sends of other threads. False if that was already done.
    pub fn shut(&self) -> bool {
        self.0.fetch_or(SHUT, AcqRel) & SHUT == 0
    }

    /// Closes the connection for other threads: nothing more is accepted. False if a thread already did that.
    pub fn close(&self, why: u16) -> bool {
        let mark = SHUT | (u64::from(why) + 1) << CLOSE_SHIFT;
        let mut now = self.0.load(Relaxed);
        while now & CLOSE == 0 {
            match self.0.compare_exchange_weak(now, now | mark, AcqRel, Relaxed) {
                Ok(_) => return true,
                Err(other) => now = other,
            }
        }
        false
    }

    /// The errno value with which another thread has closed the connection, if one has.
    pub fn closing(&self) -> Option<u16> {
        let mark = (self.0.load(Relaxed) & CLOSE) >> CLOSE_SHIFT;
        mark.checked_sub(1).map(|why| why as u16)
    }
}

/// The state of the write side's end, for the owner's thread only. Each state leads to the next.
#[repr(u8)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Side {
    /// The owner's sends are accepted.
    #[default]
    Open,
    /// The end of the stream will follow the accepted bytes.
    Shutting,
    /// The end of the stream was sent, or sending it failed.
    HalfClosed,
}

impl Side {
    /// The owner's thread has reached a shutdown.
    pub fn shut(side: &Cell<Side>) {
        if side.get() == Side::Open {
            side.set(Side::Shutting);
        }
    }

    /// Records that the end of the stream is sent. True only once.
    pub fn half_close(side: &Cell<Side>) -> bool {
        side.replace(Side::HalfClosed) != Side::HalfClosed
    }
}
