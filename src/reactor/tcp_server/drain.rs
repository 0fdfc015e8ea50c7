//! The connections of a server that is ending: idle ones are closed in an orderly way, the others
//! when they have become idle, or when their time is up.

use super::{CUT, FREED, NEW, OVERDUE, RUNNING};
use crate::abi::types::{event_loop, tcp_connection as Public};
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::roster;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::tcp_connection;
use crate::reactor::tcp_connection::{Connection, protocol};
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
        roster::each(l, |conn| look(conn));
    }
}

/// A connection has had its turn: if its server is ending, it may have become idle.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread, within a pass.
pub unsafe fn after_turn(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if (*loop_of((*conn).public.eventLoop.get())).sweeps.get() {
            look(conn);
        }
    }
}

/// Looks at one connection, when it may have become idle or has just come to its loop.
///
/// # Safety
/// A live connection on its loop's thread, within a pass.
pub unsafe fn look(conn: *mut Connection) {
    // SAFETY: the connection keeps its server's memory.
    unsafe {
        let server = (*conn).owner.get().server();
        if server.is_null() {
            return;
        }
        match (*server).state.load(SeqCst) {
            NEW | RUNNING => {}
            OVERDUE => tcp_connection::judge_in_pass(conn),
            CUT | FREED => tcp_connection::close_in_pass(conn, libc::ESHUTDOWN),
            _ => {
                // Until it has closed, it is looked at again.
                (*loop_of((*conn).public.eventLoop.get())).sweeps.set(true);
                if is_idle(conn) {
                    if has_delivered(conn) {
                        // No reset can take anything back.
                        tcp_connection::close_in_pass(conn, 0);
                    } else {
                        tcp_connection::close_after_send(conn.cast(), true);
                    }
                }
            }
        }
    }
}

/// A connection has had its last turn: where the deadline of its server is over, it closes.
///
/// # Safety
/// An open connection on its loop's thread, within a pass.
pub unsafe fn judge(conn: *mut Connection) {
    // SAFETY: as in `look`.
    unsafe {
        let server = (*conn).owner.get().server();
        if !server.is_null() && (*server).state.load(SeqCst) == OVERDUE {
            tcp_connection::close_in_pass(conn, libc::ESHUTDOWN);
        }
    }
}

/// Whether nothing that has arrived is still to be worked on.
unsafe fn is_idle(conn: *mut Connection) -> bool {
    // SAFETY: a live connection.
    unsafe {
        readable(&raw const (*conn).input) == 0
            && (*conn).public.request.get().is_null()
            && !sys_fd::has_input((*conn).channel.fd.get())
    }
}

/// Whether the other end has all that was sent.
unsafe fn has_delivered(conn: *mut Connection) -> bool {
    // SAFETY: a live connection.
    unsafe {
        protocol::unsent(conn.cast()) == 0
            && !protocol::is_sending(conn.cast())
            && !protocol::is_ending(conn.cast())
            && sys_fd::on_its_way((*conn).channel.fd.get()) == 0
    }
}

/// Whether the connection's server is ending: an answer says so.
///
/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn is_ending(conn: *const Public) -> bool {
    // SAFETY: as in `look`.
    unsafe {
        let server = (*conn.cast::<Connection>()).owner.get().server();
        !server.is_null() && (*server).state.load(Relaxed) > RUNNING
    }
}
