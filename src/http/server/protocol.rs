//! The table of hooks through which the reactor calls the HTTP server.

use core::ffi::c_int;

use super::connection;
use super::exchange;
use super::scratch;
use super::{deadlines, rate};
use crate::abi::types::{buffer, tcp_connection};
use crate::log::CText;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::protocol::Protocol;
use std::ptr;

unsafe extern "C-unwind" fn connection_completed(conn: *mut tcp_connection) -> c_int {
    log_msg!("connection completed");
    // SAFETY: a connection of this server's that nobody else has yet; without memory it is made later.
    unsafe { connection::make(conn) };
    0
}

unsafe extern "C-unwind" fn message(input: *mut buffer, conn: *mut tcp_connection) -> c_int {
    // SAFETY: the reactor calls this on the connection's thread, with the connection's own input.
    unsafe {
        log_msg!("get message from tcp connection {}", CText((*conn).name.get()));
        exchange::serve(input, conn);
    }
    0
}

unsafe extern "C-unwind" fn write_completed(conn: *mut tcp_connection) -> c_int {
    log_msg!("write completed");
    // SAFETY: the reactor calls this on the connection's thread.
    unsafe { exchange::drained(conn) };
    0
}

unsafe extern "C-unwind" fn connection_closed(conn: *mut tcp_connection) -> c_int {
    log_msg!("connection closed");
    // SAFETY: the reactor calls this once, on the connection's thread, before it frees it.
    unsafe { exchange::forget(conn) };
    0
}

/// What the reactor asks and tells the HTTP server of its connections.
pub static HTTP: Protocol = Protocol {
    completed: Some(connection_completed),
    message: Some(message),
    write_completed: Some(write_completed),
    closed: Some(connection_closed),
    registered: |conn| {
        conn.event_loop().on_free_attachment.set(Some(scratch::free_kept));
        // SAFETY: a connection of an HTTP server, on its thread.
        unsafe { deadlines::registered(conn.as_c()) }
    },
    // SAFETY: as above.
    is_answering: |conn| unsafe { exchange::is_answering(conn.as_c()) },
    // SAFETY: as above; within the iteration.
    half_closed: |conn| unsafe { exchange::half_closed(conn.as_c()) },
    // SAFETY: as above.
    paused: |conn, stopped| unsafe { rate::paused(conn.as_c(), stopped) },
    // SAFETY: as above; after its turn.
    judge: |conn| unsafe { deadlines::judge(conn.as_c()) },
};

/// Whether all callbacks of a connection are an HTTP server's own: no code of the program has it.
pub fn serves(conn: &Connection) -> bool {
    conn.protocol().is_some_and(|protocol| ptr::eq(protocol, &HTTP))
}
