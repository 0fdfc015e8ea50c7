//! The functions of yolanda.h for what a connection has: input, output, loop, server, data, name, descriptor.

use crate::abi::types::{TCPserver, buffer, event_loop, tcp_connection};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_server;
use crate::sys::errno;
use core::ffi::{c_char, c_int, c_void};
use core::ptr::{null, null_mut};

/// The longest that one send can be.
const LONGEST: usize = c_int::MAX as usize;

/// The connection, where the program may use its `data` on this thread; else errno is EPERM, or ENOTSUP where the
/// pointer is the HTTP server's.
fn with_data(conn: &Remote) -> Option<&Connection> {
    let conn = conn.to_look()?;
    if conn.belongs_to_protocol() {
        errno::set(libc::ENOTSUP);
        return None;
    }
    Some(conn)
}

/// Sends `length` bytes after everything that was sent before. What the socket doesn't take at once is
/// copied and sent later; yolanda_connection_queued() tells how much that is. On any thread but the
/// loop's, all bytes are copied. No callback is called from within this function.
///
/// Returns 0, or -1 with errno, and then no byte of this call is sent: EINVAL (NULL connection, NULL
/// data with a length), EMSGSIZE (more than 2,147,483,647 bytes), EPIPE (after a shutdown), ENOTCONN
/// (the connection is closing), ENOBUFS (over the limit of the queue: 64 MiB, or the value set by
/// yolanda_connection_set_limits()), ENOMEM, ECONNRESET and others of send(2).
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. `data` is NULL or has `length` bytes.
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_send(
    connection: *mut tcp_connection,
    data: *const c_void,
    length: usize,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_send", -1);
    if data.is_null() && length > 0 {
        return errno::fail(libc::EINVAL);
    }
    if length > LONGEST {
        return errno::fail(libc::EMSGSIZE);
    }
    let bytes: &[u8] = match length {
        0 => b"",
        // SAFETY: `data` isn't NULL, and holds `length` bytes.
        _ => unsafe { core::slice::from_raw_parts(data.cast(), length) },
    };
    if conn.send_bytes(bytes) < 0 { -1 } else { 0 }
}

/// Returns how many bytes wait to be sent, including those that other threads have sent; 0 for a
/// connection that has closed. It tells how far behind the peer is.
///
/// Returns 0 with errno EINVAL for NULL.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_queued(
    connection: *mut tcp_connection,
) -> usize {
    let conn = connection!(connection, "yolanda_connection_queued", 0);
    if conn.is_open_here() { conn.unsent() } else { 0 }
}

/// Returns the connection's input: the bytes that have arrived and haven't been consumed, as the
/// message callback gets them. The buffer is the connection's.
///
/// Returns NULL with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_input(
    connection: *mut tcp_connection,
) -> *mut buffer {
    let conn = connection!(connection, "yolanda_connection_input", null_mut());
    conn.to_look().map_or(null_mut(), |conn| conn.public.input_buffer.get())
}

/// Returns the loop whose thread owns the connection. The loop is valid until it is freed.
///
/// Returns NULL with errno: EINVAL for NULL, ESHUTDOWN if the loop has been freed.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_loop(
    connection: *mut tcp_connection,
) -> *mut event_loop {
    let conn = connection!(connection, "yolanda_connection_loop", null_mut());
    let l = conn.event_loop();
    if l.was_freed() {
        errno::set(libc::ESHUTDOWN);
        return null_mut();
    }
    l.as_c()
}

/// Returns the server that has accepted the connection. For a connection of an HTTP server that is the
/// server's TCP server. It is valid until it is freed.
///
/// Returns NULL with errno: ENOENT if no server has accepted it, or if the server has been freed;
/// EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_server(
    connection: *mut tcp_connection,
) -> *mut TCPserver {
    let conn = connection!(connection, "yolanda_connection_server", null_mut());
    let Some(conn) = conn.to_look() else { return null_mut() };
    match tcp_server::server_of(conn).filter(|server| !server.is_freed()) {
        Some(server) => server.as_c(),
        None => {
            errno::set(libc::ENOENT);
            null_mut()
        }
    }
}

/// Sets the connection's `data`. The library only passes the pointer on: nothing is called when the
/// connection ends. yolanda_connection_set_user_data() attaches a pointer with a function that frees
/// it.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL connection, ENOTSUP for a connection of an HTTP
/// server, whose `data` belongs to the server; EPERM on another thread.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. `data` stays yours. Call it only on
/// the loop's thread or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_data(
    connection: *mut tcp_connection,
    data: *mut c_void,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_data", -1);
    let Some(conn) = with_data(conn) else { return -1 };
    conn.public.data.set(data);
    0
}

/// Returns the connection's `data`: what tcp_server_set_data(), yolanda_client_set_data() or
/// yolanda_connection_set_data() has set, which stays yours; NULL if nothing was set. For a pointer that
/// any thread can read, see yolanda_connection_user_data().
///
/// Returns NULL with errno: EINVAL for NULL, ENOTSUP for a connection of an HTTP server, whose `data`
/// belongs to the server; EPERM on another thread.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_data(
    connection: *mut tcp_connection,
) -> *mut c_void {
    let conn = connection!(connection, "yolanda_connection_data", null_mut());
    with_data(conn).map_or(null_mut(), |conn| conn.public.data.get())
}

/// Returns the connection's name in the log, "connection-FD". The text belongs to the connection and is
/// valid as long as that is live or retained.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_name(
    connection: *mut tcp_connection,
) -> *const c_char {
    connection!(connection, "yolanda_connection_name", null()).name_text()
}

/// Returns the connection's descriptor, for example to set a socket option. It belongs to the
/// connection: don't close it.
///
/// Returns -1 with errno: EINVAL for NULL, EPERM on another thread, ENOTCONN if the descriptor has been
/// closed. Inside the closed callback it is still open.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_fd(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_fd", -1);
    let Some(conn) = conn.to_look() else { return -1 };
    conn.descriptor().unwrap_or_else(|| errno::fail(libc::ENOTCONN))
}
