//! The functions of lib/http_server.h.

use crate::abi::types::buffer;
use crate::abi::types::event_loop;
use crate::abi::types::http_request;
use crate::abi::types::{http_server, request_callback};
use crate::http::message::request::Request;
use crate::http::server::make;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::Limits;
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use core::ffi::c_int;
use core::ptr::null_mut;

/// The server of a parameter; None with EINVAL for NULL.
///
/// # Safety
/// `server` is NULL or a live server.
pub(super) unsafe fn given<'a>(what: &str, server: *mut http_server) -> Option<&'a HttpServer> {
    // SAFETY: only the library makes servers, each of them as part of an HttpServer.
    let server = unsafe { server.cast::<HttpServer>().as_ref() };
    if server.is_none() {
        log_err!("{}: no server", what);
        errno::set(libc::EINVAL);
    }
    server
}

/// As `given`, for functions that only the thread of the server's loop may call. On any other thread
/// errno is EPERM.
///
/// # Safety
/// `server` is NULL or a live server.
pub(super) unsafe fn usable<'a>(what: &str, server: *mut http_server) -> Option<&'a HttpServer> {
    // SAFETY: by contract NULL or a live server, as `given` requires.
    let server = unsafe { given(what, server) }?;
    if !server.is_own_thread() {
        errno::set(libc::EPERM);
        return None;
    }
    Some(server)
}

/// What a function returns: 0, or -1 with errno.
pub(super) fn status(result: Result<(), c_int>) -> c_int {
    result.map_or_else(errno::fail, |()| 0)
}

/// Makes an HTTP server that listens on the port (0: any free port), with `threadNum` threads in
/// addition to the loop's own. It serves requests after http_server_start(), while the loop runs.
///
/// Returns the server, which is freed by yolanda_http_server_free() or with its loop. Returns NULL
/// with errno if the loop is NULL or memory runs out. If it can't listen on the port, it exits like
/// acceptor_init().
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread, which isn't checked.
#[unsafe(no_mangle)]
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
    // SAFETY: the pointer isn't NULL, so by the header it is a loop of the library that hasn't been
    // freed.
    let l = unsafe { Loop::from_c(eventLoop) };
    let server = make::on_port(l, port, requestCallback, threadNum);
    server.map_or(null_mut(), |server| server.as_ptr().cast())
}

/// Starts the threads and begins to accept connections. On any thread but the loop's it exits like
/// assertInSameThread().
///
/// # Safety
/// `httpServer` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_server_start(httpServer: *mut http_server) {
    // SAFETY: by contract NULL or a live server.
    match unsafe { httpServer.cast::<HttpServer>().as_ref() } {
        Some(server) => server.start_or_renew(),
        None => log_err!("http_server_start: no server"),
    }
}

/// Parses as much of a request as the buffer contains, and consumes it. Call it again with more bytes
/// until `current_state` is REQUEST_DONE.
///
/// Returns 1; 0 for NULL and if the bytes aren't valid HTTP.
///
/// # Safety
/// `input` is NULL or a buffer, `httpRequest` is NULL or a request; only the calling thread uses them.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn parse_http_request(
    input: *mut buffer,
    httpRequest: *mut http_request,
) -> c_int {
    if input.is_null() || httpRequest.is_null() {
        log_err!("parse_http_request: no buffer or no request");
        return 0;
    }
    // SAFETY: the header requires a live buffer and a live request of the library, which stay valid
    // until this returns.
    let (input, request) = unsafe { (&*input, Request::from_c(httpRequest)) };
    c_int::from(request.parse(input, &Limits::DEFAULT).is_ok())
}
