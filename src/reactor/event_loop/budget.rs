//! How long callbacks may go on before others are due. Between two callbacks the loop reads the coarse
//! clock, which costs no system call. After a slice of time, what waits for time has its turn: timers,
//! signals, servers and connections that end. Reading has the same slice for the events of a pass, and once
//! more for the connections with work left; who comes later reads in the next pass, in the same order.

use super::iteration;
use crate::abi::types::event_loop;
use crate::reactor::event_loop::iteration::now_ms;
use crate::reactor::event_loop::state::of;

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
    /// A pass is under way: what waits for time is called there, and nowhere else.
    within_pass: bool,
    /// How many calls on this thread's stack free something of the loop.
    freeing: u32,
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

/// Runs a pass, which has timers called at its end.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn pass(l: *mut event_loop, run: impl FnOnce()) {
    // SAFETY: a loop that is in a pass isn't freed; callbacks may run others within.
    unsafe {
        let Budget { within_pass: outer, freeing, .. } = (*of(l)).budget;
        (*of(l)).budget = Budget { within_pass: true, freeing, ..Budget::default() };
        run();
        (*of(l)).budget.within_pass = outer;
    }
}

/// Runs `f`, which frees something of the loop: between the callbacks of that, nothing else has its turn. The
/// program has given back what its timers may use, or even the timers.
///
/// # Safety
/// On the loop's thread; the loop's memory outlives the call.
pub unsafe fn while_freeing<R>(l: *mut event_loop, f: impl FnOnce() -> R) -> R {
    // SAFETY: the loop's memory outlives the call; no reference to the budget is kept across `f`.
    unsafe {
        (*of(l)).budget.freeing += 1;
        let result = f();
        (*of(l)).budget.freeing -= 1;
        result
    }
}

/// Reading has a slice of its own from now on.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn begin_reading(l: *mut event_loop) {
    // SAFETY: the budget is touched on the loop's thread only, and no callback runs while it is borrowed.
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
        let may = budget.within_pass && budget.freeing == 0;
        if may && budget.has_passed(budget.looked) {
            budget.looked = budget.now;
            iteration::on_time(l);
        }
    }
}

/// Whether reading has had its time, as of the last look.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn is_spent(l: *mut event_loop) -> bool {
    // SAFETY: the budget is touched on the loop's thread only, and no callback runs while it is borrowed.
    unsafe { (*of(l)).budget.has_passed((*of(l)).budget.began) }
}

/// The same, as of a time whose low bits the caller has read.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn is_spent_at(l: *mut event_loop, now: u32) -> bool {
    // SAFETY: the budget is touched on the loop's thread only, and no callback runs while it is borrowed.
    unsafe {
        let budget = &mut (*of(l)).budget;
        if budget.began == 0 {
            budget.look(now_ms());
        }
        now.wrapping_sub(budget.began as u32) as i32 >= SLICE_MS as i32
    }
}

/// The same, as of now.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn is_spent_now(l: *mut event_loop) -> bool {
    // SAFETY: the budget is touched on the loop's thread only, and no callback runs while it is borrowed.
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
    // SAFETY: the budget is touched on the loop's thread only, and no callback runs while it is borrowed.
    unsafe {
        let budget = &mut (*of(l)).budget;
        let before = budget.now;
        budget.look(now_ms());
        if before == 0 { 0 } else { (budget.now - before).max(0) as u64 }
    }
}
