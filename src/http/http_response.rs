//! The response object: the public struct, and behind it the array for the extra headers.

use core::ffi::{CStr, c_char, c_int};
use core::mem::size_of;
use core::ptr::null_mut;

use super::encode::{Answer, Header, Sink, asks_for_close, encode};
use super::status::SERVER_ERROR;
use super::text::text;
use crate::abi::types::{buffer, http_response, response_header};
use crate::reactor::buffer::{append_bytes, readable};

/// Programs fill this many entries without asking.
const ENTRIES: usize = 128;

const NO_ENTRY: response_header = response_header { key: null_mut(), value: null_mut() };

/// It stands behind every `struct http_response` that there is: only the library makes those.
#[repr(C)]
pub(super) struct Response {
    public: http_response,
    entries: [response_header; ENTRIES],
}

/// # Safety
/// `response` has the room of a Response, whatever is in it.
pub(super) unsafe fn init(response: *mut Response) {
    // SAFETY: the caller's room.
    unsafe {
        (&raw mut (*response).entries).write([NO_ENTRY; ENTRIES]);
        blank(response);
    }
}

unsafe fn blank(response: *mut Response) {
    // SAFETY: a response whose entries are empty already.
    unsafe {
        (&raw mut (*response).public).write(http_response {
            statusCode: 0,
            statusMessage: null_mut(),
            contentType: null_mut(),
            body: null_mut(),
            response_headers: (&raw mut (*response).entries).cast(),
            response_headers_number: 0,
            keep_connected: 0,
        });
    }
}

/// Empties the response for the next callback, so that it sees nothing of this one.
///
/// # Safety
/// `response` is a live response.
pub(super) unsafe fn reset(response: *mut Response) {
    // SAFETY: at most all of its own entries are written.
    unsafe {
        let used = usize::try_from((*response).public.response_headers_number).unwrap_or(0);
        let entries = (&raw mut (*response).entries).cast::<response_header>();
        for i in 0..used.min(ENTRIES) {
            entries.add(i).write(NO_ENTRY);
        }
        blank(response);
    }
}

/// The extra headers, in their order. Entries without a key don't count.
///
/// # Safety
/// `response` is a live response whose strings stay as they are while the result is used.
unsafe fn headers<'a>(response: *mut http_response) -> impl Iterator<Item = Header<'a>> {
    // SAFETY: the array has as many entries as the response says; the library's own has 128.
    unsafe {
        let table = (*response).response_headers;
        let own = (&raw mut (*response.cast::<Response>()).entries).cast::<response_header>();
        let n = match usize::try_from((*response).response_headers_number) {
            Ok(n) if table == own => n.min(ENTRIES),
            Ok(n) if !table.is_null() => n,
            _ => 0,
        };
        (0..n)
            .map(move |i| ((*table.add(i)).key, (*table.add(i)).value))
            .filter(|(key, _)| !key.is_null())
            .map(|(key, value)| (text(key), text(value)))
    }
}

/// Whether the program wants the connection to end behind this response.
///
/// # Safety
/// `response` is a live response.
pub(super) unsafe fn asks_close(response: *mut Response) -> bool {
    // SAFETY: the caller's response.
    unsafe {
        (*response).public.keep_connected != 0 || headers(response.cast()).any(asks_for_close)
    }
}

/// Whether the status is one that a response can have.
unsafe fn has_status(response: *mut Response) -> bool {
    // SAFETY: a live response.
    unsafe { (100..=999).contains(&(*response).public.statusCode) }
}

/// Turns what a callback left without a status into a complete answer.
///
/// # Safety
/// `response` is a live response, which is emptied before the program sees it again.
pub(super) unsafe fn complete(response: *mut Response) {
    const TEXT: &CStr = c"Internal Server Error";
    // SAFETY: the library only reads the strings that the fields point to.
    unsafe {
        if has_status(response) {
            return;
        }
        let public = &raw mut (*response).public;
        (*public).statusCode = SERVER_ERROR;
        (*public).statusMessage = TEXT.as_ptr().cast_mut();
        if (*public).body.is_null() {
            (*public).body = TEXT.as_ptr().cast_mut();
            (*public).contentType = c"text/plain".as_ptr().cast_mut();
        }
    }
}

/// Encodes what the public fields say. A status that no response can have becomes 500.
///
/// # Safety
/// `response` is a live response.
pub(super) unsafe fn encode_to(
    response: *mut Response,
    close: bool,
    head_only: bool,
    out: &mut impl Sink,
) {
    // SAFETY: the strings are read here and now, and nothing of the program runs meanwhile.
    unsafe {
        let public = &raw mut (*response).public;
        let present = |string: *mut c_char| (!string.is_null()).then(|| text(string));
        let answer = Answer {
            status: match has_status(response) {
                true => (*public).statusCode,
                false => SERVER_ERROR,
            },
            reason: text((*public).statusMessage),
            content_type: present((*public).contentType),
            body: present((*public).body),
            close,
            head_only,
        };
        encode(&answer, headers(public), out);
    }
}

/// A buffer that takes the response; what doesn't fit fails all of it.
struct Appended {
    buffer: *mut buffer,
    failed: bool,
}

impl Sink for Appended {
    fn put(&mut self, bytes: &[u8]) {
        // SAFETY: the caller of http_response_encode_buffer vouches for the buffer.
        self.failed |=
            !self.failed && !unsafe { append_bytes(self.buffer, bytes.as_ptr(), bytes.len()) };
    }
}

pub(crate) unsafe extern "C" fn http_response_new() -> *mut http_response {
    // SAFETY: fresh memory of the size of a response.
    unsafe {
        let response: *mut Response = libc::malloc(size_of::<Response>()).cast();
        if !response.is_null() {
            init(response);
        }
        response.cast()
    }
}

pub(crate) unsafe extern "C" fn http_response_encode_buffer(
    httpResponse: *mut http_response,
    buffer: *mut buffer,
) {
    if httpResponse.is_null() || buffer.is_null() {
        log_err!("http_response_encode_buffer: no response or no buffer");
        return;
    }
    // SAFETY: the caller's objects.
    unsafe {
        let response: *mut Response = httpResponse.cast();
        let before = readable(buffer);
        let mut out = Appended { buffer, failed: false };
        encode_to(response, asks_close(response), false, &mut out);
        if out.failed {
            log_err!("http_response_encode_buffer: no memory");
            // What is readable is a c_int, and the bytes up to there were there before.
            (*buffer).writeIndex = (*buffer).readIndex + before as c_int;
            append_bytes(buffer, b"".as_ptr(), 0);
        }
    }
}
