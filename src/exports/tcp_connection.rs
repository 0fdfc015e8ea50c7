use crate::abi::types::buffer;
use crate::abi::types::event_loop;
use crate::abi::types::tcp_connection;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use core::ffi::{c_int, c_void};

/// Makes a connection from a descriptor that you opened, usually a socket; pipes and terminals work
/// too. It calls the completed callback and registers the connection with the loop. From then on the
/// library owns the descriptor.
///
/// Returns the connection, or NULL with errno; the descriptor is then still yours. On any thread but
/// the loop's, the connection may already have been closed and freed when the function returns.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Any callback may be NULL. Any thread may call
/// it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_new(
    fd: c_int,
    eventLoop: *mut event_loop,
    connectionCompletedCallBack: connection_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
) -> *mut tcp_connection {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_new)
}

/// Sends `size` bytes after everything that was sent before. What the socket doesn't take at once is
/// copied and sent later. On any thread but the loop's, all bytes are copied, and the function returns
/// 0. No callback is called from within this function.
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
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_send_data(
    tcpConnection: *mut tcp_connection,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_send_data)
}

/// Sends the readable bytes of a buffer like tcp_connection_send_data() and consumes them; if it
/// returns -1, it consumes none. The buffer stays yours.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses. The connection is as for
/// tcp_connection_send_data(). Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_send_buffer(
    tcpConnection: *mut tcp_connection,
    buffer: *mut buffer,
) -> c_int {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_send_buffer)
}

/// Ends the sending side once everything accepted so far has been sent, including what other threads
/// have sent; the peer can still send. Later sends fail with EPIPE. Functions that the same thread
/// posted before can still send.
///
/// # Safety
/// The closed callback of the connection hasn't returned, or the connection is retained. Any thread may
/// call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_shutdown(tcpConnection: *mut tcp_connection) {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_shutdown)
}
