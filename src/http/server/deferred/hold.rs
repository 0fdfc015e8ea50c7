//! The stage of a deferred response, and the references to its memory. Any thread may use it.

use core::cell::Cell;
use core::sync::atomic::{AtomicU8, Ordering::Acquire, Ordering::Release};

use crate::sync::in_use::InUse;
use crate::sync::refs::{RefCount, Released};

/// What the program has done with the response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Stage {
    /// It has the response, and hasn't sent any part of it.
    Owned,
    /// It has sent the head.
    Begun,
    /// It has sent the response: its callbacks aren't called any more.
    GivenBack,
}

pub struct Hold {
    stage: AtomicU8,
    /// Running calls of the program's callbacks; shut when the response is sent.
    calls: InUse,
    /// The connection has the count's own reference; those of the program and of tasks are additional.
    refs: RefCount,
}

impl Hold {
    /// A response of the program for which the connection waits.
    pub fn new() -> Hold {
        let refs = RefCount::new();
        refs.retain();
        Hold { stage: AtomicU8::new(Stage::Owned as u8), calls: InUse::default(), refs }
    }

    pub fn stage(&self) -> Stage {
        match self.stage.load(Acquire) {
            0 => Stage::Owned,
            1 => Stage::Begun,
            _ => Stage::GivenBack,
        }
    }

    /// Owned -> Begun: the head was sent. The caller has checked the stage.
    pub fn begin(&self) {
        self.stage.store(Stage::Begun as u8, Release);
    }

    /// Owned, Begun -> GivenBack: no call of the program's callbacks begins after this.
    pub fn give_back(&self) {
        self.stage.store(Stage::GivenBack as u8, Release);
        self.calls.shut();
    }

    /// Waits, after `give_back`, until no callback is running. Must not be called on the callbacks' thread.
    pub fn wait_for_calls(&self) {
        let turns = Cell::new(0);
        self.calls.wait_for_users(|| {
            // SAFETY: neither call touches memory.
            unsafe {
                if turns.replace(turns.get() + 1) < 100 {
                    libc::sched_yield();
                } else {
                    libc::usleep(1000);
                }
            }
        });
    }

    /// Runs a callback, unless the response was given back.
    pub fn call(&self, callback: impl FnOnce()) {
        if self.calls.enter() {
            callback();
            self.calls.leave();
        }
    }

    /// Adds a reference. False if there are too many.
    pub fn keep(&self) -> bool {
        self.refs.retain()
    }

    /// Releases a reference. Returns whether it was the last.
    pub fn release(&self) -> bool {
        self.refs.release() == Released::Last
    }

    /// Releases the connection's reference. Returns whether it was the last.
    pub fn leave(&self) -> bool {
        self.refs.let_go() == Released::Last
    }
}
