//! The types of yolanda.h for request bodies.

#![forbid(unsafe_code)]

use crate::abi::http_request::http_request;
use core::ffi::{c_char, c_int, c_void};

/// An event of yolanda_http_body_callback: the next bytes of the body.
pub const YOLANDA_HTTP_BODY_PART: c_int = 1;

/// An event of yolanda_http_body_callback, the final one: the body is complete.
pub const YOLANDA_HTTP_BODY_COMPLETE: c_int = 2;

/// An event of yolanda_http_body_callback, the final one: the body is incomplete, and the rest won't
/// arrive.
pub const YOLANDA_HTTP_BODY_CUT: c_int = 3;

/// Called on the connection's thread when the head of a request has arrived, before its body is read
/// and before `100 Continue` is sent. The request has its route's parameters, but no body yet. The
/// callback may call yolanda_http_request_stream_body(), yolanda_http_request_refuse() or
/// yolanda_http_request_refuse_with(). If it calls none of them, the body is collected within the
/// server's limits, as without this callback. `data` is that of yolanda_http_server_set_head_callback()
/// or yolanda_http_server_set_route_head_callback().
pub type yolanda_http_head_callback =
    Option<unsafe extern "C-unwind" fn(httpRequest: *mut http_request, data: *mut c_void)>;

/// Called on the connection's thread with a body as it arrives, in parts of any size, without the
/// framing of chunks: YOLANDA_HTTP_BODY_PART with `length` bytes, at least 1, which are valid until
/// the callback returns or runs the loop. The final call always comes, exactly once, with NULL and 0.
/// It is YOLANDA_HTTP_BODY_COMPLETE, or YOLANDA_HTTP_BODY_CUT if the client has gone, is too slow, or
/// sends something malformed or too much, if the request was refused, or if the connection or the
/// server is closed or freed. After the 408 of a deadline it comes when the connection has ended.
/// `data` is that of yolanda_http_request_stream_body() and must be valid until the final call.
pub type yolanda_http_body_callback = Option<
    unsafe extern "C-unwind" fn(
        httpRequest: *mut http_request,
        bytes: *const c_char,
        length: usize,
        event: c_int,
        data: *mut c_void,
    ),
>;
