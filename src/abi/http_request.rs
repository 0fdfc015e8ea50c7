use core::ffi::{c_char, c_int};

use super::types::http_request_state_t;

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

/// A header line. Both strings end with a NUL, may be written to within their length, and belong to
/// the request until it is reset.
#[repr(C)]
pub struct request_header {
    /// The name, as the client wrote it.
    pub key: *mut c_char,
    /// The value, without blanks around it.
    pub value: *mut c_char,
}

assert_layout!(request_header, 16;
    key: 0, 8;
    value: 8, 8;
);

/// An HTTP request. Its strings end with a NUL, may be written to within their length, and belong to
/// the request until it is reset. The library keeps more behind these fields: make one only with
/// http_request_new().
#[repr(C)]
pub struct http_request {
    /// "HTTP/1.1" or "HTTP/1.0"; NULL before the request line has been read.
    pub version: *mut c_char,
    /// "GET", ...; NULL before the request line has been read.
    pub method: *mut c_char,
    /// Path and query as the client wrote them; "*" for "OPTIONS *"; NULL before the request line has been
    /// read. Of "http://host/path" a server's requests have "/path" here, and the host as the value of
    /// Host; those of http_request_new() have all of it.
    pub url: *mut c_char,
    /// How far the request has been read.
    pub current_state: http_request_state_t,
    /// The headers, `request_headers_number` of them.
    pub request_headers: *mut request_header,
    /// How many headers there are.
    pub request_headers_number: c_int,
}

assert_layout!(http_request, 48;
    version: 0, 8;
    method: 8, 8;
    url: 16, 8;
    current_state: 24, 4;
    request_headers: 32, 8;
    request_headers_number: 40, 4;
);

/// Makes an empty request. Release it with http_request_clear().
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_new() -> *mut http_request {
    jump_to!(crate::http::http_request::http_request_new)
}

/// Frees a request with its strings and headers. NULL is allowed.
///
/// # Safety
/// `httpRequest` comes from http_request_new() and isn't used again.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_clear(httpRequest: *mut http_request) {
    jump_to!(crate::http::http_request::http_request_clear)
}

/// Empties the request for the next one. Nothing, where the body of a server's request is still to come.
///
/// # Safety
/// The strings aren't used again.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_reset(httpRequest: *mut http_request) {
    jump_to!(crate::http::http_request::http_request_reset)
}

/// Adds a header. Both strings are copied.
///
/// # Safety
/// The strings are NULL, which counts as empty, or end with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_add_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
    value: *mut c_char,
) {
    jump_to!(crate::http::http_request::http_request_add_header)
}

/// Looks a header up by its whole name, ignoring case.
///
/// Returns the value of the first of that name, which belongs to the request, or NULL.
///
/// # Safety
/// `key` is NULL or ends with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_get_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
) -> *mut c_char {
    jump_to!(crate::http::http_request::http_request_get_header)
}

/// Returns how far the request has been read; REQUEST_STATUS for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_current_state(
    httpRequest: *mut http_request,
) -> http_request_state_t {
    jump_to!(crate::http::http_request::http_request_current_state)
}

/// Returns 1 when the connection is to be closed after the response, 0 when it stays open: HTTP/1.1
/// stays open unless the client says `Connection: close`, HTTP/1.0 closes unless it says
/// `Connection: keep-alive`. -1 for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_close_connection(httpRequest: *mut http_request) -> c_int {
    jump_to!(crate::http::http_request::http_request_close_connection)
}
