use crate::abi::types::HttpStatusCode_t;
use core::cell::Cell;
use core::ffi::{c_char, c_int};

/// The status codes that have a name; a response may have any other.
#[repr(C)]
pub enum HttpStatusCode {
    /// Not set: sent as 500.
    Unknown = 0,
    /// The answer follows.
    OK = 200,
    /// It is elsewhere.
    MovedPermanently = 301,
    /// Not understood.
    BadRequest = 400,
    /// Not there.
    NotFound = 404,
}

/// A header line of a response. Both strings are yours; the library reads them right after the
/// callback has returned, and never later.
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

/// An HTTP response, which the request callback fills in. Its strings are yours: the library reads
/// them right after the callback has returned, never later, and never frees them; so none may lie
/// on the callback's stack. It keeps more behind these fields: make one only with
/// http_response_new().
#[repr(C)]
pub struct http_response {
    /// The status code.
    pub statusCode: Cell<HttpStatusCode_t>,
    /// The text behind the code; may be NULL.
    pub statusMessage: Cell<*mut c_char>,
    /// The value of Content-Type; not sent when NULL.
    pub contentType: Cell<*mut c_char>,
    /// The body, ending with a NUL; NULL is an empty one.
    pub body: Cell<*mut c_char>,
    /// Room for 128 headers.
    pub response_headers: Cell<*mut response_header>,
    /// How many of them are set.
    pub response_headers_number: Cell<c_int>,
    /// 1 closes the connection after this response, whatever the name says.
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
