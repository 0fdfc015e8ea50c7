use crate::abi::types::acceptor;
use crate::abi::types::event_loop;
use crate::abi::types::{
    TCPserver, connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use core::ffi::{c_int, c_void};

/// Makes a server for a listening socket, with `threadNum` threads for its connections (0: the loop's
/// own thread). It serves from tcp_server_start() on while the loop runs. It is freed by
/// yolanda_server_free() or with its loop.
///
/// Returns NULL with errno: EINVAL for a NULL loop or acceptor, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop of the calling thread. The acceptor must stay valid as long as the
/// server. Any callback may be NULL.
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

/// Starts the threads, makes the listening socket non-blocking and begins to accept. Clients are served
/// as soon as the loop runs.
///
/// # Safety
/// `tcpServer` is NULL or a server that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_server_start(tcpServer: *mut TCPserver) {
    jump_to!(crate::reactor::tcp_server::tcp_server_start)
}

/// Sets the initial `data` of every connection accepted from now on. The library only passes the
/// pointer on.
///
/// # Safety
/// `tcpServer` is NULL or a server that hasn't been freed. `data` stays yours. Call it only on the
/// loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn tcp_server_set_data(tcpServer: *mut TCPserver, data: *mut c_void) {
    jump_to!(crate::reactor::tcp_server::tcp_server_set_data)
}
