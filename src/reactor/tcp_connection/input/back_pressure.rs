//! Reading waits for writing. While a connection's output is stuck, more input would mostly become
//! more output: reading is put off until the queue is sent, so that memory and copying stay small.
//! But never for long: a peer may have to send all before it reads, so after `HOLD_MS` a turn of
//! reading is due, and so on until the queue is sent or has reached its limit.
//!
//! The channel's public events don't change; the library's back ends leave reading out of what they
//! ask the kernel for. A program's own back end knows nothing of this.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::output::queue;
use crate::reactor::tcp_connection::registration;
use crate::sys::clock;

const HOLD_MS: i64 = 10;

/// Puts reading off; the caller's update of the channel makes it count.
pub fn begin(conn: &Connection) {
    if registration::is_held(conn) != Some(false) || !conn.watch.hold() {
        return;
    }
    registration::set_held(conn, true);
    conn.held_until.set((clock::now_ms() + HOLD_MS) as u32);
    lists::held(conn.event_loop()).push_back(conn);
}

/// Reading is wanted again; the caller's update of the channel makes it count.
pub fn end(conn: &Connection) {
    conn.watch.release();
    if conn.watch.is_on() {
        registration::set_held(conn, false);
    }
}

/// A turn of reading is over: the next one waits again if output still does.
pub fn after_reading(conn: &Connection) {
    if conn.watch.end_turn() && !queue::is_empty(conn) {
        begin(conn);
        registration::refresh(conn);
    }
}

/// Gives a turn of reading to those that have waited long enough.
pub fn end_holding(iteration: &Iteration) {
    let now = clock::now_ms() as u32;
    let taken = lists::held(iteration).take();
    while let Some(conn) = taken.pop_front(iteration.keeper()) {
        let closed = conn.shared.life.is_closed();
        if !closed && (conn.held_until.get().wrapping_sub(now) as i32) > 0 {
            taken.push_front(conn);
            break;
        }
        if !closed && registration::is_held(conn) == Some(true) && conn.watch.grant_turn() {
            registration::set_held(conn, false);
            registration::refresh(conn);
        }
    }
    // Those that were put off meanwhile come after them.
    lists::held(iteration).prepend(taken);
}
