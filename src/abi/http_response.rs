//! The types of lib/http_response.h.

#![forbid(unsafe_code)]

use crate::abi::types::HttpStatusCode_t;
use core::cell::Cell;
use core::ffi::{c_char, c_int};

/// The status codes that have a name. A response may have any other code.
#[repr(C)]
pub enum HttpStatusCode {
    /// Not set: sent as 500.
    Unknown = 0,
    /// The response follows.
    OK = 200,
    /// The resource has another URL.
    MovedPermanently = 301,
    /// The request wasn't understood.
    BadRequest = 400,
    /// There is no such resource.
    NotFound = 404,
}

/// A header of a response. Both strings remain yours; the library reads them right after the callback
/// has returned, and not later.
#[repr(C)]
pub struct response_header {
    /// The name.
    pub key: *mut c_char,
    /// The value.
    pub value: *mut c_char,
}

assert_layout!(response_header, 16;
    key: 0, 8;
    value: 8, 8;
);

/// An HTTP response, which the request callback fills in. Its strings remain yours: the library reads
/// them right after the callback has returned, not later, and never frees them. So none of them may
/// be on the callback's stack. The library keeps more data after these fields: create a response only
/// with http_response_new().
#[repr(C)]
pub struct http_response {
    /// The status code.
    pub statusCode: Cell<HttpStatusCode_t>,
    /// The text after the status code; may be NULL.
    pub statusMessage: Cell<*mut c_char>,
    /// The value of Content-Type. If NULL, the header isn't sent.
    pub contentType: Cell<*mut c_char>,
    /// The body, NUL-terminated. If NULL, the body is empty.
    pub body: Cell<*mut c_char>,
    /// An array of 128 headers.
    pub response_headers: Cell<*mut response_header>,
    /// The number of headers that are set.
    pub response_headers_number: Cell<c_int>,
    /// Despite its name, 1 closes the connection after this response.
    pub keep_connected: Cell<c_int>,
}

assert_layout!(http_response, 48;
    statusCode: 0, 4;
    statusMessage: 8, 8;
    contentType: 16, 8;
    body: 24, 8;
    response_headers: 32, 8;
    response_headers_number: 40, 4;
    keep_connected: 44, 4;
);
