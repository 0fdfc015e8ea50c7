//! The functions of yolanda.h for requests.

use crate::abi::types::http_request;
use crate::abi::types::tcp_connection;
use core::ffi::{c_char, c_int};

/// Returns the body of a request, which is complete in the request callback; chunks have been joined.
/// It is binary. A NUL that doesn't count follows it, so text may be used as a string. The body belongs
/// to the request until that is reset. Trailers (the headers after the last chunk) are checked and
/// dropped (RFC 9112, 7.1.2).
///
/// Sets `*length`, unless `length` is NULL. Without a body it returns "" and sets 0. For NULL it
/// returns NULL with errno EINVAL and sets 0.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_body(
    httpRequest: *mut http_request,
    length: *mut usize,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_body)
}

/// Returns the path of the URL without the query, decoded: "/a b" for "/a%20b?c=d", "/" for
/// "http://host", "*" for "OPTIONS *". Dot segments are kept, and "%2F" becomes a slash like any other;
/// if that matters, look at `url`. The path is decoded on the first call: later changes of `url` by the
/// program have no effect.
///
/// The path belongs to the request until that is reset. Returns NULL with errno: EINVAL if it is
/// malformed ("%zz", "%00") or if no request line has been read, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_path(
    httpRequest: *mut http_request,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_path)
}

/// Looks up a parameter in the query of the URL, decoded the way browsers encode forms: `&` separates
/// parameters, `+` is a space, `%XX` is a byte. Without a `=` the value is "". Like the path, the query
/// is decoded on the first call.
///
/// Returns the value of the first parameter with that name, which belongs to the request until that is
/// reset, or NULL with errno: ENOENT if there is none, EINVAL if any part of the query is malformed
/// ("%zz", "%00") and for a NULL name, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_query(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_query)
}

/// Returns the number of parameters in the query, including those without a value and those with the
/// same name.
///
/// Returns -1 with errno: EINVAL if the query is malformed, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_query_count(httpRequest: *mut http_request) -> c_int {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_query_count)
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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_query_at(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_query_at)
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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_header_at(
    httpRequest: *mut http_request,
    name: *const c_char,
    index: c_int,
) -> *const c_char {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_header_at)
}

/// Returns the connection on which a request arrived, for example to get the peer's address or to
/// retain it. The connection is the library's.
///
/// Returns NULL with errno: ENOENT for a request of http_request_new().
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_http_request_connection(
    httpRequest: *mut http_request,
) -> *mut tcp_connection {
    jump_to!(crate::http::message::request_parts::yolanda_http_request_connection)
}
