//! Time limits are fair. While the loop's thread was busy, the peer or another thread may have done in time
//! what the limit is about. So a limit that is over doesn't end the connection by itself: the connection has a
//! turn first, in which it does what it could have done before. Then all of its limits judge.

#![forbid(unsafe_code)]

use super::{close, open, ready, timeouts, turn};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::tcp_connection::input::read;
use crate::reactor::tcp_connection::output::{queue, write};
use crate::reactor::tcp_connection::{Connection, Work};

/// A limit seems to be over: the connection is judged in this iteration, or the next.
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

/// Whether the connection is open and its loop's: what the program took off the loop it serves itself.
fn is_served(conn: &Connection) -> bool {
    open::is_open(conn) && conn.watch.is_on()
}
