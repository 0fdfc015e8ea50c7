//! Limits how long callbacks may take before other work gets its turn. Between two callbacks the loop reads the
//! coarse clock, which costs no system call. After a time slice, everything that depends on time gets its turn:
//! timers, signals, servers and connections that are ending. Reading has the same slice for the events of an
//! iteration, and again for the connections with work left. Connections that don't get to read within it read in
//! the next iteration, in the same order.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::state::Loop;
use crate::sys::clock::now_ms;
use libc::c_int;
use std::cell::Cell;

const SLICE_MS: i64 = 20;

/// A loop's time accounting, in milliseconds of the coarse clock; 0 means that it has to be read.
#[derive(Default)]
pub struct Budget {
    /// When work that depends on time last had its turn.
    looked: Cell<i64>,
    /// When reading began.
    began: Cell<i64>,
    /// The time of the last reading of the clock.
    now: Cell<i64>,
    /// An iteration is running. Work that depends on time is done only there.
    within: Cell<bool>,
    /// The number of calls on this thread's stack that are freeing something of the loop.
    freeing: Cell<u32>,
}

impl Budget {
    fn look(&self) {
        let now = now_ms();
        self.now.set(now);
        for since in [&self.looked, &self.began] {
            if since.get() == 0 {
                since.set(now);
            }
        }
    }

    fn has_passed(&self, since: i64) -> bool {
        self.now.get() - since >= SLICE_MS
    }
}

impl Loop {
    /// Runs an iteration, which calls timers at its end. Callbacks may run inner iterations.
    pub fn budgeted(&self, run: impl FnOnce()) {
        let budget = &self.budget;
        let outer = budget.within.replace(true);
        for time in [&budget.looked, &budget.began, &budget.now] {
            time.set(0);
        }
        run();
        budget.within.set(outer);
    }

    /// Runs `f`, which frees something of the loop. Between the callbacks of `f` no other work gets a turn,
    /// because the program may already have freed its timers or the data that they use.
    pub fn while_freeing<R>(&self, f: impl FnOnce() -> R) -> R {
        let freeing = &self.budget.freeing;
        freeing.set(freeing.get() + 1);
        let result = f();
        freeing.set(freeing.get() - 1);
        result
    }

    /// Starts a new time slice for reading.
    pub fn begin_reading(&self) {
        self.budget.look();
        self.budget.began.set(self.budget.now.get());
    }

    /// Called between two callbacks: gives work that depends on time its turn if the time slice is over. As after
    /// a callback, the caller must check its objects again.
    pub fn between(&self) {
        let budget = &self.budget;
        budget.look();
        let may = budget.within.get() && budget.freeing.get() == 0;
        if may && budget.has_passed(budget.looked.get()) {
            budget.looked.set(budget.now.get());
            self.on_time();
        }
    }

    /// Whether the time slice for reading was over when the clock was last read.
    pub fn is_spent(&self) -> bool {
        self.budget.has_passed(self.budget.began.get())
    }

    /// The same for a time whose low bits the caller has read.
    pub fn is_spent_at(&self, now: u32) -> bool {
        if self.budget.began.get() == 0 {
            self.budget.look();
        }
        now.wrapping_sub(self.budget.began.get() as u32) as c_int >= SLICE_MS as c_int
    }

    /// The same for the current time.
    pub fn is_spent_now(&self) -> bool {
        self.budget.look();
        self.is_spent()
    }

    /// The number of milliseconds since the clock was last read.
    pub fn ms_since_look(&self) -> u64 {
        let before = self.budget.now.get();
        self.budget.look();
        if before == 0 { 0 } else { (self.budget.now.get() - before).max(0) as u64 }
    }
}
