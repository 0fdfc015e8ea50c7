//! The program's own stop of reading. It takes EVENT_READ out of the channel, so that every back end
//! obeys, a program's own too.

#![forbid(unsafe_code)]

use super::source;
use crate::abi::types::EVENT_READ;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{open, ready, timeouts};
use crate::reactor::tcp_connection::{Connection, Work, registration};

/// Stops reading.
pub fn pause(conn: &Connection) {
    if timeouts::is_cut(conn) || !conn.reading.pause() {
        return;
    }
    tell(conn, true);
    // Before, its thread may be about to send what others posted: it stops when it registers.
    if open::is_announced(conn) {
        registration::set_events(conn, conn.channel.events.get() & !EVENT_READ);
    }
}

/// A protocol's deadlines stand still meanwhile.
fn tell(conn: &Connection, stopped: bool) {
    if open::is_announced(conn)
        && let Some(protocol) = conn.protocol()
    {
        (protocol.paused)(conn, stopped);
    }
}

/// Goes on reading, with what was left unread first.
pub fn resume(conn: &Connection) {
    let announced = open::is_announced(conn);
    if !conn.reading.resume(announced && conn.input.readable() > 0) {
        return;
    }
    tell(conn, false);
    if !announced {
        return;
    }
    timeouts::received(conn);
    if !conn.peer.has_ended() {
        registration::set_events(conn, conn.channel.events.get() | EVENT_READ);
    }
    if conn.watch.is_on() {
        // Whatever has come meanwhile raises no further edge.
        ready::give(conn, Work::Read);
    }
}

/// The peer has hung up, or an error is pending, while nobody wants an event: the connection closes,
/// as nothing can be sent any more. Only where reading is paused, and there is something left to
/// read, it waits for the program to go on; then it must leave the back end, which would report the
/// hang-up for ever.
pub fn hung_up(conn: &Connection) {
    let fd = conn.number.get();
    let error = source::take_error(conn);
    let unread = conn.input.readable() > 0 || source::has_bytes(conn);
    if error == 0 && conn.reading.is_paused() && unread {
        // The back end can't tell any more whose the number is.
        open::identify_once(conn);
        return conn.event_loop().park(fd);
    }
    ready::close_in_pass(conn, CloseReason::of_call(error));
}
