//! The connections of a server that is ending: idle ones are closed normally, the others when they have become
//! idle or when their time is over.

#![forbid(unsafe_code)]

use super::maker::server_of;
use super::phase::Phase;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::source;
use crate::reactor::tcp_connection::lifecycle::ready;
use crate::reactor::tcp_connection::lists;
use crate::sys::fd as sys_fd;

impl Loop {
    /// Checks all connections of the loop whose servers are ending. Within an iteration.
    pub fn drain(&self) {
        self.draining.set(false);
        lists::roster(self).each(look);
    }
}

/// Checks a connection that may have become idle or has just been registered. Within an iteration.
pub fn look(conn: &Connection) {
    let Some(server) = server_of(conn) else { return };
    match server.phase() {
        Phase::New | Phase::Running => {}
        Phase::Overdue => conn.judge_soon(),
        Phase::Cut | Phase::Freed => ready::close_in_iteration(conn, CloseReason::Stopped),
        Phase::Stopping | Phase::Stopped => {
            // It is checked again until it has closed.
            conn.event_loop().draining.set(true);
            if is_idle(conn) {
                if has_delivered(conn) {
                    // A reset can't make the peer lose anything.
                    ready::close_in_iteration(conn, CloseReason::InOrder);
                } else {
                    conn.close_after_send(true);
                }
            }
        }
    }
}

/// A connection has had its last turn: it closes if the deadline of its server has passed.
pub fn judge(conn: &Connection) {
    if server_of(conn).is_some_and(|server| server.phase() == Phase::Overdue) {
        ready::close_in_iteration(conn, CloseReason::Stopped);
    }
}

/// Whether all received bytes have been processed.
fn is_idle(conn: &Connection) -> bool {
    conn.input.readable() == 0
        && conn.public.request.get().is_null()
        && (conn.is_half_open() || !source::has_input(conn))
}

/// Whether the peer has received everything that was sent.
fn has_delivered(conn: &Connection) -> bool {
    conn.unsent() == 0
        && !conn.is_sending()
        && !conn.is_ending()
        && sys_fd::on_its_way(conn.channel.fd.get()) == 0
}

impl Connection {
    /// Whether the connection's server is ending, which responses announce.
    pub fn has_ending_server(&self) -> bool {
        server_of(self).is_some_and(|server| server.shared.life.is_ending())
    }
}
