//! The functions of yolanda.h for requests.

use crate::abi::types::http_request;
use crate::abi::types::tcp_connection;
use crate::http::message::request::{Lack, Parameters, Request};
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int};
use core::ptr::{null, null_mut};

/// Sets errno if decoding failed.
pub(super) fn or_errno<T>(found: Result<T, Lack>) -> Option<T> {
    let error = match found {
        Ok(value) => return Some(value),
        Err(Lack::Malformed) => libc::EINVAL,
        Err(Lack::NoMemory) => libc::ENOMEM,
    };
    errno::set(error);
    None
}

/// Sets errno. Returns NULL, for functions that return a string.
fn fail(error: c_int) -> *const c_char {
    errno::set(error);
    null()
}

/// The value of the first parameter of that name; NULL with ENOENT or EINVAL.
///
/// # Safety
/// `name` is NULL or ends with a NUL.
pub(super) unsafe fn value_of(parameters: &Parameters, name: *const c_char) -> *const c_char {
    if name.is_null() {
        return fail(libc::EINVAL);
    }
    // SAFETY: the name isn't NULL, so by contract it is NUL-terminated.
    match parameters.find(unsafe { text(name) }) {
        Some(found) => found.value,
        None => fail(libc::ENOENT),
    }
}

/// Sets the pointers to the parameter at `index`; -1 with ENOENT or EINVAL.
///
/// # Safety
/// Each pointer is NULL or may be written.
pub(super) unsafe fn parameter_at(
    parameters: &Parameters,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    let Ok(index) = usize::try_from(index) else {
        return errno::fail(libc::EINVAL);
    };
    let Some(found) = parameters.get(index) else {
        return errno::fail(libc::ENOENT);
    };
    // SAFETY: each pointer is NULL or may be written.
    unsafe {
        if let Some(name) = name.as_mut() {
            *name = found.name;
        }
        if let Some(value) = value.as_mut() {
            *value = found.value;
        }
    }
    0
}

/// A text of the request line; NULL with ENOENT before that has been read.
fn of_line(text: *const c_char) -> *const c_char {
    if text.is_null() { fail(libc::ENOENT) } else { text }
}

/// Returns the method of a request, "GET" for example. The text belongs to the request until that is
/// reset.
///
/// Returns NULL with errno: ENOENT if no request line has been read, EINVAL for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_method(
    httpRequest: *mut http_request,
) -> *const c_char {
    let request = non_null!(httpRequest, "yolanda_http_request_method: no request", null());
    of_line(request.method.get())
}

/// Returns the path and the query of a request as the client sent them, not decoded; "*" for
/// "OPTIONS *". yolanda_http_request_path() returns the path alone, decoded. The text belongs to the
/// request until that is reset.
///
/// Returns NULL with errno: ENOENT if no request line has been read, EINVAL for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_url(
    httpRequest: *mut http_request,
) -> *const c_char {
    let request = non_null!(httpRequest, "yolanda_http_request_url: no request", null());
    of_line(request.url.get())
}

/// Returns the version of a request, "HTTP/1.1" or "HTTP/1.0". The text belongs to the request until
/// that is reset.
///
/// Returns NULL with errno: ENOENT if no request line has been read, EINVAL for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_version(
    httpRequest: *mut http_request,
) -> *const c_char {
    let request = non_null!(httpRequest, "yolanda_http_request_version: no request", null());
    of_line(request.version.get())
}

/// Returns the body of a request, which is complete in the request callback; chunks have been joined.
/// It may contain any bytes. It is followed by a NUL that doesn't count, so text may be used as a
/// string. The body belongs to the request until that is reset. Trailers (the headers after the last
/// chunk) are checked and discarded (RFC 9112, 7.1.2).
///
/// Sets `*length`, unless `length` is NULL. Without a body it returns "" and sets 0. For NULL it
/// returns NULL with errno EINVAL and sets 0.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_body(
    httpRequest: *mut http_request,
    length: *mut usize,
) -> *const c_char {
    if !length.is_null() {
        // SAFETY: it isn't NULL, so by the header a place for a length.
        unsafe { *length = 0 };
    }
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_body: no request", null());
    let (body, len) = request.body();
    if !length.is_null() {
        // SAFETY: it isn't NULL, so by the header a place for a length.
        unsafe { *length = len };
    }
    body
}

/// Returns the path of the URL without the query, decoded: "/a b" for "/a%20b?c=d", "/" for
/// "http://host", "*" for "OPTIONS *". Dot segments are kept, and "%2F" becomes a slash like any
/// other; if that matters, look at `url`. The path is decoded on the first call: later changes of
/// `url` by the program have no effect.
///
/// The path belongs to the request until that is reset. Returns NULL with errno: EINVAL if it is
/// malformed ("%zz", "%00") or if no request line has been read, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_path(
    httpRequest: *mut http_request,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_path: no request", null());
    if request.public().url.get().is_null() {
        return fail(libc::EINVAL);
    }
    or_errno(request.path()).unwrap_or(null_mut())
}

/// Looks up a parameter in the query of the URL, decoded as browsers encode forms: `&` separates
/// parameters, `+` is a space, `%XX` is a byte. Without a `=` the value is "". Like the path, the
/// query is decoded on the first call.
///
/// Returns the value of the first parameter with that name, which belongs to the request until that is
/// reset, or NULL with errno: ENOENT if there is none, EINVAL if any part of the query is malformed
/// ("%zz", "%00") and for a NULL name, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_query(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_query: no request", null());
    let Some(query) = or_errno(request.query()) else {
        return null();
    };
    // SAFETY: by contract the name is NULL or NUL-terminated.
    unsafe { value_of(&query, name) }
}

/// Returns the number of parameters in the query, including those without a value and those with the
/// same name.
///
/// Returns -1 with errno: EINVAL if the query is malformed, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_query_count(
    httpRequest: *mut http_request,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_query_count: no request", -1);
    or_errno(request.query()).map_or(-1, |query| query.count())
}

/// Gets the parameter at `index`, from 0, in the order of the query. Sets `*name` and `*value`, unless
/// these are NULL, to strings that belong to the request until that is reset.
///
/// Returns 0, or -1 with errno: ENOENT if there are fewer parameters, EINVAL if the query is malformed
/// and for a negative index, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_query_at(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_query_at: no request", -1);
    let Some(query) = or_errno(request.query()) else {
        return -1;
    };
    // SAFETY: by contract each pointer is NULL or may be written.
    unsafe { parameter_at(&query, index, name, value) }
}

/// Looks up a header by its name, ignoring case.
///
/// Returns the value of the first header with that name, without spaces around it, or NULL with errno:
/// ENOENT if there is none, EINVAL for a NULL request and a NULL or empty name. The value belongs to
/// the request until that is reset.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_header(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_header: no request", null());
    // SAFETY: the name is NULL or ends with a NUL.
    let name = unsafe { text(name) };
    if name.is_empty() {
        return fail(libc::EINVAL);
    }
    match request.values(name).next() {
        Some(value) => value,
        None => fail(libc::ENOENT),
    }
}

/// Returns the number of headers of a request, including those with the same name.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_header_count(
    httpRequest: *mut http_request,
) -> c_int {
    let request = non_null!(httpRequest, "yolanda_http_request_header_count: no request", -1);
    request.request_headers_number.get().max(0)
}

/// Gets the header at `index`, from 0, in the order in which the client sent them. Sets `*name` and
/// `*value`, unless these are NULL, to strings that belong to the request until that is reset. The name
/// is written as the client wrote it.
///
/// Returns 0, or -1 with errno: ENOENT if there are fewer headers, EINVAL for NULL and for a negative
/// index.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// and `value` are NULL or places for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_header_entry(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_header_entry: no request", -1);
    let Ok(index) = usize::try_from(index) else {
        return errno::fail(libc::EINVAL);
    };
    let Some(found) = request.headers().nth(index) else {
        return errno::fail(libc::ENOENT);
    };
    // SAFETY: each place is NULL or the caller's.
    unsafe {
        if let Some(name) = name.as_mut() {
            *name = found.key;
        }
        if let Some(value) = value.as_mut() {
            *value = found.value;
        }
    }
    0
}

/// Gets the value at `index`, from 0, among the headers with that name, ignoring case. For a header
/// that is a list, several headers and one with commas mean the same (RFC 9110, 5.3).
///
/// Returns the value, which belongs to the request until that is reset, or NULL with errno: ENOENT if
/// there are fewer headers, EINVAL for a negative index and a NULL or empty name.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_header_at(
    httpRequest: *mut http_request,
    name: *const c_char,
    index: c_int,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_header_at: no request", null());
    // SAFETY: by contract the name is NULL or NUL-terminated.
    let name = unsafe { text(name) };
    let (Ok(index), false) = (usize::try_from(index), name.is_empty()) else {
        return fail(libc::EINVAL);
    };
    match request.values(name).nth(index) {
        Some(value) => value,
        None => fail(libc::ENOENT),
    }
}

/// Returns the connection on which a request arrived, for example to get the peer's address or to
/// retain it. The library owns the connection.
///
/// Returns NULL with errno: ENOENT for a request of http_request_new().
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_connection(
    httpRequest: *mut http_request,
) -> *mut tcp_connection {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_connection: no request", null_mut());
    let connection = request.connection();
    if connection.is_null() {
        errno::set(libc::ENOENT);
    }
    connection
}
