//! The list of connections with work left for their turn, and the decision to close one.

#![forbid(unsafe_code)]

use super::open;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::{Connection, Work};
use crate::sys::errno;

/// Gives a connection a turn in this iteration.
pub fn schedule(conn: &Connection) {
    // A connection that another thread hasn't registered yet waits for `register`. One that has closed may be
    // kept only by the task that is running this.
    if open::is_announced(conn) && !conn.shared.life.is_closed() {
        lists::ready(conn.event_loop()).push_back(conn);
    }
}

/// Gives a connection a turn in this iteration, with work to do.
pub fn give(conn: &Connection, work: Work) {
    conn.work.set(conn.work.get().max(work));
    schedule(conn);
}

/// Decides that and why a connection closes. False if that was already decided.
pub fn decide(conn: &Connection, why: CloseReason) -> bool {
    conn.shared.decide(why)
}

/// Closes the connection later in the loop's iteration; `why` as in `decide`.
pub fn close_in_iteration(conn: &Connection, why: CloseReason) {
    decide(conn, why);
    schedule(conn);
}

/// Closes a connection that its back end doesn't watch; errno has the reason.
pub fn close_unwatched(conn: &Connection) {
    let why = match errno::get() {
        // The number refers to another file than the one that epoll has, or to none.
        libc::ENOENT => CloseReason::DescriptorGone,
        e => CloseReason::of_call(e),
    };
    close_in_iteration(conn, why)
}
