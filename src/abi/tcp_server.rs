use core::ffi::{c_int, c_void};

use super::acceptor::acceptor;
use super::buffer::buffer;
use super::event_loop::event_loop;
use super::tcp_connection::tcp_connection;
use super::thread_pool::thread_pool;

/// Called once for a new connection, on the accepting thread, before the connection can receive
/// anything. `tcpConnection->data` is set already. What it returns is ignored, here and below.
pub type connection_completed_call_back =
    Option<unsafe extern "C-unwind" fn(tcpConnection: *mut tcp_connection) -> c_int>;

/// Called on the connection's thread whenever bytes have arrived. Consume them by moving the
/// buffer's `readIndex`; what is left is there again next time, followed by the new bytes.
pub type message_call_back = Option<
    unsafe extern "C-unwind" fn(buffer: *mut buffer, tcpConnection: *mut tcp_connection) -> c_int,
>;

/// Called on the connection's thread when everything that a socket didn't take at once has been
/// sent.
pub type write_completed_call_back =
    Option<unsafe extern "C-unwind" fn(tcpConnection: *mut tcp_connection) -> c_int>;

/// Called once, on the connection's thread, for every connection whose completed callback ran.
/// `channel->fd`, `name` and `data` can still be read; when it returns, the library closes the
/// descriptor and frees the connection.
pub type connection_closed_call_back =
    Option<unsafe extern "C-unwind" fn(tcpConnection: *mut tcp_connection) -> c_int>;

/// A TCP server. From tcp_server_init(); the library keeps more behind these fields. They belong to
/// the thread of its loop and may be changed there at any time.
#[repr(C)]
pub struct TCPserver {
    /// The port that it listens on.
    pub port: c_int,
    /// The loop that accepts.
    pub eventLoop: *mut event_loop,
    /// The listening socket.
    pub acceptor: *mut acceptor,
    /// May be NULL, as the three below. New connections get what stands here.
    pub connectionCompletedCallBack: connection_completed_call_back,
    /// Called when bytes have arrived.
    pub messageCallBack: message_call_back,
    /// Called when everything that was held back has been sent.
    pub writeCompletedCallBack: write_completed_call_back,
    /// Called once, last.
    pub connectionClosedCallBack: connection_closed_call_back,
    /// How many threads serve connections; 0: the accepting one.
    pub threadNum: c_int,
    /// Those threads.
    pub threadPool: *mut thread_pool,
    /// What every new connection's `data` begins as.
    pub data: *mut c_void,
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

/// Makes a server on a listening socket, with `threadNum` threads for its connections (0: the loop's
/// own thread). It serves after tcp_server_start() as long as the loop runs, until it is freed by
/// yolanda_server_free() or with its loop.
///
/// Returns NULL with errno when memory is out, or a loop or acceptor is NULL.
///
/// # Safety
/// The acceptor lives as long as the server. Callbacks may be NULL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_server_init(
    eventLoop: *mut event_loop,
    acceptor: *mut acceptor,
    connectionCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threadNum: c_int,
) -> *mut TCPserver {
    jump_to!(crate::reactor::tcp_server::tcp_server_init)
}

/// Starts the threads, makes the listening socket non-blocking and begins to accept; clients are
/// served as soon as the loop runs.
///
/// # Safety
/// `tcpServer` is NULL or a server; only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_server_start(tcpServer: *mut TCPserver) {
    jump_to!(crate::reactor::tcp_server::tcp_server_start)
}

/// Sets what `data` of every connection accepted from now on begins as. The pointer is yours; the
/// library only hands it on.
///
/// # Safety
/// `tcpServer` is NULL or a server; only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_server_set_data(tcpServer: *mut TCPserver, data: *mut c_void) {
    jump_to!(crate::reactor::tcp_server::tcp_server_set_data)
}
