//! The program's own stop of reading. It takes EVENT_READ out of the channel, so that every back end
//! obeys, a program's own too.

use crate::abi::types::EVENT_READ;
use crate::http::server::{http_server, rate};
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::registration;
use crate::reactor::tcp_connection::lifecycle::{open, ready, timeouts};
use crate::reactor::tcp_connection::output::write;
use crate::reactor::tcp_connection::{Connection, Work};
use crate::sys::{fd as sys_fd, socket};

/// Stops reading.
///
/// # Safety
/// A live connection, on its thread or not announced.
pub unsafe fn pause(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if timeouts::is_cut(conn) || (*conn).paused.replace(true) {
            return;
        }
        tell(conn, true);
        // Before, its thread may be about to send what others posted: it stops when it registers.
        if open::is_announced(conn) {
            write::update(conn, (*conn).channel.events.get() & !EVENT_READ);
        }
    }
}

/// The HTTP server's deadlines stand still meanwhile.
unsafe fn tell(conn: *mut Connection, stopped: bool) {
    // SAFETY: the caller's connection.
    unsafe {
        if open::is_announced(conn) && http_server::serves(conn.cast()) {
            rate::paused(conn.cast(), stopped);
        }
    }
}

/// Goes on reading, with what was left unread first.
///
/// # Safety
/// As `pause`.
pub unsafe fn resume(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if !(*conn).paused.replace(false) {
            return;
        }
        tell(conn, false);
        if !open::is_announced(conn) {
            return;
        }
        timeouts::received(conn);
        if !(*conn).ended.get() {
            write::update(conn, (*conn).channel.events.get() | EVENT_READ);
        }
        (*conn).owes_message.set(readable(&raw const (*conn).input) > 0);
        if (*conn).registered.get() {
            // Whatever has come meanwhile raises no further edge.
            ready::give(conn, Work::Read);
        }
    }
}

/// The peer has hung up, or an error is pending, while nobody wants an event: the connection closes,
/// as nothing can be sent any more. Only where reading is paused, and there is something left to
/// read, it waits for the program to go on; then it must leave the back end, which would report the
/// hang-up for ever.
///
/// # Safety
/// A registered connection on its thread.
pub unsafe fn hung_up(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let fd = (*conn).number.get();
        let error = if (*conn).kind.get().is_socket() { socket::take_error(fd) } else { 0 };
        let unread =
            readable(&raw const (*conn).input) > 0 || sys_fd::available(fd).is_some_and(|n| n > 0);
        if error == 0 && (*conn).paused.get() && unread {
            // The back end can't tell any more whose the number is.
            open::identify_once(conn);
            return registration::park((*conn).public.eventLoop.get(), fd);
        }
        ready::close_in_pass(conn, error);
    }
}
