//! The connections of a server that is ending: idle ones are closed in an orderly way, the others
//! when they have become idle, or when their time is up.

use super::{CUT, FREED, NEW, OVERDUE, RUNNING};
use crate::abi::types::{event_loop, tcp_connection as Public};
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::roster;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::tcp_connection;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::input::source;
use crate::reactor::tcp_server::maker::server_of;
use crate::sys::fd as sys_fd;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

/// Looks at all connections of a loop whose servers are ending.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn all(l: *mut event_loop) {
    // SAFETY: a connection in the roster is live, as only this thread ends it.
    unsafe {
        (*loop_of(l)).sweeps.set(false);
        roster::each(l, |conn| look(&*conn));
    }
}

/// Looks at one connection, when it may have become idle or has just come to its loop.
pub fn look(conn: &Connection) {
    let Some(server) = server_of(conn) else { return };
    let at = conn.raw();
    // SAFETY: on the connection's thread, within a pass, which keeps it.
    unsafe {
        match server.state.load(SeqCst) {
            NEW | RUNNING => {}
            OVERDUE => tcp_connection::judge_in_pass(at),
            CUT | FREED => tcp_connection::close_in_pass(at, libc::ESHUTDOWN),
            _ => {
                // Until it has closed, it is looked at again.
                conn.event_loop().sweeps.set(true);
                if is_idle(conn) {
                    if has_delivered(conn) {
                        // No reset can take anything back.
                        tcp_connection::close_in_pass(at, 0);
                    } else {
                        tcp_connection::close_after_send(at.cast(), true);
                    }
                }
            }
        }
    }
}

/// A connection has had its last turn: where the deadline of its server is over, it closes.
pub fn judge(conn: &Connection) {
    if server_of(conn).is_some_and(|server| server.state.load(SeqCst) == OVERDUE) {
        conn.cut(libc::ESHUTDOWN);
    }
}

/// Whether nothing that has arrived is still to be worked on.
fn is_idle(conn: &Connection) -> bool {
    // SAFETY: the buffer is the connection's own, a part of it.
    let unread = unsafe { readable(&raw const conn.input) };
    unread == 0 && conn.public.request.get().is_null() && !source::has_input(conn)
}

/// Whether the other end has all that was sent.
fn has_delivered(conn: &Connection) -> bool {
    conn.unsent() == 0
        && !conn.is_sending()
        && !conn.is_ending()
        && sys_fd::on_its_way(conn.channel.fd.get()) == 0
}

/// Whether the connection's server is ending: an answer says so.
///
/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn is_ending(conn: *const Public) -> bool {
    // SAFETY: the library made the connection, which is live for the call.
    let conn = unsafe { Connection::from_c(conn.cast_mut()) };
    server_of(conn).is_some_and(|server| server.state.load(Relaxed) > RUNNING)
}
