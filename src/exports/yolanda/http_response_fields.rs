//! The functions of yolanda.h for what a response has: status, content type, headers, body, and whether it closes the
//! connection.

use crate::abi::types::http_response;
use crate::http::message::http_response::Response;
use crate::sys::errno;
use crate::sys::text::text;
use core::ffi::{c_char, c_int};
use core::ptr::null;

/// Returns the status code of a response; 0 if none is set.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
/// the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_status(
    httpResponse: *mut http_response,
) -> c_int {
    let response = non_null!(httpResponse, "yolanda_http_response_status: no response", -1);
    c_int::try_from(response.statusCode.get()).unwrap_or(0)
}

/// Returns the value of Content-Type, or NULL if none is set. The text is valid until it is set again
/// or the response has been sent.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
/// the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_content_type(
    httpResponse: *mut http_response,
) -> *const c_char {
    let response =
        non_null!(httpResponse, "yolanda_http_response_content_type: no response", null());
    response.contentType.get()
}

/// Returns the value of the first header of that name that was added to a response, ignoring case. The
/// headers that the library adds when it sends the response aren't among them, nor is the value of
/// yolanda_http_response_set_content_type(). The text is valid until the response has been sent.
///
/// Returns NULL with errno: ENOENT if there is none, EINVAL for a NULL response and a NULL or empty
/// name.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
/// the calling thread uses. `name` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_header(
    httpResponse: *mut http_response,
    name: *const c_char,
) -> *const c_char {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_header: no response", null());
    // SAFETY: the name is NULL or ends with a NUL.
    let name = unsafe { text(name) };
    let found = if name.is_empty() { Err(libc::EINVAL) } else { Ok(response.value(name)) };
    match found {
        Ok(Some(value)) => value,
        Ok(None) => {
            errno::set(libc::ENOENT);
            null()
        }
        Err(error) => {
            errno::set(error);
            null()
        }
    }
}

/// Returns the body of a response. It is binary, and a NUL that doesn't count follows it. The bytes are
/// valid until the body is set again or the response has been sent.
///
/// Sets `*length`, unless `length` is NULL. Without a body, or if the body is a file, it returns "" and
/// sets 0. For NULL it returns NULL with errno EINVAL and sets 0.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
/// the calling thread uses. `length` is NULL or a place for the length.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_body(
    httpResponse: *mut http_response,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: NULL or the caller's place for the length, which nothing else uses during the call.
    let mut length = unsafe { length.as_mut() };
    if let Some(length) = length.as_deref_mut() {
        *length = 0;
    }
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_body: no response", null());
    let (body, n) = response.body_text().unwrap_or((c"".as_ptr(), 0));
    if let Some(length) = length {
        *length = n;
    }
    body
}

/// With 1, the connection is closed after this response, as by the header `Connection: close`; with 0,
/// the default, it stays open if the client wants that.
///
/// Returns 0, or -1 with errno EINVAL for NULL.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a response that only
/// the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_set_close(
    httpResponse: *mut http_response,
    on: c_int,
) -> c_int {
    let response = non_null!(httpResponse, "yolanda_http_response_set_close: no response", -1);
    response.keep_connected.set(c_int::from(on != 0));
    0
}
