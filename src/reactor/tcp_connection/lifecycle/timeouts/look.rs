//! The timer of a connection, and the checks when it is due.

use super::{NEVER, NS_PER_MS, State, after, begin, stop};
use crate::abi::types::{EVENT_READ, event_loop};
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{open, ready};
use crate::reactor::tcp_connection::settings::Direction;
use crate::reactor::tcp_connection::{Connection, Work};
use crate::sys::clock;
use crate::sys::fd as sys_fd;
use libc::c_void;
use std::sync::atomic::Ordering::Relaxed;

/// The turn of an overdue connection comes within this time.
const JUDGED_WITHIN_MS: i64 = 1000;

/// Sets the timer to the next time when a limit may be reached. False if out of memory.
pub fn arm(conn: &Connection, times: &State) -> bool {
    let now = clock::now_ns();
    let due = next(conn, times, now).min(next_look(times, now)).min(times.cut.load(Relaxed));
    if due == NEVER || !open::is_open(conn) {
        stop(conn);
        return true;
    }
    if times.timer.get() != 0 && times.due.get() <= due {
        return true;
    }
    times.due.set(due);
    // Rounded up, so that it is never early.
    let delay = (due.saturating_sub(now).max(0) as u64).div_ceil(NS_PER_MS as u64) as i64;
    let l = conn.event_loop();
    if times.timer.get() != 0 {
        return l.restart_timer(times.timer.get(), delay, 0);
    }
    times.timer.set(l.start_timer(delay, 0, Some(on_timer), conn.as_c().cast()));
    times.timer.get() != 0
}

/// The earliest time at which one of the limits may be reached.
fn next(conn: &Connection, times: &State, now: i64) -> i64 {
    let mut first = NEVER;
    let mut limit = |ms: i64, since: i64| {
        if ms > 0 {
            first = first.min(after(since, ms));
        }
    };
    let limits = times.limits.get();
    limit(limits.idle, times.last(times.direction.get()));
    // A limit that doesn't apply at the moment may apply at any time.
    limit(limits.read, if reads(conn) { times.received.get() } else { now });
    limit(limits.write, if conn.is_sending() { times.moved.get() } else { now });
    first
}

/// When to ask the kernel again how many bytes haven't been received: often enough for the stamps of `arrive` to be
/// precise.
fn next_look(times: &State, now: i64) -> i64 {
    let limits = times.limits.get();
    let part = |ms: i64| if ms > 0 { after(now, (ms / 4).max(1)) } else { NEVER };
    let asks = times.direction.get() != Direction::Received;
    part(if asks { limits.idle } else { 0 }).min(part(limits.write))
}

/// Checks whether the peer has received some of the bytes that the kernel has.
fn arrive(conn: &Connection, times: &State, now: i64) {
    if times.written.get() == times.arrived.get() {
        return;
    }
    let left = sys_fd::on_its_way(conn.number.get());
    let arrived = times.written.get().wrapping_sub(left);
    let before = times.arrived.replace(arrived);
    // Bytes that were accepted and received between two checks set their stamp when they were written.
    let was_slow = times.on_its_way.replace(left > 0);
    if arrived != before && (was_slow || left > 0) {
        times.sent.set(now);
        times.moved.set(now);
    }
}

/// Whether the connection reads, or would read if that weren't deferred because of its output. It doesn't read while
/// it is paused or removed from its loop, nor after the peer's end.
fn reads(conn: &Connection) -> bool {
    conn.watch.is_on() && conn.channel.events.get() & EVENT_READ != 0
}

/// Whether a limit seems to be reached.
fn is_over(conn: &Connection, times: &State, now: i64) -> bool {
    is_cut(times, now) || next(conn, times, now) <= now
}

/// Whether the time has come at which the connection ends in any case.
fn is_cut(times: &State, now: i64) -> bool {
    times.cut.load(Relaxed) <= now
}

unsafe extern "C-unwind" fn on_timer(_l: *mut event_loop, timer: u64, data: *mut c_void) {
    // SAFETY: the timer is stopped when its connection closes, which is freed later.
    let conn = unsafe { Connection::from_c(data.cast()) };
    let l = conn.event_loop();
    // This doesn't count as a callback of the program.
    count(&l.counts.callbacks, u64::MAX);
    let Some(times) = conn.cold().map(|cold| &cold.times) else {
        return;
    };
    let now = clock::now_ns();
    times.due.set(NEVER);
    arrive(conn, times, now);
    if is_over(conn, times, now) {
        // The timer isn't stopped: `judge` restarts it, which needs no memory.
        l.restart_timer(timer, JUDGED_WITHIN_MS, 0);
        ready::give(conn, Work::Judge);
    } else {
        arm(conn, times);
    }
}

/// Closes an open connection that has exceeded a limit after its turn, unless the program keeps it, and restarts the
/// timer of others. Within an iteration.
pub fn judge(conn: &Connection) {
    let Some(times) = conn.cold().map(|cold| &cold.times).filter(|times| times.timer.get() != 0)
    else {
        return;
    };
    let now = clock::now_ns();
    arrive(conn, times, now);
    if !is_over(conn, times, now) {
        arm(conn, times);
    } else if is_cut(times, now) || !is_kept(conn) {
        log_msg!("{} has timed out", conn.name());
        ready::decide(conn, CloseReason::TimedOut);
    }
}

/// Whether the program keeps a connection that has exceeded a limit. All limits begin anew then.
fn is_kept(conn: &Connection) -> bool {
    if !conn.has_idle_handler() {
        return false;
    }
    // Before the callback, too: it may run the loop, and isn't asked again for the same time.
    begin(conn);
    let kept = conn.outlasts_limit();
    if kept && open::is_open(conn) {
        begin(conn);
    }
    kept
}
