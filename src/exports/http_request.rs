use crate::abi::types::http_request;
use crate::abi::types::http_request_state_t;
use core::ffi::{c_char, c_int};

/// Makes an empty request. Release it with http_request_clear().
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_new() -> *mut http_request {
    jump_to!(crate::http::message::http_request::http_request_new)
}

/// Frees a request with its strings and headers. NULL is allowed.
///
/// # Safety
/// `httpRequest` comes from http_request_new() and isn't used again.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_clear(httpRequest: *mut http_request) {
    jump_to!(crate::http::message::http_request::http_request_clear)
}

/// Empties the request for the next one. Nothing, where the body of a server's request is still to come.
///
/// # Safety
/// The strings aren't used again.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_reset(httpRequest: *mut http_request) {
    jump_to!(crate::http::message::http_request::http_request_reset)
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
    jump_to!(crate::http::message::http_request::http_request_add_header)
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
    jump_to!(crate::http::message::http_request::http_request_get_header)
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
    jump_to!(crate::http::message::http_request::http_request_current_state)
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
    jump_to!(crate::http::message::http_request::http_request_close_connection)
}
