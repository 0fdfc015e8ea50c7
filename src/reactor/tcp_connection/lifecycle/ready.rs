//! The list of connections with work left for their turn, and the decision that one closes.

use super::open;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lists;
use crate::reactor::tcp_connection::posted;
use crate::reactor::tcp_connection::{Connection, Work};
use crate::sys::errno;
use libc::c_int;
use std::sync::atomic::Ordering::Relaxed;

/// Gives a connection a turn in this iteration.
pub fn schedule(conn: &Connection) {
    // A connection that another thread is still announcing waits for `register`; one that has
    // closed may be kept by no more than the task that brings it here.
    if open::is_announced(conn) && !conn.life.is_closed() {
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
    conn.close_reason.compare_exchange(0, why.errno() as i16 + 1, Relaxed, Relaxed).is_ok()
}

/// Closes in the loop's pass; `why` as in `decide`.
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

/// Closes from any thread: 0, or -1 with ENOTCONN where that was decided before, ENOMEM.
pub fn close_from_anywhere(conn: &Connection, why: CloseReason) -> c_int {
    if conn.event_loop().on_owner() {
        conn.take_in();
        if !decide(conn, why) {
            return errno::fail(libc::ENOTCONN);
        }
        schedule(conn);
        return 0;
    }
    // First the memory: it isn't taken back. The owner decides when it comes to the task: what this
    // thread asked for before takes effect before.
    let Some(task) = posted::close(conn) else {
        return errno::fail(libc::ENOMEM);
    };
    if !open::is_open(conn) || !conn.intake.close(why.errno() as u16) {
        return errno::fail(libc::ENOTCONN);
    }
    // A loop that is being freed closes it without being told.
    conn.event_loop().post(task);
    0
}

/// Why another thread has the connection closed: it told the errno value.
fn posted_reason(conn: &Connection) -> CloseReason {
    match conn.intake.closing().map_or(0, c_int::from) {
        libc::ENOBUFS => CloseReason::OverLimit,
        libc::ECANCELED => CloseReason::Canceled,
        errno => CloseReason::of_call(errno),
    }
}

/// The close that another thread asked for.
pub fn take_posted_close(conn: &Connection) {
    close_in_pass(conn, posted_reason(conn))
}
