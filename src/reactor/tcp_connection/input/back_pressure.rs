//! Back-pressure: while a connection's output is stuck, more input would mostly become more output, so reading is
//! deferred until the queue is sent, which saves memory and copying. But a peer may have to send everything
//! before it reads. So the connection gets a turn of reading after each `DEFER_MS`, until the queue is sent or has
//! reached its limit.
//!
//! The channel's public events don't change, but the library's back ends don't ask the kernel for input. A program's
//! own back end isn't affected.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::iteration::Iteration;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::output::queue;
use crate::reactor::tcp_connection::registration;
use crate::sys::clock;

const DEFER_MS: i64 = 10;

/// Defers reading. This takes effect with the caller's update of the channel.
pub fn begin(conn: &Connection) {
    if registration::is_deferred(conn) != Some(false) || !conn.watch.defer() {
        return;
    }
    registration::set_deferred(conn, true);
    conn.deferred_until.set((clock::now_ms() + DEFER_MS) as u32);
    lists::deferred(conn.event_loop()).push_back(conn);
}

/// Ends the deferral. This takes effect with the caller's update of the channel.
pub fn end(conn: &Connection) {
    conn.watch.stop_deferring();
    if conn.watch.is_on() {
        registration::set_deferred(conn, false);
    }
}

/// Called after a turn of reading: if output still waits, the next turn is deferred again.
pub fn after_reading(conn: &Connection) {
    if conn.watch.end_turn() && !queue::is_empty(conn) {
        begin(conn);
        registration::refresh(conn);
    }
}

/// Gives a turn of reading to connections that have waited long enough.
pub fn end_deferral(iteration: &Iteration) {
    let now = clock::now_ms() as u32;
    let taken = lists::deferred(iteration).take();
    while let Some(conn) = taken.pop_front(iteration.keeper()) {
        let closed = conn.shared.life.is_closed();
        if !closed && (conn.deferred_until.get().wrapping_sub(now) as i32) > 0 {
            taken.push_front(conn);
            break;
        }
        if !closed && registration::is_deferred(conn) == Some(true) && conn.watch.grant_turn() {
            registration::set_deferred(conn, false);
            registration::refresh(conn);
        }
    }
    // Connections whose reading was deferred in the meantime come after the others.
    lists::deferred(iteration).prepend(taken);
}
