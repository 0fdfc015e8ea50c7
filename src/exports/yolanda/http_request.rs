use crate::abi::types::http_request;
use crate::abi::types::tcp_connection;
use core::ffi::{c_char, c_int};

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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_body(
    httpRequest: *mut http_request,
    length: *mut usize,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_body)
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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_path(
    httpRequest: *mut http_request,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_path)
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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_query(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_query)
}

/// How many parameters the query has, those without a value and of the same name as well.
///
/// Returns the number, or -1 with errno: EINVAL where the query is malformed, ENOMEM.
///
/// # Safety
/// As for yolanda_http_request_body().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_query_count(httpRequest: *mut http_request) -> c_int {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_query_count)
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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_query_at(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_query_at)
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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_header_at(
    httpRequest: *mut http_request,
    name: *const c_char,
    index: c_int,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_header_at)
}

/// The connection that a request came over: for the peer's address, or to retain it.
///
/// Returns the connection, which is the library's, or NULL with errno: ENOENT for a request that
/// http_request_new() made.
///
/// # Safety
/// As for yolanda_http_request_body().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_connection(
    httpRequest: *mut http_request,
) -> *mut tcp_connection {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_connection)
}
