//! The connections of a server that is ending: idle ones are closed in an orderly way, the others
//! when they have become idle, or when their time is up.

use super::life::Life;
use super::maker::server_of;
use crate::abi::types::{event_loop, tcp_connection as Public};
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::roster;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::source;
use crate::reactor::tcp_connection::lifecycle::ready;
use crate::sys::fd as sys_fd;

impl Loop {
    /// Looks at all connections of the loop whose servers are ending. Within a pass.
    pub fn drain(&self) {
        self.sweeps.set(false);
        // SAFETY: on the loop's thread, which alone ends its connections: those in the roster are live.
        unsafe { roster::each(self.as_c(), |conn| look(&*conn)) };
    }
}

/// Looks at one connection, when it may have become idle or has just come to its loop. Within a pass.
pub fn look(conn: &Connection) {
    let Some(server) = server_of(conn) else { return };
    match server.life() {
        Life::New | Life::Running => {}
        Life::Overdue => conn.judge_soon(),
        Life::Cut | Life::Freed => ready::close_in_pass(conn, CloseReason::Stopped),
        Life::Stopping | Life::Stopped => {
            // Until it has closed, it is looked at again.
            conn.event_loop().sweeps.set(true);
            if is_idle(conn) {
                if has_delivered(conn) {
                    // No reset can take anything back.
                    ready::close_in_pass(conn, CloseReason::InOrder);
                } else {
                    conn.close_after_send(true);
                }
            }
        }
    }
}

/// A connection has had its last turn: where the deadline of its server is over, it closes.
pub fn judge(conn: &Connection) {
    if server_of(conn).is_some_and(|server| server.life() == Life::Overdue) {
        ready::close_in_pass(conn, CloseReason::Stopped);
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

impl Connection {
    /// Whether the connection's server is ending: an answer says so.
    pub fn has_ending_server(&self) -> bool {
        server_of(self).is_some_and(|server| server.shared.state.is_ending())
    }
}

/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn is_ending(conn: *const Public) -> bool {
    // SAFETY: the library made the connection, which is live for the call.
    unsafe { Connection::from_c(conn.cast_mut()) }.has_ending_server()
}

/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn all(l: *mut event_loop) {
    // SAFETY: a live loop of the library.
    unsafe { Loop::from_c(l) }.drain();
}
