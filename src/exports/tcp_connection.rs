//! The functions of lib/tcp_connection.h.

use crate::abi::types::buffer;
use crate::abi::types::event_loop;
use crate::abi::types::tcp_connection;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_connection::lifecycle::register;
use crate::reactor::tcp_connection::lifecycle::shutdown;
use crate::sys::{errno, fd as sys_fd};
use core::ffi::{c_int, c_void};
use std::{ptr, slice};

/// Makes a connection from a descriptor that you opened, usually a socket; pipes and terminals work
/// too. It calls the completed callback and registers the connection with the loop. On success the
/// library owns the descriptor.
///
/// Returns the connection, or NULL with errno, and then the descriptor is still yours: EINVAL (NULL),
/// EBADF (a negative or closed descriptor), ENOMEM. On any thread but the loop's, the connection may
/// already have been closed and freed when the function returns.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any callback may be NULL. Any thread may call
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_connection_new(
    fd: c_int,
    eventLoop: *mut event_loop,
    connectionCompletedCallBack: connection_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
) -> *mut tcp_connection {
    let l = event_loop!(eventLoop, "tcp_connection_new", ptr::null_mut());
    if fd < 0 || !sys_fd::is_open(fd) {
        log_err!("tcp_connection_new: bad descriptor {}", fd);
        errno::set(libc::EBADF);
        return ptr::null_mut();
    }
    let callbacks = Callbacks {
        completed: connectionCompletedCallBack,
        closed: connectionClosedCallBack,
        message: messageCallBack,
        write_completed: writeCompletedCallBack,
    };
    let prepare = |conn: &Connection| {
        callbacks.give(conn);
        true
    };
    // SAFETY: the descriptor is open, and by the header only the connection uses it from now on.
    match unsafe { register::make(fd, l, prepare) } {
        Some(conn) => conn,
        None => {
            if errno::get() == libc::ENOMEM {
                log_err!("tcp_connection_new: no memory");
            }
            ptr::null_mut()
        }
    }
}

/// Sends `size` bytes after everything that was sent before. Bytes that the socket doesn't take at
/// once are copied and sent later. On any thread but the loop's, all bytes are copied, and the
/// function returns 0. No callback is called from within this function.
///
/// Returns the number of bytes written at once; the rest is queued, not lost. NULL data sends nothing
/// and returns 0. On failure it returns -1 with errno and sends no byte of this call: EPIPE (after a
/// shutdown), ENOTCONN (the connection is closing), ENOBUFS (over the limit of the queue: 64 MiB, or
/// the value set by yolanda_connection_set_limits()), EINVAL (NULL connection, negative size), ENOMEM,
/// ECONNRESET and others of send(2).
///
/// # Safety
/// `data` is NULL or has `size` bytes. The closed callback of the connection hasn't returned, or the
/// connection is retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_connection_send_data(
    tcpConnection: *mut tcp_connection,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    let conn = connection!(tcpConnection, "tcp_connection_send_data", -1);
    if size < 0 {
        log_err!("tcp_connection_send_data: size {}", size);
        return errno::fail(libc::EINVAL);
    }
    if data.is_null() {
        return 0;
    }
    // SAFETY: `data` isn't NULL, `size` isn't negative, and by the header `data` has that many bytes. `send_bytes`
    // keeps only copies of them.
    let bytes = unsafe { slice::from_raw_parts(data.cast::<u8>(), size as usize) };
    conn.send_bytes(bytes) as c_int
}

/// Sends the readable bytes of a buffer like tcp_connection_send_data() and consumes them; if it
/// returns -1, it consumes none. The buffer remains yours.
///
/// Returns the number of bytes written at once. It fails with errno like tcp_connection_send_data(), and
/// for the connection's own `output_buffer` with EPERM on any thread but the loop's.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses. The connection is as for
/// tcp_connection_send_data(). Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_connection_send_buffer(
    tcpConnection: *mut tcp_connection,
    buffer: *mut buffer,
) -> c_int {
    if buffer.is_null() {
        log_err!("tcp_connection_send_buffer: no buffer");
        return errno::fail(libc::EINVAL);
    }
    let conn = connection!(tcpConnection, "tcp_connection_send_buffer", -1);
    // SAFETY: it isn't NULL, and by the header a buffer that no other thread uses. Its fields are cells: it may be
    // one of the connection's own.
    conn.send_buffer(unsafe { &*buffer })
}

/// Shuts down the sending side after everything accepted so far has been sent, including what other
/// threads have sent; the peer can still send. Later sends fail with EPIPE. Functions that the same
/// thread posted before can still send.
///
/// # Safety
/// The closed callback of the connection hasn't returned, or the connection is retained. Any thread may
/// call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_connection_shutdown(tcpConnection: *mut tcp_connection) {
    shutdown::shut(connection!(tcpConnection, "tcp_connection_shutdown"));
}
