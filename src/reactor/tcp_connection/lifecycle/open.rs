//! Whether a connection is open, and whether its descriptor number still refers to its file.

use super::phase::Phase;
use crate::reactor::event_loop::registry;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::remote::Remote;
use crate::sys::fd as sys_fd;

/// Records the identity of the descriptor, while it is known to be the connection's.
pub fn identify_once(conn: &Connection) {
    if conn.identity.get() == 0 {
        conn.identity.set(sys_fd::identity(conn.number.get()).map_or(0, sys_fd::fold));
    }
}

/// Whether the number still refers to the recorded file, or none was recorded.
pub fn is_as_noted(conn: &Connection) -> bool {
    let identity = conn.identity.get();
    identity == 0 || sys_fd::identity(conn.number.get()).map(sys_fd::fold) == Some(identity)
}

/// Whether the number of a registered connection still refers to its file.
pub fn owns_number(conn: &Connection) -> bool {
    // SAFETY: the loop's back end is valid, and its function is called on the loop's thread with a channel that
    // is part of a live connection.
    // In epoll, the update fails if the number refers to another file.
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

/// Whether the connection was registered with its loop.
pub fn is_announced(conn: &Remote) -> bool {
    !matches!(conn.life.phase(), Phase::Made | Phase::Given)
}

/// False after closing has begun or is decided.
pub fn is_open(conn: &Remote) -> bool {
    conn.is_undecided()
}

/// The same from the calling thread's point of view: a thread that has closed a connection finds it closed. On the
/// connection's own thread, earlier requests of other threads are run first.
pub fn is_open_here(conn: &Remote) -> bool {
    if let Some(conn) = conn.here() {
        conn.take_in();
        return is_open(conn);
    }
    is_open(conn) && conn.intake.closing().is_none()
}

/// Whether no other file has since been entered for the number, as accept does for a new connection.
pub fn is_entered(conn: &Connection) -> bool {
    registry::get(conn.number.get()).is_none_or(|e| e.id == conn.id.get())
}
