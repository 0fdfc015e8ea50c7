//! The functions of yolanda.h for responses.

use crate::abi::types::http_response;
use crate::abi::types::{yolanda_http_closed_callback, yolanda_http_stream_callback};
use crate::exports::http_server::status;
use crate::http::message::body_file::BodyFile;
use crate::http::message::http_response::{Kind, Response};
use crate::http::server::deferred::Deferred;
use crate::http::server::deferred::order;
use crate::http::wire::scan::trim;
use crate::sys::text::{optional, text};
use crate::sys::{errno, file};
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;

/// Changes a response, unless the program owns it. Returns 0, or -1 with errno.
pub(super) fn set(response: &Response, change: impl FnOnce() -> Result<(), c_int>) -> c_int {
    if response.kind() == Kind::OfProgram {
        return errno::fail(libc::EINVAL);
    }
    change().map_or_else(errno::fail, |()| 0)
}

/// The deferred response of a parameter; None with EINVAL for any other.
///
/// # Safety
/// `response` is NULL or a live response.
unsafe fn given<'a>(what: &str, response: *mut http_response) -> Option<&'a Deferred> {
    if response.is_null() {
        log_err!("{}: no response", what);
        errno::set(libc::EINVAL);
        return None;
    }
    // SAFETY: by contract a live response of the library, which the program keeps during the call.
    let deferred = unsafe { Deferred::from_c(response) };
    if deferred.is_none() {
        errno::set(libc::EINVAL);
    }
    deferred
}

/// Sets the status code and the message of a response. NULL stands for the standard text of the code
/// (RFC 9110, 15). The message is copied.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, a code outside 200 to 999, a message with control
/// characters, or a response of http_response_new(); ENOMEM.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
/// that only the calling thread uses. `message` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_set_status(
    httpResponse: *mut http_response,
    status: c_int,
    message: *const c_char,
) -> c_int {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_set_status: no response", -1);
    // SAFETY: by contract the message is NULL or NUL-terminated.
    let message = unsafe { optional(message) };
    set(response, || response.set_status(status, message))
}

/// Sets the value of Content-Type, which is copied. NULL omits the header.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL response, control characters in the value, or a
/// response of http_response_new(); ENOMEM.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
/// that only the calling thread uses. The value is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_set_content_type(
    httpResponse: *mut http_response,
    contentType: *const c_char,
) -> c_int {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_set_content_type: no response", -1);
    // SAFETY: by contract the text is NULL or NUL-terminated.
    let kind = unsafe { optional(contentType) };
    set(response, || response.set_content_type(kind))
}

/// Adds a header. Name and value are copied; spaces around the value are removed. Content-Length and
/// Transfer-Encoding are reserved for the library. `Connection: close` closes the connection after this
/// response.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL response, a name that isn't a token, a value with CR,
/// LF or another control character, the two reserved names, or a response of http_response_new();
/// ENOSPC if there are 128 headers already; ENOMEM.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
/// that only the calling thread uses. Name and value are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_add_header(
    httpResponse: *mut http_response,
    name: *const c_char,
    value: *const c_char,
) -> c_int {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_add_header: no response", -1);
    // SAFETY: by contract each text is NULL or NUL-terminated.
    let (name, value) = unsafe { (text(name), text(value)) };
    set(response, || response.add_header(name, trim(value)))
}

/// Sets the body: `length` bytes of any kind, which are copied. It replaces the field `body`; setting
/// that field afterwards replaces this body.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL response, NULL data with a length, or a response of
/// http_response_new(); ENOMEM.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
/// that only the calling thread uses. `data` is NULL or has `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_set_body(
    httpResponse: *mut http_response,
    data: *const c_void,
    length: usize,
) -> c_int {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_set_body: no response", -1);
    if data.is_null() && length > 0 {
        return errno::fail(libc::EINVAL);
    }
    let bytes: &[u8] = match length {
        0 => b"",
        // SAFETY: `data` isn't NULL, so by contract it has `length` bytes.
        _ => unsafe { core::slice::from_raw_parts(data.cast(), length) },
    };
    set(response, || response.set_body(bytes))
}

/// Sends `length` bytes of a regular file, starting at `offset`, as the body; a length of -1 stands for
/// everything up to the end of the file. It replaces the field `body`; setting that field afterwards
/// replaces the file.
///
/// Small files are sent together with the head, larger ones directly from the page cache
/// (sendfile(2)) as fast as the client reads, so that no file needs much memory. Later requests on
/// the connection wait until the file has been sent. If the file must be read from disk, the
/// connection's thread waits. The announced length is the file's current one: if the file grows, the
/// rest isn't sent; if it turns out to be shorter, the connection is aborted.
///
/// On success the library owns the descriptor and closes it; otherwise it remains yours. The file
/// offset of the descriptor is neither used nor changed.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL response, a response of http_response_new(), negative
/// numbers, bytes beyond the end of the file, or anything but a regular file; EBADF.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
/// that only the calling thread uses. Nothing else closes `fd`.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_set_file(
    httpResponse: *mut http_response,
    fd: c_int,
    offset: i64,
    length: i64,
) -> c_int {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_set_file: no response", -1);
    if response.kind() == Kind::OfProgram || offset < 0 || length < -1 {
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
    // The length isn't negative.
    response.set_file(BodyFile { fd, at: offset, length: length as u64 });
    0
}

/// Defers the response to a request, so that it can be completed later, on any thread. Returns
/// another response, which is empty. Fill it in with the functions of this header or through its
/// fields, and send it with yolanda_http_response_send(). The content of the callback's own response
/// is discarded. The request, too, stays valid until then. Further requests of the client wait for
/// this one.
///
/// Only one thread at a time may use a deferred response. It must be sent eventually, whatever
/// happens to the client; that frees it.
///
/// Returns NULL with errno: EINVAL for NULL or for a response that isn't the callback's, EALREADY if
/// it was already deferred, ENOTCONN, ENOMEM.
///
/// # Safety
/// `httpResponse` is NULL or the response of a request callback that hasn't returned. Call it only
/// inside that callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_defer(
    httpResponse: *mut http_response,
) -> *mut http_response {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_defer: no response", null_mut());
    if response.kind() != Kind::Serving {
        errno::set(libc::EINVAL);
        return null_mut();
    }
    // SAFETY: by contract a response that was passed to a callback, on the thread where the callback
    // runs.
    unsafe { order::defer(httpResponse) }.unwrap_or_else(|error| {
        errno::set(error);
        null_mut()
    })
}

/// Sends a deferred response, or the end of its stream, and frees it: neither the response nor its
/// request may be used afterwards. It may also be called inside the request callback and inside the
/// response's own callbacks.
///
/// After it has returned, no callback of the response is called any more, and the data that they use
/// may be freed. On any thread but the connection's, it first waits for a callback of this response
/// that is running there, so don't hold a lock that the callback takes.
///
/// Returns 0, or -1 with errno: ENOTCONN if the client has gone (the response is freed), ENOMEM (the
/// response isn't freed: call again), EINVAL for NULL or a response that isn't deferred.
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_send(httpResponse: *mut http_response) -> c_int {
    // SAFETY: by contract NULL or a live response, which the program doesn't use afterwards.
    unsafe {
        let deferred = given("yolanda_http_response_send", httpResponse);
        deferred.map_or(-1, |deferred| status(Deferred::send(deferred.into())))
    }
}

/// Returns 1 if the client of a deferred response is still connected, otherwise 0; -1 with errno
/// EINVAL for NULL or a response that isn't deferred.
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_is_open(httpResponse: *mut http_response) -> c_int {
    // SAFETY: by contract NULL or a live response.
    let deferred = unsafe { given("yolanda_http_response_is_open", httpResponse) };
    deferred.map_or(-1, |deferred| c_int::from(!deferred.connection().has_closed()))
}

/// Starts to send a deferred response in parts: status and headers now, the body with
/// yolanda_http_response_write(), and the end with yolanda_http_response_send(). `length` is the length
/// of the body, or -1 if it isn't known: the body is then sent in chunks (RFC 9112, 7.1), or to an
/// HTTP/1.0 client until the connection ends. If such a connection ends before
/// yolanda_http_response_send() and before all of the body was sent, it ends with a reset, so that the
/// client doesn't mistake a part for the whole. The response's own `body` isn't sent.
///
/// Returns 0, or -1 with errno: EALREADY if it was already called, ENOTCONN, EPIPE or ECONNRESET (the
/// client has gone), ENOBUFS, ENOMEM, EINVAL (NULL, not deferred, another negative length).
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_begin(
    httpResponse: *mut http_response,
    length: i64,
) -> c_int {
    // SAFETY: by contract NULL or a live response.
    let deferred = unsafe { given("yolanda_http_response_begin", httpResponse) };
    deferred.map_or(-1, |deferred| status(deferred.begin(length)))
}

/// Sends a part of the body: all of it or, on failure, nothing. Bytes that the socket doesn't take at
/// once are copied. yolanda_http_response_queued() tells how far the client lags behind. For HEAD,
/// and for a status that has no body, it does nothing.
///
/// Returns 0, or -1 with errno: EINVAL (before yolanda_http_response_begin(), NULL, not deferred),
/// EMSGSIZE (more than the announced length), ENOTCONN, EPIPE or ECONNRESET (the client has gone),
/// ENOBUFS (over the connection's limit of queued bytes), ENOMEM.
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. `data` is NULL or
/// has `length` bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_write(
    httpResponse: *mut http_response,
    data: *const c_void,
    length: usize,
) -> c_int {
    // SAFETY: by contract NULL or a live response.
    let Some(deferred) = (unsafe { given("yolanda_http_response_write", httpResponse) }) else {
        return -1;
    };
    if data.is_null() && length > 0 {
        return errno::fail(libc::EINVAL);
    }
    let bytes: &[u8] = match length {
        0 => b"",
        // SAFETY: `data` isn't NULL, so by contract it has `length` bytes.
        _ => unsafe { core::slice::from_raw_parts(data.cast(), length) },
    };
    status(deferred.write(bytes))
}

/// Returns how many bytes are waiting to be sent to the client of a deferred response; 0 with errno
/// EINVAL for NULL or a response that isn't deferred.
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. Any thread may call
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_queued(httpResponse: *mut http_response) -> usize {
    // SAFETY: by contract NULL or a live response.
    let deferred = unsafe { given("yolanda_http_response_queued", httpResponse) };
    deferred.map_or(0, |deferred| deferred.connection().unsent())
}

/// Sets a function that is called when the client has received what has been written, so that a body
/// of any size needs little memory. NULL: none.
///
/// Returns 0, or -1 with errno: EPERM on another thread, EINVAL for NULL or a response that isn't
/// deferred.
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. `data` remains
/// yours. Call it only on the connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_set_stream_callback(
    httpResponse: *mut http_response,
    callback: yolanda_http_stream_callback,
    data: *mut c_void,
) -> c_int {
    let what = "yolanda_http_response_set_stream_callback";
    // SAFETY: by contract NULL or a live response.
    let deferred = unsafe { given(what, httpResponse) };
    deferred.map_or(-1, |deferred| status(deferred.set_stream_callback(callback, data)))
}

/// Sets a function that is called when the client of a deferred response leaves. NULL: none. If there
/// is a stream callback too, that one is called first.
///
/// If a client has sent a lot of data after its request, nothing more is read from it until it has
/// received its response. The end of its sending side is then noticed within a second after its
/// arrival.
///
/// Returns 0, or -1 with errno: EPERM on another thread, EINVAL for NULL or a response that isn't
/// deferred.
///
/// # Safety
/// `httpResponse` is NULL or a deferred response that only the calling thread uses. `data` remains
/// yours. Call it only on the connection's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_http_response_set_closed_callback(
    httpResponse: *mut http_response,
    callback: yolanda_http_closed_callback,
    data: *mut c_void,
) -> c_int {
    let what = "yolanda_http_response_set_closed_callback";
    // SAFETY: by contract NULL or a live response.
    let deferred = unsafe { given(what, httpResponse) };
    deferred.map_or(-1, |deferred| status(deferred.set_closed_callback(callback, data)))
}
