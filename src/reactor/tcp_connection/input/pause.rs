//! Pausing of reading by the program. It clears EVENT_READ in the channel, so that every back end stops reading,
//! including a program's own.

#![forbid(unsafe_code)]

use super::source;
use crate::abi::types::EVENT_READ;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::{open, ready, timeouts};
use crate::reactor::tcp_connection::{Connection, Work, registration};

/// Pauses reading.
pub fn pause(conn: &Connection) {
    if timeouts::is_cut(conn) || !conn.reading.pause() {
        return;
    }
    tell(conn, true);
    // Before the registration, the loop's thread may be running sends of other threads, which change the events.
    // `register` then applies the pause.
    if open::is_announced(conn) {
        registration::set_events(conn, conn.channel.events.get() & !EVENT_READ);
    }
}

/// Tells the protocol, because its deadlines don't run during a pause.
fn tell(conn: &Connection, stopped: bool) {
    if open::is_announced(conn)
        && let Some(protocol) = conn.protocol()
    {
        (protocol.paused)(conn, stopped);
    }
}

/// Resumes reading, beginning with the bytes that were left unread.
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
        // Bytes that arrived during the pause cause no further edge.
        ready::give(conn, Work::Read);
    }
}

/// The peer has hung up, or an error is pending, while no events are wanted. The connection closes, because nothing
/// can be sent any more. But if reading is paused, and bytes are still to be read or the program is to be told the end
/// of the input, the connection waits until the program resumes reading. Meanwhile its channel isn't in the back end,
/// which would report the hang-up again and again.
pub fn hung_up(conn: &Connection) {
    let fd = conn.number.get();
    let error = source::take_error(conn);
    let unread = conn.input.readable() > 0 || source::has_bytes(conn);
    let untold = !conn.peer.has_ended() && conn.has_input_ended_handler();
    if error == 0 && conn.reading.is_paused() && (unread || untold) {
        // After this, the back end can't tell whether the number is still ours.
        open::identify_once(conn);
        return conn.event_loop().park(fd);
    }
    ready::close_in_iteration(conn, CloseReason::of_call(error));
}
