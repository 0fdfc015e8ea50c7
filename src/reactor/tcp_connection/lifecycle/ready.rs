//! The list of connections with work left for their turn, and the decision that one closes.

#![forbid(unsafe_code)]

use super::open;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::{Connection, Work};
use crate::sys::errno;

/// Gives a connection a turn in this iteration.
pub fn schedule(conn: &Connection) {
    // A connection that another thread is still announcing waits for `register`; one that has
    // closed may be kept by no more than the task that brings it here.
    if open::is_announced(conn) && !conn.shared.life.is_closed() {
        lists::ready(conn.event_loop()).push_back(conn);
    }
}

/// Gives a connection a turn in this iteration, with work to do.
pub fn give(conn: &Connection, work: Work) {
    conn.work.set(conn.work.get().max(work));
    schedule(conn);
}

/// Decides that a connection closes, and why: an errno value, 0 for an end in order. False when that
/// was decided before.
pub fn decide(conn: &Connection, why: CloseReason) -> bool {
    conn.shared.decide(why)
}

/// Closes in the loop's iteration; `why` as in `decide`.
pub fn close_in_pass(conn: &Connection, why: CloseReason) {
    decide(conn, why);
    schedule(conn);
}

/// Closes a connection that its back end doesn't watch; errno says why.
pub fn close_unwatched(conn: &Connection) {
    let why = match errno::get() {
        // What epoll was given goes by another number now, or by none.
        libc::ENOENT => CloseReason::DescriptorGone,
        e => CloseReason::of_call(e),
    };
    close_in_pass(conn, why)
}
