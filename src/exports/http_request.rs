use crate::abi::types::http_request;
use crate::abi::types::http_request_state_t;
use core::ffi::{c_char, c_int};

/// Makes an empty request. Release it with http_request_clear().
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
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
/// `httpRequest` is NULL or a request from http_request_new(). It must not be used again.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_clear(httpRequest: *mut http_request) {
    jump_to!(crate::http::message::http_request::http_request_clear)
}

/// Empties the request for the next one; its strings must not be used again. It does nothing for a
/// request of a server whose body hasn't been read completely.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_reset(httpRequest: *mut http_request) {
    jump_to!(crate::http::message::http_request::http_request_reset)
}

/// Adds a header. Both strings are copied; NULL counts as empty.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses. Both strings are NULL or
/// NUL-terminated.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_add_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
    value: *mut c_char,
) {
    jump_to!(crate::http::message::http_request::http_request_add_header)
}

/// Looks up a header by its name, ignoring case.
///
/// Returns the value of the first header with that name, which belongs to the request, or NULL if there
/// is none.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses. `key` is NULL or a
/// NUL-terminated string.
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
/// `httpRequest` is NULL or a request that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_current_state(
    httpRequest: *mut http_request,
) -> http_request_state_t {
    jump_to!(crate::http::message::http_request::http_request_current_state)
}

/// Returns 1 if the connection is to be closed after the response, 0 if it stays open, and -1 for NULL.
/// With HTTP/1.1 it stays open unless the client sends `Connection: close`; with HTTP/1.0 it is closed
/// unless the client sends `Connection: keep-alive`.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_request_close_connection(httpRequest: *mut http_request) -> c_int {
    jump_to!(crate::http::message::http_request::http_request_close_connection)
}
