//! The functions of lib/tcp_server.h.

use crate::abi::types::acceptor;
use crate::abi::types::event_loop;
use crate::abi::types::{
    TCPserver, connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use crate::exports::check;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_server::Server;
use crate::sys::errno;
use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};

/// Returns a new server, or NULL with errno.
pub(super) fn made(server: Result<NonNull<Server>, c_int>) -> *mut TCPserver {
    match server {
        Ok(server) => server.as_ptr().cast(),
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
    }
}

/// Makes a server for a listening socket, with `threadNum` threads for its connections (0: the loop's
/// own thread). It serves clients after tcp_server_start(), while the loop runs. It is freed by
/// yolanda_server_free() or with its loop.
///
/// Returns NULL with errno: EINVAL for a NULL loop or acceptor, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. The acceptor must stay valid as long as
/// the server. Any callback may be NULL. Call it only on the loop's thread, which isn't checked.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_server_init(
    eventLoop: *mut event_loop,
    acceptor: *mut acceptor,
    connectionCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    threadNum: c_int,
) -> *mut TCPserver {
    let l = unchecked_loop!(eventLoop, "tcp_server_init", ptr::null_mut());
    let Some(acceptor) = NonNull::new(acceptor) else {
        check::refuse("tcp_server_init: no acceptor");
        return ptr::null_mut();
    };
    let callbacks = Callbacks {
        completed: connectionCallBack,
        message: messageCallBack,
        write_completed: writeCompletedCallBack,
        closed: connectionClosedCallBack,
    };
    // SAFETY: the header requires that the acceptor stays valid as long as the server.
    made(unsafe { Server::on_acceptor(l, acceptor, &callbacks, threadNum) })
}

/// Starts the threads, makes the listening socket non-blocking and begins to accept. Clients are served
/// as soon as the loop runs. A failure is an `[err]` line, with errno EINVAL (its acceptor is NULL) or
/// ESHUTDOWN (it was stopped) for example; yolanda_server_start() returns it.
///
/// # Safety
/// `tcpServer` is NULL or a server that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_server_start(tcpServer: *mut TCPserver) {
    server!(tcpServer, "tcp_server_start").start_or_renew();
}

/// Sets the initial `data` of every connection that is accepted from now on. The library only stores
/// and passes the pointer.
///
/// # Safety
/// `tcpServer` is NULL or a server that hasn't been freed. `data` remains yours. Call it only on the
/// loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn tcp_server_set_data(tcpServer: *mut TCPserver, data: *mut c_void) {
    server!(tcpServer, "tcp_server_set_data").set_data(data);
}
