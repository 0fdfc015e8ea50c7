use crate::abi::types::buffer;
use crate::abi::types::event_loop;
use crate::abi::types::tcp_connection;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use core::ffi::{c_int, c_void};

/// Makes a connection of a descriptor that you opened (a socket as a rule, a pipe or tty works as
/// well), calls the completed callback, and registers it with the loop. From then on the library
/// owns the descriptor.
///
/// Returns the connection, or NULL with errno; then the descriptor is still yours. On another thread
/// than the loop's it may have been closed and freed by the time this returns.
///
/// # Safety
/// `eventLoop` is NULL or a loop. Callbacks may be NULL.
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

/// Sends `size` bytes, in order, behind what was sent before. What the socket doesn't take at once
/// is copied and sent later. Any thread may call it; elsewhere than on the loop's thread all bytes
/// are copied and 0 is returned. No callback runs within.
///
/// Returns the number of bytes written at once; the rest is queued, not lost. -1 with errno, and no
/// byte of this call is or will be sent: after a shutdown (EPIPE) or close (ENOTCONN), beyond the
/// limit of the queue, 64 MiB unless yolanda_connection_set_limits() set another (ENOBUFS), no
/// connection or a negative size (EINVAL), no memory (ENOMEM). NULL data sends nothing and returns 0.
///
/// # Safety
/// `data` has `size` bytes; the connection's closed callback hasn't returned yet.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_send_data(
    tcpConnection: *mut tcp_connection,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_send_data)
}

/// Sends a buffer's readable bytes as tcp_connection_send_data() and consumes them; on -1, none. The
/// buffer stays yours.
///
/// # Safety
/// As for tcp_connection_send_data(); `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_send_buffer(
    tcpConnection: *mut tcp_connection,
    buffer: *mut buffer,
) -> c_int {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_send_buffer)
}

/// Ends the sending side once everything that was accepted has been sent, other threads' sends included;
/// the peer can still send. Any thread may call it. Later sends fail with EPIPE; functions that the same
/// thread posted before can still send.
///
/// # Safety
/// The connection's closed callback hasn't returned yet.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_connection_shutdown(tcpConnection: *mut tcp_connection) {
    jump_to!(crate::reactor::tcp_connection::tcp_connection_shutdown)
}
