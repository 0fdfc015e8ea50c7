//! Time limits are fair. While the loop's thread was busy, the peer or another thread may have done in time
//! what the limit is about. So a limit that is over doesn't end the connection by itself: the connection has a
//! turn first, in which it does what it could have done before. Then all of its limits judge.

use super::{close, open, ready, timeouts};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::event_loop::posts;
use crate::reactor::tcp_connection::input::read;
use crate::reactor::tcp_connection::output::{queue, write};
use crate::reactor::tcp_connection::{Connection, Work};

/// A limit seems to be over: the connection is judged in this pass, or the next.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn begin(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        ready::give(conn, Work::Judge);
    }
}

/// The turn of a connection that is overdue.
///
/// # Safety
/// An open connection on its thread, within a pass.
pub unsafe fn turn(conn: *mut Connection) {
    // SAFETY: the pass keeps the connection; whether it is open is asked after each step, which may call back.
    unsafe {
        posts::run((*conn).public.eventLoop.get());
        let sends = (*conn).channel.events.get() & EVENT_WRITE != 0 && !queue::is_empty(conn);
        if sends && is_served(conn) {
            write::go_on(conn);
        }
        if is_served(conn) {
            read::go_on(conn);
        }
        if open::is_open(conn) {
            ready::judge(conn);
        }
        if open::is_open(conn) {
            timeouts::judge(conn);
        }
        if open::is_open(conn)
            && let Some(header) = (*conn).maker()
        {
            (header.maker().judge)(&*conn);
        }
        if open::is_open(conn)
            && let Some(protocol) = (*conn).protocol()
        {
            (protocol.judge)(&*conn);
        }
        if !open::is_open(conn) {
            close::close(conn);
        }
    }
}

/// Whether the connection is open and its loop's: what the program took off the loop it serves itself.
unsafe fn is_served(conn: *const Connection) -> bool {
    // SAFETY: a connection that the pass keeps.
    unsafe { open::is_open(conn) && (*conn).registered.get() }
}
