//! The functions of lib/http_response.h.

use crate::abi::types::buffer;
use crate::abi::types::http_response;
use crate::http::message::http_response::{Form, Kind, Response};
use crate::http::wire::encode::Sink;
use core::ffi::c_int;

/// Appends the response to a buffer; if a part doesn't fit, the whole response fails.
struct Appended<'a> {
    buffer: &'a buffer,
    failed: bool,
}

impl Sink for Appended<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.failed |= !self.failed && !self.buffer.append(bytes);
    }
}

/// Makes an empty response with room for 128 headers. Release it with free(); its strings always
/// remain yours.
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_response_new() -> *mut http_response {
    // SAFETY: a new block of the size of a response; malloc aligns for every type.
    unsafe {
        let response: *mut Response = libc::malloc(size_of::<Response>()).cast();
        if !response.is_null() {
            Response::init(response, Kind::OfProgram);
        }
        response.cast()
    }
}

/// Appends the response to a buffer in the form in which it is sent: status line, Content-Type if set,
/// Content-Length, Connection, the other headers, an empty line, the body. On failure (NULL, no memory)
/// it appends nothing and logs an error.
///
/// # Safety
/// The response and the buffer are NULL or objects that only the calling thread uses. The
/// strings of the response are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn http_response_encode_buffer(
    httpResponse: *mut http_response,
    buffer: *mut buffer,
) {
    let response: *mut Response = httpResponse.cast();
    let response =
        non_null_or_log!(response, "http_response_encode_buffer: no response or no buffer");
    let buffer = non_null_or_log!(buffer, "http_response_encode_buffer: no response or no buffer");
    if response.file_length().is_some() {
        log_err!("http_response_encode_buffer: the body is a file");
        return;
    }
    let before = buffer.readable();
    let mut out = Appended { buffer, failed: false };
    let close = response.asks_close();
    response.encode(&Form { body: None, date: None, close, head_only: false }, &mut out);
    if out.failed {
        log_err!("http_response_encode_buffer: no memory");
        // The number of readable bytes fits into a c_int, and `before` isn't more than that.
        buffer.writeIndex.set(buffer.readIndex.get() + before as c_int);
        buffer.append(b"");
    }
}
