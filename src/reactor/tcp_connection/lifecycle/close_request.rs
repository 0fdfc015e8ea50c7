//! The end of a connection that is asked for, on whatever thread.

#![forbid(unsafe_code)]

use super::open;
use super::ready::{close_in_pass, decide, schedule};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::posted;
use crate::reactor::tcp_connection::remote::Remote;
use crate::sys::errno;
use libc::c_int;

/// Closes from any thread: 0, or -1 with ENOTCONN where that was decided before, ENOMEM.
pub fn close_from_anywhere(conn: &Remote, why: CloseReason) -> c_int {
    if let Some(conn) = conn.here() {
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
fn posted_reason(conn: &Remote) -> CloseReason {
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
