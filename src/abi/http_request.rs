//! The types of lib/http_request.h.

#![forbid(unsafe_code)]

use crate::abi::types::http_request_state_t;
use core::cell::Cell;
use core::ffi::{c_char, c_int};

/// How far a request has been read.
#[repr(C)]
pub enum http_request_state {
    /// The request line comes next.
    REQUEST_STATUS = 0,
    /// Header lines come next.
    REQUEST_HEADERS = 1,
    /// The body comes next.
    REQUEST_BODY = 2,
    /// The request is complete.
    REQUEST_DONE = 3,
}

/// A header of a request. Both strings are NUL-terminated, belong to the request until it is reset, and
/// may be modified within their length.
#[repr(C)]
pub struct request_header {
    /// The name as the client sent it.
    pub key: *mut c_char,
    /// The value without leading and trailing spaces.
    pub value: *mut c_char,
}

assert_layout!(request_header, 16;
    key: 0, 8;
    value: 8, 8;
);

/// An HTTP request. Its strings are NUL-terminated, belong to the request until it is reset, and may be
/// modified within their length. The library keeps more data after these fields: make a request only
/// with http_request_new().
#[repr(C)]
pub struct http_request {
    /// "HTTP/1.1" or "HTTP/1.0"; NULL before the request line has been read.
    pub version: Cell<*mut c_char>,
    /// "GET", ...; NULL before the request line has been read.
    pub method: Cell<*mut c_char>,
    /// The path and the query as the client sent them; "*" for "OPTIONS *"; NULL before the request
    /// line has been read. If a client sends "http://host/path", a server's requests have "/path" here
    /// and the host as the value of Host; those of http_request_new() have the whole text.
    pub url: Cell<*mut c_char>,
    /// How far the request has been read.
    pub current_state: Cell<http_request_state_t>,
    /// The headers, `request_headers_number` of them.
    pub request_headers: Cell<*mut request_header>,
    /// The number of headers.
    pub request_headers_number: Cell<c_int>,
}

assert_layout!(http_request, 48;
    version: 0, 8;
    method: 8, 8;
    url: 16, 8;
    current_state: 24, 4;
    request_headers: 32, 8;
    request_headers_number: 40, 4;
);
