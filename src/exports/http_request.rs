//! The functions of lib/http_request.h.

use crate::abi::types::http_request_state_t;
use crate::abi::types::{REQUEST_STATUS, http_request};
use crate::http::message::request;
use crate::http::message::request::Request;
use crate::http::wire::scan::{has_member, trim};
use crate::sys::text::text;
use core::ffi::{c_char, c_int};
use core::ptr::null_mut;

/// Makes an empty request. Release it with http_request_clear().
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_request_new() -> *mut http_request {
    request::alloc_for_program().cast()
}

/// Frees a request with its strings and headers. NULL is allowed.
///
/// # Safety
/// `httpRequest` is NULL or a request from http_request_new(). It must not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_request_clear(httpRequest: *mut http_request) {
    if httpRequest.is_null() {
        return;
    }
    // SAFETY: it isn't NULL, so by the header a request that hasn't been freed. A request of http_request_new() isn't
    // used after this call; one of a server isn't freed.
    if !unsafe { request::free_of_program(httpRequest.cast()) } {
        log_err!("http_request_clear: this request belongs to the server");
    }
}

/// Empties the request for the next one; its strings must not be used again. It does nothing for a
/// request of a server whose body hasn't been read completely.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_request_reset(httpRequest: *mut http_request) {
    let request: *mut Request = httpRequest.cast();
    let request = non_null_or_log!(request, "http_request_reset: no request");
    if request.awaits_body() {
        log_err!("http_request_reset: the body of this request is still being read");
        return;
    }
    request.reset();
}

/// Adds a header. Both strings are copied; NULL counts as empty.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses. Both strings are NULL or
/// NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_request_add_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
    value: *mut c_char,
) {
    let request: *mut Request = httpRequest.cast();
    let request = non_null_or_log!(request, "http_request_add_header: no request");
    // SAFETY: by the header each is NULL or ends with a NUL. Both are copied before this returns.
    let (key, value) = unsafe { (text(key), text(value)) };
    if request.add_header(key, trim(value)).is_none() {
        log_err!("http_request_add_header: no memory");
    }
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
pub unsafe extern "C-unwind" fn http_request_get_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
) -> *mut c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null_or_log!(request, "http_request_get_header: no request", null_mut());
    // SAFETY: by the header it is NULL or ends with a NUL. The name isn't used after this call, and the program isn't
    // called before.
    let name = unsafe { text(key) };
    if name.is_empty() {
        return null_mut();
    }
    request.values(name).next().unwrap_or(null_mut())
}

/// Returns how far the request has been read; REQUEST_STATUS for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_request_current_state(
    httpRequest: *mut http_request,
) -> http_request_state_t {
    let request =
        non_null_or_log!(httpRequest, "http_request_current_state: no request", REQUEST_STATUS);
    request.current_state.get()
}

/// Returns 1 if the connection will be closed after the response, 0 if it stays open, and -1 for
/// NULL. With HTTP/1.1 it stays open unless the client sends `Connection: close`; with HTTP/1.0 it is
/// closed unless the client sends `Connection: keep-alive`.
///
/// # Safety
/// `httpRequest` is NULL or a request that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_request_close_connection(
    httpRequest: *mut http_request,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null_or_log!(request, "http_request_close_connection: no request", -1);
    let mut keep_alive = false;
    for options in request.value_bytes(b"connection") {
        if has_member(options, b"close") {
            return 1;
        }
        keep_alive |= has_member(options, b"keep-alive");
    }
    match request.version() {
        b"HTTP/1.0" => c_int::from(!keep_alive),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _] => 0,
        _ => 1,
    }
}
