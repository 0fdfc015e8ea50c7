//! How far a deferred response is, and who needs its memory. Any thread may ask.

use core::cell::Cell;
use core::sync::atomic::{AtomicU8, Ordering::Acquire, Ordering::Release};

use crate::sync::in_use::InUse;
use crate::sync::refs::{RefCount, Released};

/// What the program has done with the response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Stage {
    /// It has the response, and hasn't sent anything of it.
    Owned,
    /// The head was sent.
    Begun,
    /// It has sent the response: it is told nothing any more.
    GivenBack,
}

pub struct Hold {
    stage: AtomicU8,
    /// Calls of the program's callbacks that are running; shut when the response is given back.
    calls: InUse,
    /// The connection's hold is the count's own, the program's and those of tasks stand beside it.
    refs: RefCount,
}

impl Hold {
    /// The program's response, which the connection waits for.
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

    /// Owned -> Begun: the head was sent. The caller has looked.
    pub fn begin(&self) {
        self.stage.store(Stage::Begun as u8, Release);
    }

    /// Owned, Begun -> GivenBack: from now on no call of the program's callbacks begins.
    pub fn give_back(&self) {
        self.stage.store(Stage::GivenBack as u8, Release);
        self.calls.shut();
    }

    /// Waits until no callback is running, after `give_back`, on another thread than theirs.
    pub fn wait_for_calls(&self) {
        let turns = Cell::new(0);
        self.calls.wait_for_users(|| {
            // SAFETY: neither touches memory.
            unsafe {
                if turns.replace(turns.get() + 1) < 100 {
                    libc::sched_yield();
                } else {
                    libc::usleep(1000);
                }
            }
        });
    }

    /// Runs a callback; nothing where the response was given back.
    pub fn call(&self, callback: impl FnOnce()) {
        if self.calls.enter() {
            callback();
            self.calls.leave();
        }
    }

    /// One more that needs the memory. False when there are too many.
    pub fn keep(&self) -> bool {
        self.refs.retain()
    }

    /// One fewer; whether it was the last.
    pub fn release(&self) -> bool {
        self.refs.release() == Released::Last
    }

    /// The connection's hold ends; whether it was the last.
    pub fn leave(&self) -> bool {
        self.refs.let_go() == Released::Last
    }
}
