//! How long callbacks may go on before others are due. Between two callbacks the loop reads the coarse
//! clock, which costs no system call. After a slice of time, what waits for time has its turn: timers,
//! signals, servers and connections that end. Reading has the same slice for the events of a pass, and once
//! more for the connections with work left; who comes later reads in the next pass, in the same order.

use super::loop_state::of;
use super::pass::{self, now_ms};
use crate::abi::types::event_loop;

const SLICE_MS: i64 = 20;

/// What a loop has of it. Milliseconds of the coarse clock; 0: to be read.
#[derive(Default)]
pub struct Budget {
    /// When what waits for time last had its turn.
    looked: i64,
    /// When reading began.
    began: i64,
    /// As of the last look.
    now: i64,
}

impl Budget {
    fn look(&mut self, now: i64) {
        self.now = now;
        for since in [&mut self.looked, &mut self.began] {
            if *since == 0 {
                *since = now;
            }
        }
    }

    fn has_passed(&self, since: i64) -> bool {
        self.now - since >= SLICE_MS
    }
}

/// A pass begins, which has timers called at its end.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn begin_pass(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe { (*of(l)).budget = Budget::default() };
}

/// Reading has a slice of its own from now on.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn begin_reading(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        let budget = &mut (*of(l)).budget;
        budget.look(now_ms());
        budget.began = budget.now;
    }
}

/// Between two callbacks: gives what waits for time its turn, if that is due.
///
/// # Safety
/// On the loop's thread, within a pass; what the caller uses is looked at afresh, as after a callback.
pub unsafe fn between(l: *mut event_loop) {
    // SAFETY: nothing of the budget is kept across the callbacks.
    unsafe {
        let budget = &mut (*of(l)).budget;
        budget.look(now_ms());
        if budget.has_passed(budget.looked) {
            budget.looked = budget.now;
            pass::on_time(l);
        }
    }
}

/// Whether reading has had its time, as of the last look.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn is_spent(l: *mut event_loop) -> bool {
    // SAFETY: as said.
    unsafe { (*of(l)).budget.has_passed((*of(l)).budget.began) }
}

/// The same, as of now.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn is_spent_now(l: *mut event_loop) -> bool {
    // SAFETY: as said.
    unsafe {
        (*of(l)).budget.look(now_ms());
        is_spent(l)
    }
}

/// How many milliseconds have gone by since the last look.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn since_look(l: *mut event_loop) -> u64 {
    // SAFETY: as said.
    unsafe {
        let budget = &mut (*of(l)).budget;
        let before = budget.now;
        budget.look(now_ms());
        if before == 0 { 0 } else { (budget.now - before).max(0) as u64 }
    }
}
