use core::ffi::{c_char, c_int, c_void};

use super::buffer::buffer;
use super::channel::channel;
use super::event_loop::event_loop;
use super::tcp_server::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};

/// A connection. The library makes and frees it: the pointer is valid from the completed callback
/// until the closed callback has returned, or longer with yolanda_connection_retain() of yolanda.h.
/// More is kept behind these fields; except for sends and tcp_connection_shutdown(), they belong to the
/// loop's thread.
#[repr(C)]
pub struct tcp_connection {
    /// The loop whose thread owns the connection.
    pub eventLoop: *mut event_loop,
    /// Its channel; `channel->fd` is the socket.
    pub channel: *mut channel,
    /// "connection-FD".
    pub name: *mut c_char,
    /// What has arrived and hasn't been consumed. Pointers into it are valid until the message
    /// callback returns.
    pub input_buffer: *mut buffer,
    /// What waits to be sent: its readable bytes tell how far the peer lags behind.
    pub output_buffer: *mut buffer,
    /// May be NULL, as the three below.
    pub connectionCompletedCallBack: connection_completed_call_back,
    /// Called when bytes have arrived.
    pub messageCallBack: message_call_back,
    /// Called when everything that was held back has been sent.
    pub writeCompletedCallBack: write_completed_call_back,
    /// Called once, last.
    pub connectionClosedCallBack: connection_closed_call_back,
    /// Yours. It begins as what tcp_server_set_data() set.
    pub data: *mut c_void,
    /// The HTTP server's.
    pub request: *mut c_void,
    /// The HTTP server's.
    pub response: *mut c_void,
}

assert_layout!(tcp_connection, 96;
    eventLoop: 0, 8;
    channel: 8, 8;
    name: 16, 8;
    input_buffer: 24, 8;
    output_buffer: 32, 8;
    connectionCompletedCallBack: 40, 8;
    messageCallBack: 48, 8;
    writeCompletedCallBack: 56, 8;
    connectionClosedCallBack: 64, 8;
    data: 72, 8;
    request: 80, 8;
    response: 88, 8;
);

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
