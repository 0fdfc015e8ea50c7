//! One turn of a loop, in this order: the back end waits and delivers, what was posted is done, servers
//! are looked at, signal watchers and timers that are due are called, connections with work left go on,
//! what else waits for time is looked at, the dead are freed.

use super::{budget, posts, signals, timers};
use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::{Loop, count, of};
use crate::reactor::{backend, tcp_connection, tcp_server};
pub use crate::sys::clock::now_ms;
use crate::sys::{errno, pool};
use libc::timeval;
use std::sync::atomic::Ordering::Relaxed;

/// The longest wait: `quit` set without a wake-up is seen after it.
const WAIT_MS: i64 = 1000;
/// How often connections whose reading was put off are looked at.
const HELD_MS: i64 = 10;
/// How often lingering connections, resting listeners and servers that end are looked at.
const TICK_MS: i64 = 100;
const NS_PER_MS: i64 = 1_000_000;

/// Runs `f` as part of the loop's work. What dies meanwhile is freed when the outermost ends.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn within<R>(l: *mut event_loop, f: impl FnOnce() -> R) -> R {
    // SAFETY: `l` outlives the call: loops are not freed while they work.
    unsafe {
        (*of(l)).depth.set((*of(l)).depth.get() + 1);
        let result = f();
        tcp_connection::flush_together(l);
        if (*of(l)).depth.get() == 1 {
            // These call back as well: the loop can't be freed under them.
            tcp_connection::run_ready(l);
            tcp_connection::reap(l);
        }
        (*of(l)).depth.set((*of(l)).depth.get() - 1);
        result
    }
}

/// Runs a callback that is called outside of a pass: the loop isn't freed under it.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn guarded(l: *mut event_loop, f: impl FnOnce()) {
    // SAFETY: as in `within`.
    unsafe {
        (*of(l)).depth.set((*of(l)).depth.get() + 1);
        f();
        (*of(l)).depth.set((*of(l)).depth.get() - 1);
    }
}

/// Milliseconds that the next pass may wait, by what there is to do; None: as long as it likes.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn may_wait(l: *mut event_loop) -> Option<i64> {
    // SAFETY: a live loop.
    unsafe { may_wait_ns(l).map(|ns| (ns + NS_PER_MS - 1) / NS_PER_MS) }
}

/// Whether something waits for time.
unsafe fn ticks(own: *const Loop) -> bool {
    // SAFETY: a live loop on its own thread.
    unsafe { !(*own).lingering.get().is_null() || (*own).resting.get() > 0 || (*own).sweeps.get() }
}

unsafe fn may_wait_ns(l: *mut event_loop) -> Option<i64> {
    // SAFETY: a live loop on its own thread.
    unsafe {
        let own = of(l);
        let busy = !(*own).ready.get().is_null()
            || !(*own).turning.get().is_null()
            || !(*own).taken.is_empty()
            || signals::is_delivering(l)
            || (*own).wake.has_queued();
        if busy {
            return Some(0);
        }
        let lists = if !(*own).held.get().is_null() {
            Some(HELD_MS * NS_PER_MS)
        } else if ticks(own) {
            Some(TICK_MS * NS_PER_MS)
        } else {
            None
        };
        match (lists, timers::until_next(l)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// One pass, which waits for `limit_ms` at most (negative: for as long as it likes).
///
/// # Safety
/// On the loop's thread, `depth` counted by the caller.
pub unsafe fn run_once(l: *mut event_loop, limit_ms: i64) {
    // SAFETY: the back end is foreign code: fields are read afresh after it.
    unsafe {
        let own = of(l);
        backend::resync(l);
        tcp_connection::flush_together(l);
        let limit = if (0..WAIT_MS).contains(&limit_ms) { limit_ms } else { WAIT_MS } * NS_PER_MS;
        let wait_us = (may_wait_ns(l).unwrap_or(limit).min(limit) + 999) / 1000;
        let mut tv = timeval { tv_sec: wait_us / 1_000_000, tv_usec: wait_us % 1_000_000 };
        let before = (*own).counts.callbacks.load(Relaxed);
        count(&(*own).counts.passes, 1);
        budget::pass(l, || {
            if let Some(dispatch) = (*(*l).eventDispatcher.get()).dispatch
                && dispatch(l, &mut tv) < 0
            {
                // A back end that fails at once, for ever, must not take the whole core.
                let e = errno::get();
                log_err!("dispatch failed: {}", errno::Text(e));
                libc::usleep(10_000);
            }
            (*own).now_ms.set(now_ms());
            finish(l);
        });
        if (*own).counts.callbacks.load(Relaxed) != before {
            (*own).last_busy.set((*own).now_ms.get());
            (*own).trimmed.set(false);
        } else if !(*own).trimmed.get() && (*own).now_ms.get() - (*own).last_busy.get() >= WAIT_MS {
            (*own).trimmed.set(true);
            pool::trim();
        }
    }
}

/// Looks at what waits for time without timers, every now and then.
#[inline]
unsafe fn tick(l: *mut event_loop, now: i64) {
    // SAFETY: on the loop's thread, within a pass.
    unsafe {
        let own = of(l);
        if ticks(own) && now >= (*own).next_tick.get() {
            look_around(l, now);
        }
    }
}

#[inline(never)]
unsafe fn look_around(l: *mut event_loop, now: i64) {
    // SAFETY: as in `tick`.
    unsafe {
        let own = of(l);
        (*own).next_tick.set(now + TICK_MS);
        tcp_connection::end_lingering(l, now);
        tcp_server::wake_resting(l);
        if (*own).sweeps.get() {
            tcp_server::sweep(l);
        }
    }
}

/// What of a pass can't wait for its end, where that is long in coming.
///
/// # Safety
/// On the loop's thread, within a pass, between two callbacks.
#[cold]
pub unsafe fn on_time(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        tcp_server::attend(l);
        signals::deliver(l);
        timers::run(l);
        tick(l, now_ms());
        tcp_connection::close_ready(l);
    }
}

/// The part of a pass that follows the back end's.
///
/// # Safety
/// On the loop's thread.
unsafe fn finish(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        let own = of(l);
        posts::run(l);
        tcp_server::attend(l);
        signals::deliver(l);
        timers::run(l);
        tcp_connection::run_ready(l);
        if !(*own).held.get().is_null() {
            tcp_connection::end_holding(l);
        }
        tick(l, (*own).now_ms.get());
        if (*own).depth.get() <= 1 {
            tcp_connection::reap(l);
        }
    }
}
