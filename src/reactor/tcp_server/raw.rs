//! Functions with pointers, for the folders that have no references yet.

use super::{Callbacks, Dispose, Server};
use crate::abi::types::{
    TCPserver, acceptor, connection_closed_call_back, connection_completed_call_back, event_loop,
    message_call_back, tcp_connection, write_completed_call_back,
};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::protocol::Protocol;
use crate::sys::errno;
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::ptr::{self, NonNull};

fn made(server: Result<NonNull<Server>, c_int>) -> *mut TCPserver {
    server.map_or_else(
        |e| {
            errno::set(e);
            ptr::null_mut()
        },
        |server| server.as_ptr().cast(),
    )
}

/// # Safety
/// As for `Server::on_acceptor`, with a live loop.
pub unsafe fn tcp_server_init(
    l: *mut event_loop,
    acceptor: *mut acceptor,
    completed: connection_completed_call_back,
    message: message_call_back,
    written: write_completed_call_back,
    closed: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    let callbacks = Callbacks { completed, message, written, closed };
    // SAFETY: a live loop; the caller's acceptor, which isn't NULL.
    made(unsafe {
        let acceptor = NonNull::new_unchecked(acceptor);
        Server::on_acceptor(Loop::from_c(l), acceptor, &callbacks, threads)
    })
}

/// # Safety
/// A live loop, on its thread; NULL or a NUL-terminated string.
pub unsafe fn yolanda_server_new(
    l: *mut event_loop,
    address: *const c_char,
    completed: connection_completed_call_back,
    message: message_call_back,
    written: write_completed_call_back,
    closed: connection_closed_call_back,
    threads: c_int,
) -> *mut TCPserver {
    if address.is_null() || threads < 0 {
        return made(Err(libc::EINVAL));
    }
    let callbacks = Callbacks { completed, message, written, closed };
    // SAFETY: a live loop, a NUL-terminated string.
    made(unsafe {
        let address = CStr::from_ptr(address).to_bytes();
        Server::on_address(Loop::from_c(l), address, &callbacks, threads)
    })
}

/// The server, where it may be used on this thread: else None, with errno.
///
/// # Safety
/// NULL or a live server.
unsafe fn usable<'a>(what: &str, server: *mut TCPserver) -> Option<&'a Server> {
    if server.is_null() {
        log_err!("{}: no server", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: a live server.
    let server = unsafe { Server::from_public(server) };
    if !server.is_own_thread() {
        errno::set(libc::EPERM);
        return None;
    }
    Some(server)
}

/// # Safety
/// NULL or a live server.
pub unsafe fn yolanda_server_start(server: *mut TCPserver) -> c_int {
    // SAFETY: NULL or a live server.
    match unsafe { usable("yolanda_server_start", server) } {
        Some(server) => server.start().map_or_else(errno::fail, |()| 0),
        None => -1,
    }
}

/// # Safety
/// As for `Server::free`, or NULL.
pub unsafe fn yolanda_server_free(server: *mut TCPserver) -> c_int {
    // SAFETY: NULL or a live server, which its owner gives up.
    unsafe {
        match usable("yolanda_server_free", server) {
            Some(server) => Server::free(NonNull::from(server)).map_or_else(errno::fail, |()| 0),
            None => -1,
        }
    }
}

/// # Safety
/// NULL or a live server.
pub unsafe fn tcp_server_start(server: *mut TCPserver) {
    if server.is_null() {
        log_err!("tcp_server_start: no server");
        return errno::set(libc::EINVAL);
    }
    // SAFETY: a live server.
    unsafe { Server::from_public(server) }.start_or_renew();
}

/// # Safety
/// A live server.
pub unsafe fn tcp_server_set_data(server: *mut TCPserver, data: *mut c_void) {
    // SAFETY: a live server.
    unsafe { Server::from_public(server) }.set_data(data);
}

/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn is_ending(conn: *const tcp_connection) -> bool {
    // SAFETY: the library made the connection, which is live for the call.
    unsafe { Connection::from_c(conn.cast_mut()) }.has_ending_server()
}

/// # Safety
/// As for `Server::from_public`.
pub unsafe fn has_started(server: *mut TCPserver) -> bool {
    // SAFETY: a server of the library, kept by the caller.
    unsafe { Server::from_public(server) }.has_started()
}

/// # Safety
/// As for `Server::from_public`.
pub unsafe fn is_freed(server: *mut TCPserver) -> bool {
    // SAFETY: a server of the library, kept by the caller.
    unsafe { Server::from_public(server) }.is_freed()
}

/// # Safety
/// As for `Server::own_acceptor`.
pub unsafe fn own_acceptor(server: *mut TCPserver) {
    // SAFETY: a fresh server of the library.
    unsafe { Server::from_public(server).own_acceptor() }
}

/// # Safety
/// As for `Server::from_public`.
pub unsafe fn speaks(server: *mut TCPserver, protocol: &'static Protocol) {
    // SAFETY: a fresh server of the library.
    unsafe { Server::from_public(server) }.speaks(protocol);
}

/// # Safety
/// As for `Server::disposes`.
pub unsafe fn disposes(server: *mut TCPserver, block: *mut c_void, dispose: Dispose) {
    // SAFETY: a fresh server of the library.
    unsafe { Server::from_public(server).disposes(block, dispose) }
}
