use crate::abi::types::http_request;
use crate::abi::types::tcp_connection;
use crate::http::message::request::{Lack, Parameters, Request};
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int};
use core::ptr::{null, null_mut};

/// Sets errno for what couldn't be decoded.
fn or_errno<T>(found: Result<T, Lack>) -> Option<T> {
    let error = match found {
        Ok(value) => return Some(value),
        Err(Lack::Malformed) => libc::EINVAL,
        Err(Lack::NoMemory) => libc::ENOMEM,
    };
    errno::set(error);
    None
}

/// Sets errno; what functions return that have no string.
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
    // SAFETY: it isn't NULL, so it ends with a NUL.
    match parameters.find(unsafe { text(name) }) {
        Some(found) => found.value,
        None => fail(libc::ENOENT),
    }
}

/// The body of a request: all of it in the request callback, chunks put together. Binary; behind it stands a
/// NUL that doesn't count, so that text may be used as a string. It belongs to the request until that is
/// reset, and nothing else is found in it: trailers, the headers behind the last chunk, are checked and left
/// out (RFC 9112, 7.1.2).
///
/// Returns the bytes and sets `*length` (where that isn't NULL); "" and 0 without a body. NULL and 0 for
/// NULL, with EINVAL.
///
/// # Safety
/// `httpRequest` is NULL or a request, `length` NULL or yours. In the callback, or on the thread that uses the
/// request.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_body(
    httpRequest: *mut http_request,
    length: *mut usize,
) -> *const c_char {
    if !length.is_null() {
        // SAFETY: the caller's place for the length.
        unsafe { *length = 0 };
    }
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_body: no request", null());
    let (body, len) = request.body();
    if !length.is_null() {
        // SAFETY: the caller's place for the length.
        unsafe { *length = len };
    }
    body
}

/// The path of the URL without the query, decoded: "/a b" for "/a%20b?c=d", "/" for "http://host", "*" for
/// "OPTIONS *". Dot segments stay as they are, and "%2F" becomes a slash like any other: where that matters,
/// look at `url`. Decoded when it is first asked for: what the program has changed in `url` by then counts,
/// what it changes later doesn't.
///
/// Returns the path, which belongs to the request until that is reset, or NULL with errno: EINVAL where it is
/// malformed ("%zz", "%00") or no request line has been read, ENOMEM.
///
/// # Safety
/// As for yolanda_http_request_body().
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

/// A parameter of the URL's query, decoded as browsers encode forms: parameters are parted by `&`, `+` is a
/// blank, `%XX` a byte. Without `=` the value is "". Decoded when a parameter is first asked for, as the path.
///
/// Returns the value of the first parameter of that name, which belongs to the request until that is reset, or
/// NULL with errno: ENOENT where there is none, EINVAL where any part of the query is malformed ("%zz",
/// "%00") and for a NULL name, ENOMEM.
///
/// # Safety
/// As for yolanda_http_request_body(); `name` is NULL or ends with a NUL.
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
    // SAFETY: the name is NULL or ends with a NUL.
    unsafe { value_of(&query, name) }
}

/// How many parameters the query has, those without a value and of the same name as well.
///
/// Returns the number, or -1 with errno: EINVAL where the query is malformed, ENOMEM.
///
/// # Safety
/// As for yolanda_http_request_body().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_query_count(
    httpRequest: *mut http_request,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_query_count: no request", -1);
    or_errno(request.query()).map_or(-1, |query| query.count())
}

/// The parameter at `index`, from 0, in the order of the query. Sets `*name` and `*value`, where these aren't
/// NULL, to strings that belong to the request until that is reset.
///
/// Returns 0, or -1 with errno: ENOENT behind the last one, EINVAL where the query is malformed and for a
/// negative index, ENOMEM.
///
/// # Safety
/// As for yolanda_http_request_body(); `name` and `value` are NULL or yours.
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
    let Ok(index) = usize::try_from(index) else {
        return errno::fail(libc::EINVAL);
    };
    let Some(found) = query.get(index) else {
        return errno::fail(libc::ENOENT);
    };
    // SAFETY: each place is NULL or the caller's.
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

/// The value at `index`, from 0, of the headers of that name, which is compared ignoring case. Where a list
/// is meant, several headers and one with commas mean the same (RFC 9110, 5.3).
///
/// Returns the value, which belongs to the request until that is reset, or NULL with errno: ENOENT where there
/// are no more, EINVAL for a negative index and a NULL or empty name.
///
/// # Safety
/// As for yolanda_http_request_body(); `name` is NULL or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_header_at(
    httpRequest: *mut http_request,
    name: *const c_char,
    index: c_int,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_header_at: no request", null());
    // SAFETY: the name is NULL or ends with a NUL.
    let name = unsafe { text(name) };
    let (Ok(index), false) = (usize::try_from(index), name.is_empty()) else {
        return fail(libc::EINVAL);
    };
    match request.values(name).nth(index) {
        Some(value) => value,
        None => fail(libc::ENOENT),
    }
}

/// The connection that a request came over: for the peer's address, or to retain it.
///
/// Returns the connection, which is the library's, or NULL with errno: ENOENT for a request that
/// http_request_new() made.
///
/// # Safety
/// As for yolanda_http_request_body().
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
