use core::ffi::{c_char, c_int};

use super::buffer::buffer;
use super::types::HttpStatusCode_t;

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
    pub statusCode: HttpStatusCode_t,
    /// The text behind the code; may be NULL.
    pub statusMessage: *mut c_char,
    /// The value of Content-Type; not sent when NULL.
    pub contentType: *mut c_char,
    /// The body, ending with a NUL; NULL is an empty one.
    pub body: *mut c_char,
    /// Room for 128 headers.
    pub response_headers: *mut response_header,
    /// How many of them are set.
    pub response_headers_number: c_int,
    /// 1 closes the connection after this response, whatever the name says.
    pub keep_connected: c_int,
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

/// Makes an empty response with room for 128 headers.
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_response_new() -> *mut http_response {
    jump_to!(crate::http::http_response::http_response_new)
}

/// Appends the response as it goes over the wire: status line, Content-Type if set, Content-Length,
/// Connection, the other headers, an empty line, the body. On failure (NULL, no memory) nothing is
/// appended and an error is logged.
///
/// # Safety
/// The strings that are set end with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_response_encode_buffer(
    httpResponse: *mut http_response,
    buffer: *mut buffer,
) {
    jump_to!(crate::http::http_response::http_response_encode_buffer)
}
