//! How much is read before each message callback. Where a callback takes long for what one read brings, the
//! next reads of its connection bring less, so that others wait for a slice of time and not for a whole block;
//! where it is quick again, they bring more. Callbacks that take as long for less are left alone.

#![forbid(unsafe_code)]

use super::pace_steps::{Pace, SLOW_MS};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lifecycle::open;

/// How many bytes the next read may bring.
pub fn limit(conn: &Connection) -> usize {
    match conn.cold().map(|cold| cold.pace.get()) {
        Some(Pace::Limited { limit, .. }) => limit as usize,
        _ => usize::MAX,
    }
}

/// Notes how long the callback took for a read that brought as much as it could. To be called right after it.
pub fn note(conn: &Connection, bytes: usize) {
    let ms = conn.event_loop().ms_since_look();
    if !open::is_open(conn) || ms < SLOW_MS && conn.cold().is_none() {
        return;
    }
    if let Some(cold) = conn.make_cold() {
        cold.pace.set(cold.pace.get().after(bytes as u64, ms));
    }
}
