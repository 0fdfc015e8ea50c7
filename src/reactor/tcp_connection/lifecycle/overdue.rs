//! Fair time limits. While the loop's thread was busy, the peer or another thread may have done in time what the
//! limit requires. So a limit that has passed doesn't end the connection directly: the connection first gets a turn,
//! which sends and reads what is possible. Then all of its limits are checked.

#![forbid(unsafe_code)]

use super::{close, open, ready, timeouts, turn};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::tcp_connection::input::read;
use crate::reactor::tcp_connection::output::{queue, write};
use crate::reactor::tcp_connection::{Connection, Work};

/// A limit seems to have passed: the connection is checked in this iteration or the next.
pub fn begin(conn: &Connection) {
    ready::give(conn, Work::Judge);
}

/// The turn of a connection that is overdue.
pub fn turn(conn: &Connection) {
    conn.event_loop().run_posts();
    let sends = conn.channel.events.get() & EVENT_WRITE != 0 && !queue::is_empty(conn);
    if sends && is_served(conn) {
        write::go_on(conn);
    }
    if is_served(conn) {
        read::go_on(conn);
    }
    if open::is_open(conn) {
        turn::judge(conn);
    }
    if open::is_open(conn) {
        timeouts::judge(conn);
    }
    if open::is_open(conn)
        && let Some(header) = conn.maker()
    {
        (header.maker().judge)(conn);
    }
    if open::is_open(conn)
        && let Some(protocol) = conn.protocol()
    {
        (protocol.judge)(conn);
    }
    if !open::is_open(conn) {
        close::close(conn);
    }
}

/// Whether the connection is open and registered; if the program has removed it from the loop, the program serves
/// it.
fn is_served(conn: &Connection) -> bool {
    open::is_open(conn) && conn.watch.is_on()
}
