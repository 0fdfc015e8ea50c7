use core::ffi::c_int;

use super::buffer::buffer;
use super::event_loop::event_loop;
use super::http_request::http_request;
use super::http_response::http_response;
use super::tcp_server::TCPserver;

/// Called on the connection's thread for every complete request; fills in the response. What it
/// returns is ignored. Both structs are the library's and valid until it returns.
pub type request_callback = Option<
    unsafe extern "C-unwind" fn(
        httpRequest: *mut http_request,
        httpResponse: *mut http_response,
    ) -> c_int,
>;

/// An HTTP/1.1 server. From http_server_new(); the library keeps more behind these fields.
#[repr(C)]
pub struct http_server {
    /// The server that it runs on.
    pub tcpServer: *mut TCPserver,
    /// May be replaced at any time on the loop's thread; with NULL, and without routes (yolanda.h), every
    /// answer is a 500.
    pub requestCallback: request_callback,
}

assert_layout!(http_server, 16;
    tcpServer: 0, 8;
    requestCallback: 8, 8;
);

/// Makes an HTTP server that listens on the port (0: any free one), with `threadNum` threads beside
/// the loop's own. It serves after http_server_start() as long as the loop runs.
///
/// It is yours, to be freed by yolanda_http_server_free(), or else freed with its loop.
///
/// Returns NULL with errno when memory is out or the loop is NULL. If the port can't be had it exits
/// as acceptor_init().
///
/// # Safety
/// `eventLoop` is NULL or a loop of the calling thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn http_server_new(
    eventLoop: *mut event_loop,
    port: c_int,
    requestCallback: request_callback,
    threadNum: c_int,
) -> *mut http_server {
    jump_to!(crate::http::http_server::http_server_new)
}

/// Starts the threads and begins to accept.
///
/// # Safety
/// `httpServer` is NULL or a server; only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn http_server_start(httpServer: *mut http_server) {
    jump_to!(crate::http::http_server::http_server_start)
}

/// Reads a request from a buffer, as far as its bytes go, and consumes them. Call it again with more
/// bytes until `current_state` is REQUEST_DONE.
///
/// Returns 1, or 0 when the bytes aren't HTTP (or for NULL).
///
/// # Safety
/// `input` is NULL or a buffer, `httpRequest` NULL or a request.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn parse_http_request(
    input: *mut buffer,
    httpRequest: *mut http_request,
) -> c_int {
    jump_to!(crate::http::http_server::parse_http_request)
}
