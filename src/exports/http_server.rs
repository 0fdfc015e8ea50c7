use crate::abi::types::buffer;
use crate::abi::types::event_loop;
use crate::abi::types::http_request;
use crate::abi::types::{http_server, request_callback};
use core::ffi::c_int;

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
    jump_to!(crate::http::server::http_server::http_server_new)
}

/// Starts the threads and begins to accept.
///
/// # Safety
/// `httpServer` is NULL or a server; only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn http_server_start(httpServer: *mut http_server) {
    jump_to!(crate::http::server::http_server::http_server_start)
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
    jump_to!(crate::http::server::http_server::parse_http_request)
}
