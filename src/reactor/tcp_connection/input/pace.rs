//! How much is read before each message callback. If a callback takes long for the bytes of one read, the next
//! reads of its connection are smaller, so that other connections wait for one short callback and not for a
//! whole block. If callbacks become faster, reads grow again. If smaller reads don't make callbacks faster, the size
//! isn't limited.

#![forbid(unsafe_code)]

use super::pace_steps::{self, Pace, SLOW_MS};
use crate::reactor::tcp_connection::lifecycle::open;
use crate::reactor::tcp_connection::{Connection, block};

const _: () = assert!(pace_steps::FULL == block::SHARED as u64);

/// The maximum number of bytes of the next read.
pub fn limit(conn: &Connection) -> usize {
    match conn.cold().map(|cold| cold.pace.get()) {
        Some(Pace::Limited { limit, .. }) => limit as usize,
        _ => usize::MAX,
    }
}

/// Records how long the callback took after a full read. Must be called right after the callback.
pub fn note(conn: &Connection, bytes: usize) {
    let ms = conn.event_loop().ms_since_look();
    if !open::is_open(conn) || ms < SLOW_MS && conn.cold().is_none() {
        return;
    }
    if let Some(cold) = conn.make_cold() {
        cold.pace.set(cold.pace.get().after(bytes as u64, ms));
    }
}
