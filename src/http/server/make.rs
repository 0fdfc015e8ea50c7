//! Makes HTTP servers: each stands on a TCP server, whose callbacks it has.

use core::ffi::{c_char, c_int};
use core::ptr::null_mut;

use crate::abi::types::{TCPserver, event_loop, http_server, request_callback};
use crate::http::server::protocol::HTTP;
use crate::http::server::server_state::{self, HttpServer};
use crate::reactor::acceptor::acceptor_init;
use crate::reactor::tcp_server;
use crate::reactor::tcp_server::{tcp_server_init, tcp_server_set_data};
use crate::sys::{errno, fd};

/// A server on a port (0: any free one); NULL when memory is out. Without the port the process ends, as the
/// original does.
///
/// # Safety
/// `l` is a live loop, on its thread.
pub unsafe fn on_port(
    l: *mut event_loop,
    port: c_int,
    callback: request_callback,
    threads: c_int,
) -> *mut http_server {
    let server = server_state::allocate(callback);
    if server.is_null() {
        log_err!("http_server_new: no memory");
        return null_mut();
    }
    // SAFETY: the loop is live, the server fresh; what can't be used is freed here, and known to nobody.
    unsafe {
        let acceptor = acceptor_init(port);
        let tcp_server = match acceptor.is_null() {
            true => null_mut(),
            false => tcp_server_init(
                l,
                acceptor,
                HTTP.completed,
                HTTP.message,
                HTTP.write_completed,
                HTTP.closed,
                threads,
            ),
        };
        if tcp_server.is_null() {
            log_err!("http_server_new: no server on port {}", port);
            if !acceptor.is_null() {
                fd::close((*acceptor).listen_fd.get());
                libc::free(acceptor.cast());
            }
            libc::free(server.cast());
            return null_mut();
        }
        tcp_server::own_acceptor(tcp_server);
        stand_on(server, tcp_server);
    }
    server.cast()
}

/// A server on an address of `yolanda_server_new`; NULL with errno.
///
/// # Safety
/// `l` is a live loop, on its thread; the address is NULL or ends with a NUL.
pub unsafe fn on_address(
    l: *mut event_loop,
    address: *const c_char,
    callback: request_callback,
    threads: c_int,
) -> *mut http_server {
    let server = server_state::allocate(callback);
    if server.is_null() {
        errno::set(libc::ENOMEM);
        return null_mut();
    }
    // SAFETY: the loop is live, the server fresh and known to nobody where it is freed.
    unsafe {
        let tcp_server = tcp_server::yolanda_server_new(
            l,
            address,
            HTTP.completed,
            HTTP.message,
            HTTP.write_completed,
            HTTP.closed,
            threads,
        );
        if tcp_server.is_null() {
            let _keep = errno::Keep::new();
            libc::free(server.cast());
            return null_mut();
        }
        stand_on(server, tcp_server);
    }
    server.cast()
}

/// Joins the two: from now on the HTTP server's memory goes with the TCP server's.
///
/// # Safety
/// Two fresh servers, on their loop's thread.
unsafe fn stand_on(server: *mut HttpServer, tcp_server: *mut TCPserver) {
    // SAFETY: nobody else knows either of them yet.
    unsafe {
        (*server).public.tcpServer.set(tcp_server);
        tcp_server_set_data(tcp_server, server.cast());
        tcp_server::speaks(tcp_server, &HTTP);
        tcp_server::disposes(tcp_server, server.cast(), server_state::dispose);
    }
}
