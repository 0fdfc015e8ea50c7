//! Time limits of a connection. Each byte only sets a time stamp. One timer per connection checks the stamps when it is
//! due, and is restarted for the remaining time.
//!
//! A socket accepts bytes in large steps: if a peer reads slowly but constantly, the socket may not become
//! writable for a long time. So the timer also asks the kernel from time to time how many of the accepted bytes
//! haven't been received.

use crate::reactor::tcp_connection::cold_state::{NEVER, Times as State};
use crate::sys::clock;

mod look;

use super::open;

use crate::reactor::tcp_connection::Connection;

use crate::reactor::tcp_connection::cold_state::ColdState;

use crate::reactor::tcp_connection::lifecycle::timeouts::look::arm;

pub use crate::reactor::tcp_connection::lifecycle::timeouts::look::judge;

use crate::reactor::tcp_connection::settings::{Direction, Timeouts};

use crate::sys::fd as sys_fd;

use std::sync::atomic::Ordering::Relaxed;

const NS_PER_MS: i64 = 1_000_000;

fn after(start: i64, ms: i64) -> i64 {
    start.saturating_add(ms.saturating_mul(NS_PER_MS))
}

/// The times of a connection that has limits.
#[inline]
fn limited(conn: &Connection) -> Option<&State> {
    conn.cold().map(|cold| &cold.times).filter(|times| times.is_on())
}

/// The times of a registered connection that has limits. Until it is registered the limits belong to the thread of the
/// completed callback.
#[inline]
fn limited_if_announced(conn: &Connection) -> Option<&State> {
    conn.cold()
        .filter(|_| open::is_announced(conn))
        .map(|cold| &cold.times)
        .filter(|times| times.is_on())
}

/// Bytes were received, or reading begins: the time limits for receiving start again.
#[inline]
pub fn received(conn: &Connection) {
    if let Some(times) = limited(conn) {
        times.received.set(clock::now_ns());
    }
}

/// The kernel has accepted `n` bytes.
#[inline]
pub fn sent(conn: &Connection, n: usize) {
    if let Some(times) = limited_if_announced(conn) {
        let now = clock::now_ns();
        times.sent.set(now);
        times.moved.set(now);
        times.written.set(times.written.get().wrapping_add(n as u32));
    }
}

/// The queue was empty, and bytes that the kernel hasn't accepted were added to it.
#[inline]
pub fn queued(conn: &Connection) {
    if let Some(times) = limited_if_announced(conn) {
        times.moved.set(clock::now_ns());
    }
}

/// Sets the limits, starting now. False if out of memory.
pub fn set(conn: &Connection, cold: &ColdState, limits: Timeouts) -> bool {
    cold.times.limits.set(limits);
    !open::is_announced(conn) || begin(conn)
}

/// Sets which bytes keep the connection from being idle. All limits start now. False if out of memory.
pub fn set_direction(conn: &Connection, cold: &ColdState, direction: Direction) -> bool {
    cold.times.direction.set(direction);
    !open::is_announced(conn) || begin(conn)
}

/// Closes the connection at a time, or earlier if that was requested before. False if out of memory.
pub fn cut_at(conn: &Connection, cold: &ColdState, time: i64) -> bool {
    cold.times.cut.fetch_min(time, Relaxed);
    !open::is_announced(conn) || arm(conn, &cold.times)
}

/// The time that is `ms` milliseconds in the future.
pub fn in_ms(ms: i64) -> i64 {
    after(clock::now_ns(), ms)
}

/// Whether a time was set at which the connection is closed.
pub fn is_cut(conn: &Connection) -> bool {
    conn.cold().is_some_and(|cold| cold.times.cut.load(Relaxed) != NEVER)
}

/// Starts all time limits of a connection with cold state. False if out of memory.
pub fn begin(conn: &Connection) -> bool {
    let Some(times) = conn.cold().map(|cold| &cold.times) else {
        return true;
    };
    if times.is_on() {
        let now = clock::now_ns();
        times.received.set(now);
        times.sent.set(now);
        times.moved.set(now);
        let left = sys_fd::on_its_way(conn.number.get());
        times.arrived.set(times.written.get().wrapping_sub(left));
        times.on_its_way.set(left > 0);
    }
    arm(conn, times)
}

/// Stops the timer of a connection that is ending.
pub fn stop(conn: &Connection) {
    if let Some(cold) = conn.cold() {
        let timer = cold.times.timer.replace(0);
        if timer != 0 {
            conn.event_loop().stop_timer(timer);
        }
    }
}
