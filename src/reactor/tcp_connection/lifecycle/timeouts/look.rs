//! What the timer of a connection does when it is due.

use super::{NEVER, NS_PER_MS, after, stop};
use crate::abi::types::{EVENT_READ, event_loop};
use crate::reactor::event_loop::state::{count, of as loop_of};
use crate::reactor::event_loop::timers;
use crate::reactor::tcp_connection::lifecycle::{open, overdue, ready};
use crate::reactor::tcp_connection::output::queue;
use crate::reactor::tcp_connection::{Connection, cold_state};
use crate::sys::fd as sys_fd;
use libc::c_void;
use std::sync::atomic::Ordering::Relaxed;

/// The turn of a connection that is overdue comes before.
const JUDGED_WITHIN_MS: i64 = 1000;

/// Has the timer look when the next limit may be reached. False when memory is out.
///
/// # Safety
/// On the connection's thread, with extras.
pub unsafe fn arm(conn: *mut Connection) -> bool {
    // SAFETY: as said.
    unsafe {
        let (l, x) = ((*conn).public.eventLoop.get(), cold_state::get(conn));
        let now = timers::now_ns();
        let due = next(conn, now).min(next_look(conn, now)).min((*x).times.cut.load(Relaxed));
        if due == NEVER || !open::is_open(conn) {
            stop(conn);
            return true;
        }
        let times = &mut (*x).times;
        if times.timer != 0 && times.due <= due {
            return true;
        }
        times.due = due;
        // Rounded up: never early.
        let delay = (due.saturating_sub(now).max(0) as u64).div_ceil(NS_PER_MS as u64) as i64;
        if times.timer != 0 {
            return timers::restart(l, times.timer, delay, 0);
        }
        times.timer = timers::start(l, delay, 0, Some(on_timer), conn.cast());
        times.timer != 0
    }
}

/// The earliest time at which one of the limits may be reached.
unsafe fn next(conn: *mut Connection, now: i64) -> i64 {
    // SAFETY: on the connection's thread, with extras.
    unsafe {
        let times = &(*cold_state::get(conn)).times;
        let mut first = NEVER;
        let mut limit = |ms: i64, since: i64| {
            if ms > 0 {
                first = first.min(after(since, ms));
            }
        };
        limit(times.limits.idle, times.received.max(times.sent));
        // What doesn't count now may begin to count at any time from now on.
        limit(times.limits.read, if reads(conn) { times.received } else { now });
        limit(times.limits.write, if is_queued(conn) { times.moved } else { now });
        first
    }
}

/// When to ask again how much is on its way: often enough for what `arrive` finds out to be worth a
/// stamp of that time.
unsafe fn next_look(conn: *mut Connection, now: i64) -> i64 {
    // SAFETY: as in `next`.
    unsafe {
        let limits = (*cold_state::get(conn)).times.limits;
        let part = |ms: i64| if ms > 0 { after(now, (ms / 4).max(1)) } else { NEVER };
        part(limits.idle).min(part(limits.write))
    }
}

/// Looks whether the peer has taken something of what the kernel has.
unsafe fn arrive(conn: *mut Connection, now: i64) {
    // SAFETY: as in `next`.
    unsafe {
        let times = &mut (*cold_state::get(conn)).times;
        if times.written == times.arrived {
            return;
        }
        let left = sys_fd::on_its_way((*conn).number.get());
        let arrived = times.written.wrapping_sub(left);
        let before = std::mem::replace(&mut times.arrived, arrived);
        // What came and went between two looks has left its stamp when it was written.
        let was_slow = std::mem::replace(&mut times.on_its_way, left > 0);
        if arrived != before && (was_slow || left > 0) {
            times.sent = now;
            times.moved = now;
        }
    }
}

unsafe fn is_queued(conn: *const Connection) -> bool {
    // SAFETY: a live connection.
    unsafe { !queue::is_empty(conn) }
}

/// Whether the connection takes bytes in, or would if it weren't for its own output: not while it is
/// paused or off its loop, nor after the peer's end.
unsafe fn reads(conn: *const Connection) -> bool {
    // SAFETY: a live connection.
    unsafe { (*conn).registered.get() && (*conn).channel.events.get() & EVENT_READ != 0 }
}

/// Whether a limit seems to be reached.
unsafe fn is_over(conn: *mut Connection, now: i64) -> bool {
    // SAFETY: as in `next`.
    unsafe { (*cold_state::get(conn)).times.cut.load(Relaxed) <= now || next(conn, now) <= now }
}

unsafe extern "C-unwind" fn on_timer(l: *mut event_loop, timer: u64, data: *mut c_void) {
    let conn = data.cast::<Connection>();
    // SAFETY: the timer is stopped when the connection closes: it is live.
    unsafe {
        // No callback of the program.
        count(&(*loop_of(l)).counts.callbacks, u64::MAX);
        let now = timers::now_ns();
        (*cold_state::get(conn)).times.due = NEVER;
        arrive(conn, now);
        if is_over(conn, now) {
            // The timer stays: `judge` arms it anew, and needs no memory for that.
            timers::restart(l, timer, JUDGED_WITHIN_MS, 0);
            overdue::begin(conn);
        } else {
            arm(conn);
        }
    }
}

/// Closes a connection that is over a limit, and goes on with the others.
///
/// # Safety
/// An open connection on its thread, after its turn.
pub unsafe fn judge(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let x = cold_state::get(conn);
        if x.is_null() || (*x).times.timer == 0 {
            return;
        }
        let now = timers::now_ns();
        arrive(conn, now);
        if is_over(conn, now) {
            log_msg!("{} has timed out", open::name(conn));
            ready::decide(conn, libc::ETIMEDOUT);
        } else {
            arm(conn);
        }
    }
}
