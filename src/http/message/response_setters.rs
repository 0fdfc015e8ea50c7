//! The setters of `yolanda.h` for responses: they copy, and refuse what would break the message.

use core::ffi::{CStr, c_char, c_int, c_void};

use super::body_file;
use crate::abi::types::{http_response, response_header};
use crate::http::message::body_file::BodyFile;
use crate::http::message::http_response::{
    ENTRIES, Kind, Response, copy, set_body, set_standard_text,
};
use crate::http::wire::encode::is_settable;
use crate::http::wire::scan::{is_value, trim};
use crate::sys::text::text;
use crate::sys::{errno, file};

/// The response of a setter's call, or None with EINVAL: for NULL, and for a program's own.
fn given(what: &str, response: *mut http_response) -> Option<*mut Response> {
    if response.is_null() {
        log_err!("{}: no response", what);
        errno::set(libc::EINVAL);
        return None;
    }
    let own: *mut Response = response.cast();
    // SAFETY: only the library makes responses, and each one is a Response.
    if unsafe { (*own).kind } == Kind::OfProgram {
        errno::set(libc::EINVAL);
        return None;
    }
    Some(own)
}

/// 0 with `place` set to a copy of `value`; -1 with EINVAL or ENOMEM.
unsafe fn set_text(own: *mut Response, place: *mut *mut c_char, value: &[u8]) -> c_int {
    // SAFETY: a live response, and a field of it.
    unsafe {
        if !is_value(value) {
            return errno::fail(libc::EINVAL);
        }
        let value = copy(own, value);
        if value.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        *place = value;
    }
    0
}

pub unsafe extern "C" fn yolanda_http_response_set_status(
    httpResponse: *mut http_response,
    status: c_int,
    message: *const c_char,
) -> c_int {
    let Some(own) = given("yolanda_http_response_set_status", httpResponse) else {
        return -1;
    };
    // 1xx are interim answers, and no program's to end a request with.
    if !(200..=999).contains(&status) {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live response; NULL or a C string.
    unsafe {
        if !message.is_null()
            && set_text(own, (*httpResponse).statusMessage.as_ptr(), text(message)) < 0
        {
            return -1;
        }
        (*httpResponse).statusCode.set(status as _);
        if message.is_null() {
            set_standard_text(own);
        }
    }
    0
}

pub unsafe extern "C" fn yolanda_http_response_set_content_type(
    httpResponse: *mut http_response,
    contentType: *const c_char,
) -> c_int {
    let Some(own) = given("yolanda_http_response_set_content_type", httpResponse) else {
        return -1;
    };
    // SAFETY: a live response; NULL or a C string.
    unsafe {
        if contentType.is_null() {
            (*httpResponse).contentType.set(core::ptr::null_mut());
            return 0;
        }
        set_text(own, (*httpResponse).contentType.as_ptr(), text(contentType))
    }
}

pub unsafe extern "C" fn yolanda_http_response_add_header(
    httpResponse: *mut http_response,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    let Some(own) = given("yolanda_http_response_add_header", httpResponse) else {
        return -1;
    };
    // SAFETY: a live response; NULL or C strings; the index lies in the library's own array.
    unsafe {
        let (name, value) = (text(name), trim(text(value)));
        if !is_settable(name, value) {
            return errno::fail(libc::EINVAL);
        }
        let n = usize::try_from((*httpResponse).response_headers_number.get()).unwrap_or(0);
        let table = (*httpResponse).response_headers.get();
        if n >= ENTRIES || table.is_null() {
            return errno::fail(libc::ENOSPC);
        }
        let (key, value) = (copy(own, name), copy(own, value));
        if key.is_null() || value.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        table.add(n).write(response_header { key, value });
        (*httpResponse).response_headers_number.set(n as c_int + 1);
    }
    0
}

/// Adds a header of the library's own, whose value is copied. None when memory is out, or there are 128.
///
/// # Safety
/// `response` is a live response that isn't a program's; the value has no control characters.
pub unsafe fn put_header(response: *mut Response, name: &'static CStr, value: &[u8]) -> Option<()> {
    // SAFETY: as said; the index lies in the library's own array. The name is only read.
    unsafe {
        let public: *mut http_response = response.cast();
        let n = usize::try_from((*public).response_headers_number.get()).unwrap_or(0);
        let value = copy(response, value);
        if n >= ENTRIES || (*public).response_headers.get().is_null() || value.is_null() {
            return None;
        }
        let key = name.as_ptr().cast_mut();
        (*public).response_headers.get().add(n).write(response_header { key, value });
        (*public).response_headers_number.set(n as c_int + 1);
        Some(())
    }
}

pub unsafe extern "C" fn yolanda_http_response_set_body(
    httpResponse: *mut http_response,
    data: *const c_void,
    length: usize,
) -> c_int {
    let Some(own) = given("yolanda_http_response_set_body", httpResponse) else {
        return -1;
    };
    if data.is_null() && length > 0 {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live response; `data` holds `length` bytes.
    unsafe {
        let bytes = if length == 0 {
            b"".as_slice()
        } else {
            core::slice::from_raw_parts(data.cast(), length)
        };
        if set_body(own, bytes) { 0 } else { errno::fail(libc::ENOMEM) }
    }
}

pub unsafe extern "C" fn yolanda_http_response_set_file(
    httpResponse: *mut http_response,
    fd: c_int,
    offset: i64,
    length: i64,
) -> c_int {
    let Some(own) = given("yolanda_http_response_set_file", httpResponse) else {
        return -1;
    };
    if offset < 0 || length < -1 {
        return errno::fail(libc::EINVAL);
    }
    let Some(status) = file::status(fd) else {
        return -1;
    };
    let there = status.st_size - offset;
    let length = if length < 0 { there } else { length };
    if !file::is_regular(&status) || length < 0 || length > there {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live response. Neither number is negative.
    unsafe { body_file::set(own, BodyFile { fd, at: offset, length: length as u64 }) };
    0
}
