//! The table of hooks through which the reactor calls the HTTP server, on the connection's thread. The connection
//! stays valid during each call.

use core::ffi::c_int;
use core::ptr;

use super::{deadlines, events, rate, scratch, serve};
use crate::abi::types::{buffer, tcp_connection};
use crate::http::server::connection::Http;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::protocol::Protocol;

unsafe extern "C-unwind" fn connection_completed(conn: *mut tcp_connection) -> c_int {
    log_msg!("connection completed");
    // SAFETY: a connection of the library, which stays valid until this returns.
    // If memory is out, the state is made later.
    Http::make(unsafe { Connection::from_c(conn) });
    0
}

unsafe extern "C-unwind" fn message(input: *mut buffer, conn: *mut tcp_connection) -> c_int {
    // SAFETY: a connection of the library and its own input, which stay valid until this returns.
    let (input, conn) = unsafe { (&*input, Connection::from_c(conn)) };
    log_msg!("get message from tcp connection {}", conn.name());
    serve::serve(input, conn);
    0
}

unsafe extern "C-unwind" fn write_completed(conn: *mut tcp_connection) -> c_int {
    log_msg!("write completed");
    // SAFETY: a connection of the library, which stays valid until this returns.
    events::drained(unsafe { Connection::from_c(conn) });
    0
}

unsafe extern "C-unwind" fn connection_closed(conn: *mut tcp_connection) -> c_int {
    log_msg!("connection closed");
    // SAFETY: a connection of the library, which the reactor frees after this call.
    events::forget(unsafe { Connection::from_c(conn) });
    0
}

/// The HTTP server's hooks.
pub static HTTP: Protocol = Protocol {
    completed: Some(connection_completed),
    message: Some(message),
    write_completed: Some(write_completed),
    closed: Some(connection_closed),
    registered: |conn| {
        conn.event_loop().on_free_attachment.set(Some(scratch::free_kept));
        deadlines::registered(conn);
    },
    is_answering: events::is_answering,
    half_closed: events::half_closed,
    paused: rate::paused,
    judge: deadlines::judge,
};

/// Whether all callbacks of a connection are those of an HTTP server, so that no code of the program uses it
/// directly.
pub fn serves(conn: &Connection) -> bool {
    conn.protocol().is_some_and(|protocol| ptr::eq(protocol, &HTTP))
}
