use crate::abi::types::buffer;
use crate::abi::types::event_loop;
use crate::abi::types::http_request;
use crate::abi::types::{http_server, request_callback};
use core::ffi::c_int;

/// Makes an HTTP server that listens on the port (0: any free port), with `threadNum` threads in
/// addition to the loop's own. It serves from http_server_start() on while the loop runs.
///
/// Returns the server, which is freed by yolanda_http_server_free() or with its loop. Returns NULL with
/// errno if the loop is NULL or memory runs out. If it can't listen on the port, it exits like
/// acceptor_init().
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

/// Starts the threads and begins to accept. On any thread but the loop's it exits like
/// assertInSameThread().
///
/// # Safety
/// `httpServer` is NULL or a server that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn http_server_start(httpServer: *mut http_server) {
    jump_to!(crate::http::server::http_server::http_server_start)
}

/// Reads a request from a buffer, as far as the buffer's bytes go, and consumes them. Call it again
/// with more bytes until `current_state` is REQUEST_DONE.
///
/// Returns 1, or 0 if the bytes aren't HTTP and for NULL.
///
/// # Safety
/// `input` is NULL or a buffer, `httpRequest` is NULL or a request; only the calling thread uses them.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C-unwind" fn parse_http_request(
    input: *mut buffer,
    httpRequest: *mut http_request,
) -> c_int {
    jump_to!(crate::http::server::http_server::parse_http_request)
}
