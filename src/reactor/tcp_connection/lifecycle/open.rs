//! What a connection is asked: whether it is open, and whether its number still is its own.

use super::phase::Phase;
use crate::reactor::event_loop::registry;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::remote::Remote;
use crate::sys::fd as sys_fd;

/// Notes what the descriptor refers to, while it is known to be the connection's.
pub fn identify_once(conn: &Connection) {
    if conn.identity.get() == 0 {
        conn.identity.set(sys_fd::identity(conn.number.get()).map_or(0, sys_fd::fold));
    }
}

/// Whether the number still names what was noted, or nothing was.
pub fn is_as_noted(conn: &Connection) -> bool {
    let identity = conn.identity.get();
    identity == 0 || sys_fd::identity(conn.number.get()).map(sys_fd::fold) == Some(identity)
}

/// Whether the number of a registered connection still names its file.
pub fn owns_number(conn: &Connection) -> bool {
    // SAFETY: the loop's back end is live, and its function is called on the loop's thread with a channel that
    // is part of a live connection. An update of epoll's fails for another file.
    unsafe {
        if !is_entered(conn) {
            return false;
        }
        if conn.identity.get() != 0 {
            return is_as_noted(conn);
        }
        let l = conn.event_loop();
        match (*l.public.eventDispatcher.get()).update {
            Some(update) => update(l.as_c(), conn.channel_ptr()) == 0,
            None => false,
        }
    }
}

/// Whether the connection has come to its loop: before, only the thread of the completed callback
/// has it.
pub fn is_announced(conn: &Remote) -> bool {
    conn.life.phase() != Phase::Made
}

/// False once closing has begun, or is decided.
pub fn is_open(conn: &Remote) -> bool {
    conn.is_undecided()
}

/// The same as the calling thread sees it: whoever closes a connection finds it closed. On the
/// connection's own thread what others asked for before comes first.
pub fn is_open_here(conn: &Remote) -> bool {
    if let Some(conn) = conn.here() {
        conn.take_in();
        return is_open(conn);
    }
    is_open(conn) && conn.intake.closing().is_none()
}

/// Whether nobody else was entered for the number since, as accept does for a newcomer.
pub fn is_entered(conn: &Connection) -> bool {
    registry::get(conn.number.get()).is_none_or(|e| e.id == conn.id.get())
}
