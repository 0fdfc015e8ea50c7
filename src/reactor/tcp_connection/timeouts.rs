//! Time limits of a connection. Bytes only leave a stamp; one timer per connection looks at the
//! stamps when it is due, and goes on for the rest.

use super::super::timers;
use super::settings::{Settings, Timeouts};
use super::{Connection, extras, life, turns};
use crate::abi::types::{EVENT_READ, event_loop};
use crate::reactor::buffer::readable;
use crate::reactor::loop_state::{count, of as loop_of};
use crate::sys::fd as sys_fd;
use libc::c_void;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

const NS_PER_MS: i64 = 1_000_000;
/// Beyond all times; as far as a timer goes.
const NEVER: i64 = i64::MAX;

/// Times are nanoseconds of the monotonic clock.
pub struct State {
    limits: Timeouts,
    /// When bytes last came, when bytes last went, and when the queue began or last went on.
    received: i64,
    sent: i64,
    moved: i64,
    /// When the connection is cut, whatever moves. Its loop sets it even while the completed callback
    /// has the rest.
    cut: AtomicI64,
    /// The timer, 0 for none, and when it is due.
    timer: u64,
    due: i64,
}

impl State {
    /// Nothing is limited.
    pub fn none() -> State {
        State {
            limits: Settings::DEFAULT.timeouts,
            received: 0,
            sent: 0,
            moved: 0,
            cut: AtomicI64::new(NEVER),
            timer: 0,
            due: NEVER,
        }
    }

    fn is_on(&self) -> bool {
        self.limits != Settings::DEFAULT.timeouts
    }
}

fn after(start: i64, ms: i64) -> i64 {
    start.saturating_add(ms.saturating_mul(NS_PER_MS))
}

/// Bytes have come, or reading begins: the waiting starts again.
///
/// # Safety
/// On the connection's thread.
#[inline]
pub unsafe fn received(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let x = extras::get(conn);
        if !x.is_null() && (*x).times.is_on() {
            (*x).times.received = timers::now_ns();
        }
    }
}

/// The kernel has taken bytes.
///
/// # Safety
/// On the connection's thread.
#[inline]
pub unsafe fn sent(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let x = extras::get(conn);
        if !x.is_null() && life::is_announced(conn) && (*x).times.is_on() {
            (*x).times.sent = timers::now_ns();
            (*x).times.moved = (*x).times.sent;
        }
    }
}

/// Bytes wait that the kernel didn't take, and none did before.
///
/// # Safety
/// On the connection's thread.
#[inline]
pub unsafe fn queued(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let x = extras::get(conn);
        if !x.is_null() && life::is_announced(conn) && (*x).times.is_on() {
            (*x).times.moved = timers::now_ns();
        }
    }
}

/// Sets the limits, from now on. False when memory is out.
///
/// # Safety
/// On the connection's thread, or not announced, with `x` its extras.
pub unsafe fn set(conn: *mut Connection, x: *mut extras::Extras, limits: Timeouts) -> bool {
    // SAFETY: as said.
    unsafe {
        (*x).times.limits = limits;
        !life::is_announced(conn) || begin(conn)
    }
}

/// Has the connection closed at a time, or before, if that was asked for before. False when memory
/// is out.
///
/// # Safety
/// On its loop's thread, with `x` its extras.
pub unsafe fn cut_at(conn: *mut Connection, x: *mut extras::Extras, time: i64) -> bool {
    // SAFETY: as said.
    unsafe {
        (*x).times.cut.fetch_min(time, Relaxed);
        !life::is_announced(conn) || arm(conn)
    }
}

/// When a time that lies so far ahead comes.
pub fn in_ms(ms: i64) -> i64 {
    after(timers::now_ns(), ms)
}

/// Whether a time was set for a connection's end.
///
/// # Safety
/// On the connection's thread.
pub unsafe fn is_cut(conn: *const Connection) -> bool {
    // SAFETY: as said.
    unsafe {
        let x = extras::get(conn);
        !x.is_null() && (*x).times.cut.load(Relaxed) != NEVER
    }
}

/// All waiting begins now. False when memory is out.
///
/// # Safety
/// On the connection's thread, with extras.
pub unsafe fn begin(conn: *mut Connection) -> bool {
    // SAFETY: as said.
    unsafe {
        let times = &mut (*extras::get(conn)).times;
        if times.is_on() {
            times.received = timers::now_ns();
            times.sent = times.received;
            times.moved = times.received;
        }
        arm(conn)
    }
}

/// Stops the timer of a connection that ends.
///
/// # Safety
/// On the connection's thread.
pub unsafe fn stop(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let x = extras::get(conn);
        if !x.is_null() && (*x).times.timer != 0 {
            timers::stop((*conn).public.eventLoop, std::mem::take(&mut (*x).times.timer));
        }
    }
}

/// Has the timer look when the next limit may be reached. False when memory is out.
unsafe fn arm(conn: *mut Connection) -> bool {
    // SAFETY: on the connection's thread, with extras.
    unsafe {
        let (l, x) = ((*conn).public.eventLoop, extras::get(conn));
        let now = timers::now_ns();
        let due = next(conn, now).min((*x).times.cut.load(Relaxed));
        if due == NEVER || !life::is_open(conn) {
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
        let times = &(*extras::get(conn)).times;
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

unsafe fn is_queued(conn: *const Connection) -> bool {
    // SAFETY: a live connection.
    unsafe { readable(&raw const (*conn).output) > 0 }
}

/// Whether the connection takes bytes in, or would if it weren't for its own output.
unsafe fn reads(conn: *const Connection) -> bool {
    // SAFETY: a live connection.
    unsafe { !(*conn).paused && !(*conn).ended && (*conn).channel.events & EVENT_READ != 0 }
}

/// Looks whether a limit is reached.
unsafe extern "C-unwind" fn on_timer(l: *mut event_loop, _timer: u64, data: *mut c_void) {
    let conn = data.cast::<Connection>();
    // SAFETY: the timer is stopped when the connection closes: it is live.
    unsafe {
        // No callback of the program.
        count(&(*loop_of(l)).counts.callbacks, u64::MAX);
        let now = timers::now_ns();
        let x = extras::get(conn);
        (*x).times.due = NEVER;
        if next(conn, now) <= now {
            look_closer(conn, now);
        }
        if (*x).times.cut.load(Relaxed) <= now || next(conn, now) <= now {
            log_msg!("{} has timed out", life::name(conn));
            return turns::close_in_pass(conn, libc::ETIMEDOUT);
        }
        arm(conn);
    }
}

/// A limit seems to be reached. But the loop may have been busy: bytes that have come, or that the
/// kernel would take, count as moved.
unsafe fn look_closer(conn: *mut Connection, now: i64) {
    // SAFETY: a live connection with extras, on its thread.
    unsafe {
        let times = &mut (*extras::get(conn)).times;
        let wants_read = if reads(conn) { libc::POLLIN } else { 0 };
        let wants_write = if is_queued(conn) { libc::POLLOUT } else { 0 };
        let ready = sys_fd::ready((*conn).number, wants_read | wants_write);
        // Also an error or the end, which the pass will find when it reads.
        if wants_read != 0 && ready & !libc::POLLOUT != 0 {
            times.received = now;
        }
        if ready & libc::POLLOUT != 0 {
            times.sent = now;
            times.moved = now;
        }
    }
}
