//! The types of yolanda.h for responses.

#![forbid(unsafe_code)]

use crate::abi::http_response::http_response;
use core::ffi::{c_int, c_void};

/// An event of yolanda_http_stream_callback: everything written so far has been sent, and you can
/// write more.
pub const YOLANDA_HTTP_WRITABLE: c_int = 1;

/// An event of both callbacks of a deferred response: the connection has ended.
pub const YOLANDA_HTTP_CLOSED: c_int = 2;

/// An event of yolanda_http_closed_callback: the client has shut down its sending side.
pub const YOLANDA_HTTP_HALF_CLOSED: c_int = 3;

/// Called on the connection's thread for a deferred response: with YOLANDA_HTTP_WRITABLE soon after
/// the callback was set, and then whenever everything written since the last call has been sent; with
/// YOLANDA_HTTP_CLOSED once, when the connection has ended, even if it ended before the callback was
/// set. The response remains yours in that case: call yolanda_http_response_send() all the same,
/// which frees it. After that has returned, the callback isn't called, whatever happens to the
/// connection, the server or the loop.
pub type yolanda_http_stream_callback = Option<
    unsafe extern "C-unwind" fn(httpResponse: *mut http_response, event: c_int, data: *mut c_void),
>;

/// Called on the connection's thread when the client of a deferred response leaves before it has
/// received its response.
///
/// YOLANDA_HTTP_CLOSED: the connection has ended. The client has reset it, a write has failed, a
/// deadline has passed, or its server or loop has ended. Nothing can be sent any more.
///
/// YOLANDA_HTTP_HALF_CLOSED, before that: the client has shut down its sending side. If a client has
/// closed its socket, TCP shows no more than this until something is sent to it. But a client may
/// also shut down its sending side and wait for the response, so the connection stays open and the
/// response is sent. The program decides whether to abort a computation or to continue.
///
/// Each event is reported at most once, even if it happened before the callback was set. If both are
/// due, only YOLANDA_HTTP_CLOSED is reported. The response remains yours: call
/// yolanda_http_response_send() all the same, which frees it. After that has returned, the callback
/// isn't called.
pub type yolanda_http_closed_callback = Option<
    unsafe extern "C-unwind" fn(httpResponse: *mut http_response, event: c_int, data: *mut c_void),
>;
