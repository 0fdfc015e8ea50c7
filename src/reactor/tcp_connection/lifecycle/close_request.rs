//! Requests to close a connection, from any thread.

#![forbid(unsafe_code)]

use super::open;
use super::ready::{close_in_iteration, decide, schedule};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::posted;
use crate::reactor::tcp_connection::remote::Remote;
use crate::sys::errno;
use libc::c_int;

/// Closes from any thread: 0, or -1 with ENOTCONN if that was already decided, or ENOMEM.
pub fn close_from_anywhere(conn: &Remote, why: CloseReason) -> c_int {
    if let Some(conn) = conn.here() {
        conn.take_in();
        if !decide(conn, why) {
            return errno::fail(libc::ENOTCONN);
        }
        schedule(conn);
        return 0;
    }
    // The memory is allocated first, because the request can't be reverted. The owner decides when it runs the
    // task, after earlier requests of this thread.
    let Some(task) = posted::close(conn) else {
        return errno::fail(libc::ENOMEM);
    };
    if !open::is_open(conn) || !conn.intake.close(why.errno() as u16) {
        return errno::fail(libc::ENOTCONN);
    }
    // A loop that is being freed closes the connection without the task.
    conn.event_loop().post(task);
    0
}

/// The reason for a close by another thread, from the errno value that it passed.
fn posted_reason(conn: &Remote) -> CloseReason {
    match conn.intake.closing().map_or(0, c_int::from) {
        libc::ENOBUFS => CloseReason::OverLimit,
        libc::ECANCELED => CloseReason::Canceled,
        errno => CloseReason::of_call(errno),
    }
}

/// Runs the close that another thread requested.
pub fn take_posted_close(conn: &Connection) {
    close_in_iteration(conn, posted_reason(conn))
}
