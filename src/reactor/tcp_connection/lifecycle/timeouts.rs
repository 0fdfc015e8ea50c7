//! Time limits of a connection. Bytes only leave a stamp; one timer per connection looks at the
//! stamps when it is due, and goes on for the rest.
//!
//! A socket takes bytes in large steps: a peer that reads all the time, but slowly, may leave the
//! library without a writable socket for long. So the timer also asks the kernel from time to time
//! how much of what it took is still on its way.

mod look;

use super::open;
use crate::reactor::event_loop::timers;
use crate::reactor::tcp_connection::lifecycle::timeouts::look::arm;
pub use crate::reactor::tcp_connection::lifecycle::timeouts::look::judge;
use crate::reactor::tcp_connection::settings::{Settings, Timeouts};
use crate::reactor::tcp_connection::{Connection, cold_state};
use crate::sys::fd as sys_fd;
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
    /// How many bytes the kernel has taken, and how many of them the peer had by the last look (low
    /// bits of both); whether the rest was more than nothing.
    written: u32,
    arrived: u32,
    on_its_way: bool,
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
            written: 0,
            arrived: 0,
            on_its_way: false,
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
        let x = cold_state::get(conn);
        if !x.is_null() && (*x).times.is_on() {
            (*x).times.received = timers::now_ns();
        }
    }
}

/// The kernel has taken `n` bytes.
///
/// # Safety
/// On the connection's thread.
#[inline]
pub unsafe fn sent(conn: *mut Connection, n: usize) {
    // SAFETY: as said.
    unsafe {
        let x = cold_state::get(conn);
        if !x.is_null() && open::is_announced(conn) && (*x).times.is_on() {
            (*x).times.sent = timers::now_ns();
            (*x).times.moved = (*x).times.sent;
            (*x).times.written = (*x).times.written.wrapping_add(n as u32);
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
        let x = cold_state::get(conn);
        if !x.is_null() && open::is_announced(conn) && (*x).times.is_on() {
            (*x).times.moved = timers::now_ns();
        }
    }
}

/// Sets the limits, from now on. False when memory is out.
///
/// # Safety
/// On the connection's thread, or not announced, with `x` its extras.
pub unsafe fn set(conn: *mut Connection, x: *mut cold_state::Extras, limits: Timeouts) -> bool {
    // SAFETY: as said.
    unsafe {
        (*x).times.limits = limits;
        !open::is_announced(conn) || begin(conn)
    }
}

/// Has the connection closed at a time, or before, if that was asked for before. False when memory
/// is out.
///
/// # Safety
/// On its loop's thread, with `x` its extras.
pub unsafe fn cut_at(conn: *mut Connection, x: *mut cold_state::Extras, time: i64) -> bool {
    // SAFETY: as said.
    unsafe {
        (*x).times.cut.fetch_min(time, Relaxed);
        !open::is_announced(conn) || arm(conn)
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
        let x = cold_state::get(conn);
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
        let times = &mut (*cold_state::get(conn)).times;
        if times.is_on() {
            times.received = timers::now_ns();
            times.sent = times.received;
            times.moved = times.received;
            let left = sys_fd::on_its_way((*conn).number.get());
            times.arrived = times.written.wrapping_sub(left);
            times.on_its_way = left > 0;
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
        let x = cold_state::get(conn);
        if !x.is_null() && (*x).times.timer != 0 {
            timers::stop((*conn).public.eventLoop.get(), std::mem::take(&mut (*x).times.timer));
        }
    }
}
