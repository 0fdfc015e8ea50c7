//! The types of lib/tcp_connection.h.

#![forbid(unsafe_code)]

use crate::abi::buffer::buffer;
use crate::abi::channel::channel;
use crate::abi::event_loop::event_loop;
use crate::abi::tcp_server::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use core::cell::Cell;
use core::ffi::{c_char, c_void};

/// A connection. The library creates and frees it: the pointer is valid from the completed callback
/// until the closed callback has returned, or longer with yolanda_connection_retain() of yolanda.h.
/// The library keeps more data after these fields. Except for sends and tcp_connection_shutdown(), a
/// connection may be used only on its loop's thread.
#[repr(C)]
pub struct tcp_connection {
    /// The loop whose thread owns the connection.
    pub eventLoop: Cell<*mut event_loop>,
    /// The connection's channel; `channel->fd` is the socket.
    pub channel: Cell<*mut channel>,
    /// "connection-FD".
    pub name: Cell<*mut c_char>,
    /// Bytes that have been received and not yet consumed. Pointers into it are valid until the
    /// message callback returns.
    pub input_buffer: Cell<*mut buffer>,
    /// Bytes that wait to be sent. Their number shows how far the peer lags behind.
    pub output_buffer: Cell<*mut buffer>,
    /// May be NULL, like the next three.
    pub connectionCompletedCallBack: Cell<connection_completed_call_back>,
    /// Called when bytes have been received.
    pub messageCallBack: Cell<message_call_back>,
    /// Called when everything that was queued has been sent.
    pub writeCompletedCallBack: Cell<write_completed_call_back>,
    /// Called once, as the last callback.
    pub connectionClosedCallBack: Cell<connection_closed_call_back>,
    /// Yours. Its initial value is that of tcp_server_set_data().
    pub data: Cell<*mut c_void>,
    /// Belongs to the HTTP server.
    pub request: Cell<*mut c_void>,
    /// Belongs to the HTTP server.
    pub response: Cell<*mut c_void>,
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
