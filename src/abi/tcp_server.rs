//! The types of lib/tcp_server.h.

#![forbid(unsafe_code)]

use crate::abi::acceptor::acceptor;
use crate::abi::buffer::buffer;
use crate::abi::event_loop::event_loop;
use crate::abi::tcp_connection::tcp_connection;
use crate::abi::thread_pool::thread_pool;
use core::cell::Cell;
use core::ffi::{c_int, c_void};

/// Called once for a new connection, on the accepting thread, before the connection can receive
/// anything. `tcpConnection->data` is already set. The return value is ignored, here and below.
pub type connection_completed_call_back =
    Option<unsafe extern "C-unwind" fn(tcpConnection: *mut tcp_connection) -> c_int>;

/// Called on the connection's thread whenever bytes have been received. Consume them by advancing the
/// buffer's `readIndex`. Unconsumed bytes are still there in the next call, followed by new ones.
pub type message_call_back = Option<
    unsafe extern "C-unwind" fn(buffer: *mut buffer, tcpConnection: *mut tcp_connection) -> c_int,
>;

/// Called on the connection's thread when all bytes that the socket didn't take at once have been
/// sent.
pub type write_completed_call_back =
    Option<unsafe extern "C-unwind" fn(tcpConnection: *mut tcp_connection) -> c_int>;

/// Called once, on the connection's thread, for every connection whose completed callback was called.
/// `channel->fd`, `name` and `data` can still be read. When it returns, the library closes the
/// descriptor and frees the connection.
pub type connection_closed_call_back =
    Option<unsafe extern "C-unwind" fn(tcpConnection: *mut tcp_connection) -> c_int>;

/// A TCP server. It comes from tcp_server_init() or a function of yolanda.h; the library keeps more
/// data after these fields. They may be used and changed at any time on the thread of the server's
/// loop.
#[repr(C)]
pub struct TCPserver {
    /// The port that it listens on.
    pub port: Cell<c_int>,
    /// The loop that accepts connections.
    pub eventLoop: Cell<*mut event_loop>,
    /// The listening socket.
    pub acceptor: Cell<*mut acceptor>,
    /// May be NULL, like the next three. New connections get the current values.
    pub connectionCompletedCallBack: Cell<connection_completed_call_back>,
    /// Called when bytes have been received.
    pub messageCallBack: Cell<message_call_back>,
    /// Called when all queued bytes have been sent.
    pub writeCompletedCallBack: Cell<write_completed_call_back>,
    /// Called once, as the last callback.
    pub connectionClosedCallBack: Cell<connection_closed_call_back>,
    /// The number of threads that serve connections. If 0, the accepting thread serves them.
    pub threadNum: Cell<c_int>,
    /// Those threads.
    pub threadPool: Cell<*mut thread_pool>,
    /// The initial `data` of every new connection.
    pub data: Cell<*mut c_void>,
}

assert_layout!(TCPserver, 80;
    port: 0, 4;
    eventLoop: 8, 8;
    acceptor: 16, 8;
    connectionCompletedCallBack: 24, 8;
    messageCallBack: 32, 8;
    writeCompletedCallBack: 40, 8;
    connectionClosedCallBack: 48, 8;
    threadNum: 56, 4;
    threadPool: 64, 8;
    data: 72, 8;
);
