//! One turn of a loop, in this order: the back end waits and delivers, what other threads asked
//! for is done, connections with work left go on, what was due by time is done, the dead are freed.

use super::loop_state::of;
use super::{dispatcher, pending, tcp_connection, tcp_server};
use crate::abi::types::event_loop;
use crate::sys::{errno, pool};
use libc::timeval;
use std::mem;

/// The longest wait: `quit` set without a wake-up is seen after it.
const WAIT_MS: i64 = 1000;
/// How often connections whose reading was put off are looked at.
const HELD_MS: i64 = 10;
/// How often lingering connections and resting servers are looked at.
const TICK_MS: i64 = 100;

/// Runs `f` as part of the loop's work. What dies meanwhile is freed when the outermost ends.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn within<R>(l: *mut event_loop, f: impl FnOnce() -> R) -> R {
    // SAFETY: `l` outlives the call: loops are not freed while they work.
    unsafe {
        (*of(l)).depth += 1;
        let result = f();
        (*of(l)).depth -= 1;
        if (*of(l)).depth == 0 {
            tcp_connection::run_ready(l);
            tcp_connection::reap(l);
        }
        result
    }
}

/// Milliseconds of the monotonic clock, read coarsely.
pub fn now_ms() -> i64 {
    // SAFETY: fills the struct that it is given; zero is a valid value of it.
    unsafe {
        let mut t: libc::timespec = mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut t);
        t.tv_sec as i64 * 1000 + t.tv_nsec as i64 / 1_000_000
    }
}

/// One pass of `event_loop_run`.
///
/// # Safety
/// On the loop's thread, `depth` counted by the caller.
pub unsafe fn run_once(l: *mut event_loop) {
    // SAFETY: the back end is foreign code: fields are read afresh after it.
    unsafe {
        let own = of(l);
        dispatcher::resync(l);
        let waits_for_time = !(*own).lingering.is_null() || !(*own).resting.is_null();
        let busy = !(*own).ready.is_null() || (*own).wake.has_queued();
        let wait = match (busy, waits_for_time) {
            (true, _) => 0,
            _ if !(*own).held.is_null() => HELD_MS,
            (false, true) => TICK_MS,
            (false, false) => WAIT_MS,
        };
        let mut tv = timeval { tv_sec: wait / 1000, tv_usec: wait % 1000 * 1000 };
        let before = (*own).delivered;
        if let Some(dispatch) = (*(*l).eventDispatcher).dispatch
            && dispatch(l, &mut tv) < 0
        {
            // A back end that fails at once, for ever, must not take the whole core.
            let e = errno::get();
            log_err!("dispatch failed: {}", errno::Text(e));
            libc::usleep(10_000);
        }
        if wait == WAIT_MS && (*own).delivered == before {
            pool::trim();
        }
        finish(l);
    }
}

/// The part of a pass that follows the back end's.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn finish(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        let own = of(l);
        pending::run(l);
        tcp_connection::run_ready(l);
        if !(*own).held.is_null() {
            tcp_connection::end_holding(l);
        }
        if !(*own).lingering.is_null() || !(*own).resting.is_null() {
            let now = now_ms();
            if now >= (*own).next_tick {
                (*own).next_tick = now + TICK_MS;
                tcp_connection::end_lingering(l, now);
                tcp_server::wake_resting(l);
            }
        }
        if (*own).depth <= 1 {
            tcp_connection::reap(l);
        }
    }
}
