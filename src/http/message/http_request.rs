//! The functions of http_request.h.

use core::ffi::{c_char, c_int};
use core::ptr::null_mut;

use super::request;
use crate::abi::types::{REQUEST_STATUS, http_request, http_request_state_t};
use crate::http::message::upload;
use crate::http::wire::scan::{has_member, trim};
use crate::sys::text::text;

/// Whether `key` is `name`, ignoring case. Looks no further than at the first difference.
///
/// # Safety
/// `key` is NULL or a NUL-terminated string.
unsafe fn is_named(key: *const c_char, name: &[u8]) -> bool {
    if key.is_null() {
        return false;
    }
    // SAFETY: the NUL differs from every byte of the name, so that no byte behind it is read.
    unsafe {
        let same = |(i, b): (usize, &u8)| (*key.add(i) as u8).eq_ignore_ascii_case(b);
        name.iter().enumerate().all(same) && *key.add(name.len()) == 0
    }
}

/// The values of all headers of that name, in their order.
///
/// # Safety
/// `request` is a live request, and stays as it is while the result is used.
pub unsafe fn values<'a>(
    request: *mut http_request,
    name: &'a [u8],
) -> impl Iterator<Item = *mut c_char> + 'a {
    // SAFETY: the array has as many entries as the request says.
    let entries = unsafe {
        let table = (*request).request_headers.get();
        let n = usize::try_from((*request).request_headers_number.get()).unwrap_or(0);
        let n = if table.is_null() { 0 } else { n };
        (0..n).map(move |i| table.add(i))
    };
    entries.filter_map(move |entry| {
        // SAFETY: an entry of the array; keys are NULL or strings.
        unsafe { is_named((*entry).key, name).then(|| (*entry).value) }
    })
}

pub unsafe extern "C" fn http_request_new() -> *mut http_request {
    request::alloc_for_program().cast()
}

pub unsafe extern "C" fn http_request_clear(httpRequest: *mut http_request) {
    // SAFETY: the caller's request, which it gives up if it is its own.
    if !httpRequest.is_null() && !unsafe { request::free_of_program(httpRequest.cast()) } {
        log_err!("http_request_clear: this request belongs to the server");
    }
}

pub unsafe extern "C" fn http_request_reset(httpRequest: *mut http_request) {
    if httpRequest.is_null() {
        log_err!("http_request_reset: no request");
        return;
    }
    // SAFETY: the caller's request.
    unsafe {
        if upload::is_coming(httpRequest.cast()) {
            log_err!("http_request_reset: the body of this request is on its way");
            return;
        }
        request::reset(httpRequest.cast());
    }
}

pub unsafe extern "C" fn http_request_add_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
    value: *mut c_char,
) {
    if httpRequest.is_null() {
        log_err!("http_request_add_header: no request");
        return;
    }
    // SAFETY: the caller's request and strings, of which copies are kept.
    unsafe {
        let (key, value) = (text(key), trim(text(value)));
        if request::add_header(httpRequest.cast(), key, value).is_none() {
            log_err!("http_request_add_header: no memory");
        }
    }
}

pub unsafe extern "C" fn http_request_get_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
) -> *mut c_char {
    if httpRequest.is_null() {
        log_err!("http_request_get_header: no request");
        return null_mut();
    }
    // SAFETY: the caller's request and string.
    unsafe {
        let name = text(key);
        if name.is_empty() {
            return null_mut();
        }
        let value = values(httpRequest, name).next();
        value.unwrap_or(null_mut())
    }
}

pub unsafe extern "C" fn http_request_current_state(
    httpRequest: *mut http_request,
) -> http_request_state_t {
    if httpRequest.is_null() {
        log_err!("http_request_current_state: no request");
        return REQUEST_STATUS;
    }
    // SAFETY: the caller's request.
    unsafe { (*httpRequest).current_state.get() }
}

pub unsafe extern "C" fn http_request_close_connection(httpRequest: *mut http_request) -> c_int {
    if httpRequest.is_null() {
        log_err!("http_request_close_connection: no request");
        return -1;
    }
    // SAFETY: the caller's request, whose strings nobody changes meanwhile.
    unsafe {
        let mut keep_alive = false;
        for value in values(httpRequest, b"connection") {
            let options = text(value);
            if has_member(options, b"close") {
                return 1;
            }
            keep_alive |= has_member(options, b"keep-alive");
        }
        match text((*httpRequest).version.get()) {
            b"HTTP/1.0" => c_int::from(!keep_alive),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _] => 0,
            _ => 1,
        }
    }
}
