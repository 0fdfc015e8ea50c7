//! How long callbacks may go on before others are due. Between two callbacks the loop reads the coarse
//! clock, which costs no system call. After a slice of time, what waits for time has its turn: timers,
//! signals, servers and connections that end. Reading has the same slice for the events of an iteration,
//! and once more for the connections with work left; who comes later reads in the next iteration, in the
//! same order.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::state::Loop;
use crate::sys::clock::now_ms;
use libc::c_int;
use std::cell::Cell;

const SLICE_MS: i64 = 20;

/// A loop's account of time. Milliseconds of the coarse clock; 0: to be read.
#[derive(Default)]
pub struct Budget {
    /// When what waits for time last had its turn.
    looked: Cell<i64>,
    /// When reading began.
    began: Cell<i64>,
    /// As of the last look.
    now: Cell<i64>,
    /// An iteration is under way: what waits for time is called there, and nowhere else.
    within: Cell<bool>,
    /// How many calls on this thread's stack free something of the loop.
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
    /// Runs an iteration, which has timers called at its end. Callbacks may run others within.
    pub fn budgeted(&self, run: impl FnOnce()) {
        let budget = &self.budget;
        let outer = budget.within.replace(true);
        for time in [&budget.looked, &budget.began, &budget.now] {
            time.set(0);
        }
        run();
        budget.within.set(outer);
    }

    /// Runs `f`, which frees something of the loop: between the callbacks of that, nothing else has its turn.
    /// The program has given back what its timers may use, or even the timers.
    pub fn while_freeing<R>(&self, f: impl FnOnce() -> R) -> R {
        let freeing = &self.budget.freeing;
        freeing.set(freeing.get() + 1);
        let result = f();
        freeing.set(freeing.get() - 1);
        result
    }

    /// Reading has a slice of its own from now on.
    pub fn begin_reading(&self) {
        self.budget.look();
        self.budget.began.set(self.budget.now.get());
    }

    /// Between two callbacks: gives what waits for time its turn, if that is due. What the caller uses is
    /// looked at afresh, as after a callback.
    pub fn between(&self) {
        let budget = &self.budget;
        budget.look();
        let may = budget.within.get() && budget.freeing.get() == 0;
        if may && budget.has_passed(budget.looked.get()) {
            budget.looked.set(budget.now.get());
            self.on_time();
        }
    }

    /// Whether reading has had its time, as of the last look.
    pub fn is_spent(&self) -> bool {
        self.budget.has_passed(self.budget.began.get())
    }

    /// The same, as of a time whose low bits the caller has read.
    pub fn is_spent_at(&self, now: u32) -> bool {
        if self.budget.began.get() == 0 {
            self.budget.look();
        }
        now.wrapping_sub(self.budget.began.get() as u32) as c_int >= SLICE_MS as c_int
    }

    /// The same, as of now.
    pub fn is_spent_now(&self) -> bool {
        self.budget.look();
        self.is_spent()
    }

    /// How many milliseconds have gone by since the last look.
    pub fn ms_since_look(&self) -> u64 {
        let before = self.budget.now.get();
        self.budget.look();
        if before == 0 { 0 } else { (self.budget.now.get() - before).max(0) as u64 }
    }
}
