//! What yolanda.h offers of a request: its body, path, parameters, all values of a header.

use core::ffi::{c_char, c_int};
use core::ptr::{null, null_mut};

use super::request;
use crate::abi::types::{http_request, tcp_connection};
use crate::http::message::http_request::values;
use crate::http::message::request::{Lack, Parameters};
use crate::sys::errno;
use crate::sys::text::text;

/// Whether a request was given; else EINVAL is set, and a line logged.
fn given(function: &str, request: *mut http_request) -> bool {
    if request.is_null() {
        log_err!("{}: no request", function);
        errno::set(libc::EINVAL);
    }
    !request.is_null()
}

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

fn fail<T>(error: c_int) -> *mut T {
    errno::set(error);
    null_mut()
}

pub unsafe extern "C" fn yolanda_http_request_body(
    httpRequest: *mut http_request,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: the caller's request, and a place for the length, or NULL.
    unsafe {
        let given = given("yolanda_http_request_body", httpRequest);
        let (body, len) = match given {
            true => request::body(httpRequest.cast()),
            false => (null(), 0),
        };
        if !length.is_null() {
            *length = len;
        }
        body
    }
}

pub unsafe extern "C" fn yolanda_http_request_path(
    httpRequest: *mut http_request,
) -> *const c_char {
    if !given("yolanda_http_request_path", httpRequest) {
        return null();
    }
    // SAFETY: the caller's request.
    unsafe {
        if (*httpRequest).url.get().is_null() {
            return fail::<c_char>(libc::EINVAL);
        }
        or_errno(request::path(httpRequest.cast())).unwrap_or(null_mut())
    }
}

/// The parameters of a request that was given.
unsafe fn query(function: &str, request: *mut http_request) -> Option<Parameters> {
    if !given(function, request) {
        return None;
    }
    // SAFETY: the caller's request.
    or_errno(unsafe { request::query(request.cast()) })
}

pub unsafe extern "C" fn yolanda_http_request_query(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    // SAFETY: the caller's request and string; the parameters are strings of the request.
    unsafe {
        let Some(query) = query("yolanda_http_request_query", httpRequest) else {
            return null();
        };
        value_of(&query, name)
    }
}

/// The value of the first parameter of that name; NULL with ENOENT or EINVAL.
unsafe fn value_of(parameters: &Parameters, name: *const c_char) -> *const c_char {
    if name.is_null() {
        return fail::<c_char>(libc::EINVAL);
    }
    let all = (0..).map_while(|index| parameters.get(index));
    // SAFETY: names are strings, the caller's as well.
    let found = unsafe { all.into_iter().find(|one| text(one.name) == text(name)) };
    found.map_or_else(|| fail(libc::ENOENT), |found| found.value)
}

pub unsafe extern "C" fn yolanda_http_request_param(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    if !given("yolanda_http_request_param", httpRequest) {
        return null();
    }
    // SAFETY: the caller's request and string.
    unsafe { value_of(&request::captured(httpRequest.cast()), name) }
}

pub unsafe extern "C" fn yolanda_http_request_query_count(httpRequest: *mut http_request) -> c_int {
    // SAFETY: the caller's request.
    let query = unsafe { query("yolanda_http_request_query_count", httpRequest) };
    query.map_or(-1, |query| query.count())
}

pub unsafe extern "C" fn yolanda_http_request_query_at(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    // SAFETY: the caller's request, and places for the strings, or NULL.
    unsafe {
        let Some(query) = query("yolanda_http_request_query_at", httpRequest) else {
            return -1;
        };
        let Ok(index) = usize::try_from(index) else {
            return errno::fail(libc::EINVAL);
        };
        let Some(found) = query.get(index) else {
            return errno::fail(libc::ENOENT);
        };
        if !name.is_null() {
            *name = found.name;
        }
        if !value.is_null() {
            *value = found.value;
        }
        0
    }
}

pub unsafe extern "C" fn yolanda_http_request_header_at(
    httpRequest: *mut http_request,
    name: *const c_char,
    index: c_int,
) -> *const c_char {
    if !given("yolanda_http_request_header_at", httpRequest) {
        return null();
    }
    // SAFETY: the caller's request and string.
    unsafe {
        let name = text(name);
        let (Ok(index), false) = (usize::try_from(index), name.is_empty()) else {
            return fail::<c_char>(libc::EINVAL);
        };
        let found = values(httpRequest, name).nth(index);
        found.unwrap_or_else(|| fail(libc::ENOENT))
    }
}

pub unsafe extern "C" fn yolanda_http_request_connection(
    httpRequest: *mut http_request,
) -> *mut tcp_connection {
    if !given("yolanda_http_request_connection", httpRequest) {
        return null_mut();
    }
    // SAFETY: the caller's request.
    let connection = unsafe { request::connection(httpRequest.cast()) };
    if connection.is_null() { fail(libc::ENOENT) } else { connection }
}
