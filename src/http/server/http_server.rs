//! The HTTP server: a TCP server whose callbacks read requests and send the program's answers.

use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

use super::connection;
use super::exchange;
use super::scratch;
use super::server_state;
use crate::abi::types::{
    TCPserver, buffer, event_loop, http_request, http_server, request_callback, tcp_connection,
};
use crate::http::message::request::parse;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::Limits;
use crate::log::CText;
use crate::reactor::acceptor::acceptor_init;
use crate::reactor::event_loop::create::mine;
use crate::reactor::tcp_server;
use crate::reactor::tcp_server::{tcp_server_init, tcp_server_set_data, tcp_server_start};
use crate::sys::{errno, fd};

unsafe extern "C-unwind" fn connection_completed(conn: *mut tcp_connection) -> c_int {
    log_msg!("connection completed");
    // SAFETY: a connection of this server's that nobody else has yet; without memory it is made later.
    unsafe { connection::make(conn) };
    0
}

unsafe extern "C-unwind" fn message(input: *mut buffer, conn: *mut tcp_connection) -> c_int {
    // SAFETY: the reactor calls this on the connection's thread, with the connection's own input.
    unsafe {
        log_msg!("get message from tcp connection {}", CText((*conn).name.get()));
        exchange::serve(input, conn);
    }
    0
}

unsafe extern "C-unwind" fn write_completed(conn: *mut tcp_connection) -> c_int {
    log_msg!("write completed");
    // SAFETY: the reactor calls this on the connection's thread.
    unsafe { exchange::drained(conn) };
    0
}

unsafe extern "C-unwind" fn connection_closed(conn: *mut tcp_connection) -> c_int {
    log_msg!("connection closed");
    // SAFETY: the reactor calls this once, on the connection's thread, before it frees it.
    unsafe { exchange::forget(conn) };
    0
}

/// The peer of a connection that owes it an answer sends no more.
///
/// # Safety
/// An open connection on its thread, within a pass.
pub unsafe fn half_closed(conn: *mut tcp_connection) {
    // SAFETY: only connections of an HTTP server have its state in their field.
    unsafe {
        if serves(conn) {
            exchange::half_closed(conn);
        }
    }
}

/// Whether a connection's requests are being answered further down on the stack.
///
/// # Safety
/// An open connection on its thread.
pub unsafe fn is_answering(conn: *mut tcp_connection) -> bool {
    // SAFETY: only connections of an HTTP server have its state in their field.
    unsafe { serves(conn) && exchange::is_answering(conn) }
}

/// Frees what a loop that ends kept for its requests.
///
/// # Safety
/// `slot` is the loop's place for it, and nothing uses what is in it.
pub unsafe fn free_loop_state(slot: *mut *mut c_void) {
    // SAFETY: handed on.
    unsafe { scratch::empty(slot) }
}

/// Whether all callbacks of a connection are this server's own: no code of the program has it.
///
/// # Safety
/// `conn` is a live connection.
pub unsafe fn serves(conn: *const tcp_connection) -> bool {
    // SAFETY: only the addresses of the callbacks are compared.
    unsafe {
        (*conn).messageCallBack.get().map(|f| f as usize) == Some(message as *const () as usize)
            && (*conn).connectionClosedCallBack.get().map(|f| f as usize)
                == Some(connection_closed as *const () as usize)
    }
}

pub unsafe extern "C-unwind" fn http_server_new(
    eventLoop: *mut event_loop,
    port: c_int,
    requestCallback: request_callback,
    threadNum: c_int,
) -> *mut http_server {
    if eventLoop.is_null() {
        log_err!("http_server_new: no event loop");
        return null_mut();
    }
    // SAFETY: the caller's loop; a server that can't be made leaves nothing behind.
    unsafe {
        let server = server_state::allocate(requestCallback);
        if server.is_null() {
            log_err!("http_server_new: no memory");
            return null_mut();
        }
        let acceptor = acceptor_init(port);
        let tcp_server = match acceptor.is_null() {
            true => null_mut(),
            false => tcp_server_init(
                eventLoop,
                acceptor,
                Some(connection_completed),
                Some(message),
                Some(write_completed),
                Some(connection_closed),
                threadNum,
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
        server.cast()
    }
}

/// Joins the two: from now on the HTTP server's memory goes with the TCP server's.
unsafe fn stand_on(server: *mut HttpServer, tcp_server: *mut TCPserver) {
    // SAFETY: two fresh servers, on their loop's thread.
    unsafe {
        (*server).public.tcpServer.set(tcp_server);
        tcp_server_set_data(tcp_server, server.cast());
        tcp_server::disposes(tcp_server, server.cast(), server_state::dispose);
    }
}

pub unsafe extern "C-unwind" fn yolanda_http_server_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    requestCallback: request_callback,
    threads: c_int,
) -> *mut http_server {
    // SAFETY: the caller's loop and text; a server that can't be made leaves nothing behind.
    unsafe {
        if !mine("yolanda_http_server_new", eventLoop) {
            return null_mut();
        }
        let server = server_state::allocate(requestCallback);
        if server.is_null() {
            errno::set(libc::ENOMEM);
            return null_mut();
        }
        let tcp_server = tcp_server::yolanda_server_new(
            eventLoop,
            address,
            Some(connection_completed),
            Some(message),
            Some(write_completed),
            Some(connection_closed),
            threads,
        );
        if tcp_server.is_null() {
            let _keep = errno::Keep::new();
            libc::free(server.cast());
            return null_mut();
        }
        stand_on(server, tcp_server);
        server.cast()
    }
}

pub unsafe extern "C-unwind" fn http_server_start(httpServer: *mut http_server) {
    if httpServer.is_null() {
        log_err!("http_server_start: no server");
        return;
    }
    // SAFETY: the caller's server.
    unsafe { tcp_server_start((*httpServer).tcpServer.get()) };
}

pub unsafe extern "C-unwind" fn parse_http_request(
    input: *mut buffer,
    httpRequest: *mut http_request,
) -> c_int {
    if input.is_null() || httpRequest.is_null() {
        log_err!("parse_http_request: no buffer or no request");
        return 0;
    }
    // SAFETY: the caller's objects.
    unsafe { c_int::from(parse(input, httpRequest.cast(), &Limits::DEFAULT).is_ok()) }
}
