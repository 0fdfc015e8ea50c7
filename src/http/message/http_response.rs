//! The response object: the public struct, and behind it the array for the extra headers, what
//! setters have copied, and the file that is the body.

use core::ffi::{CStr, c_char, c_int};
use core::mem::{MaybeUninit, size_of};
use core::ptr::null_mut;
use std::cell::Cell;

use crate::abi::types::{buffer, http_response, response_header};
use crate::http::message::arena::Arena;
use crate::http::message::body_file::BodyFile;
use crate::http::wire::date;
use crate::http::wire::encode::{Answer, Body, Header, Sink, asks_for_close, encode, is_bodiless};
use crate::http::wire::status;
use crate::http::wire::status::SERVER_ERROR;
use crate::reactor::buffer::{append_bytes, readable};
use crate::sys::text::text;

/// Programs fill this many entries without asking.
pub const ENTRIES: usize = 128;
/// What setters copy fits in here as a rule.
const FIRST_TEXT: usize = 1024;

const NO_ENTRY: response_header = response_header { key: null_mut(), value: null_mut() };

/// Whose a response is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `http_response_new`'s: the program gives it to `free`.
    OfProgram,
    /// Given to a callback, until that returns.
    Serving,
    /// Answered later, by whatever thread.
    Deferred,
}

/// It stands behind every `struct http_response` that there is: only the library makes those.
#[repr(C)]
pub struct Response {
    public: http_response,
    entries: [response_header; ENTRIES],
    pub kind: Kind,
    /// What setters have copied. A program's own response has none: `free` wouldn't free it.
    text: Arena,
    /// The body that was copied, as long as `public.body` still points to it.
    body: *mut c_char,
    body_len: usize,
    /// The body where `public.body` is NULL.
    pub file: Option<BodyFile>,
    first_text: [MaybeUninit<u8>; FIRST_TEXT],
}

/// # Safety
/// `response` has the room of a Response, whatever is in it.
pub unsafe fn init(response: *mut Response, kind: Kind) {
    // SAFETY: the caller's room.
    unsafe {
        (&raw mut (*response).entries).write([NO_ENTRY; ENTRIES]);
        (*response).kind = kind;
        blank(response);
    }
}

unsafe fn blank(response: *mut Response) {
    // SAFETY: a response whose entries are empty already.
    unsafe {
        (&raw mut (*response).public).write(http_response {
            statusCode: Cell::new(0),
            statusMessage: Cell::new(null_mut()),
            contentType: Cell::new(null_mut()),
            body: Cell::new(null_mut()),
            response_headers: Cell::new((&raw mut (*response).entries).cast()),
            response_headers_number: Cell::new(0),
            keep_connected: Cell::new(0),
        });
        let first = (&raw mut (*response).first_text).cast();
        (&raw mut (*response).text).write(Arena::new(first, FIRST_TEXT));
        (*response).body = null_mut();
        (*response).body_len = 0;
        (&raw mut (*response).file).write(None);
    }
}

/// Empties the response for the next callback, so that it sees nothing of this one.
///
/// # Safety
/// `response` is a live response.
pub unsafe fn reset(response: *mut Response) {
    // SAFETY: at most all of its own entries are written; the copies are the response's own.
    unsafe {
        let used = usize::try_from((*response).public.response_headers_number.get()).unwrap_or(0);
        let entries = (&raw mut (*response).entries).cast::<response_header>();
        for i in 0..used.min(ENTRIES) {
            entries.add(i).write(NO_ENTRY);
        }
        (*response).text.release();
        drop((*response).file.take());
        blank(response);
    }
}

/// A copy with a NUL behind it, which stays until the response is reset; NULL when memory is out.
///
/// # Safety
/// `response` is a live response that isn't a program's.
pub unsafe fn copy(response: *mut Response, bytes: &[u8]) -> *mut c_char {
    // SAFETY: the arena's piece has room for the bytes and the NUL.
    unsafe {
        let Some(size) = bytes.len().checked_add(1) else {
            return null_mut();
        };
        let place = (*response).text.alloc(size);
        if !place.is_null() {
            place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            place.add(bytes.len()).write(0);
        }
        place.cast()
    }
}

/// Makes a copy the body. False when memory is out.
///
/// # Safety
/// As `copy`.
pub unsafe fn set_body(response: *mut Response, bytes: &[u8]) -> bool {
    // SAFETY: as said.
    unsafe {
        let body = copy(response, bytes);
        if !body.is_null() {
            (*response).public.body.set(body);
            (*response).body = body;
            (*response).body_len = bytes.len();
            (*response).file = None;
        }
        !body.is_null()
    }
}

/// The extra headers, in their order. Entries without a key don't count.
///
/// # Safety
/// `response` is a live response whose strings stay as they are while the result is used.
unsafe fn headers<'a>(response: *mut http_response) -> impl Iterator<Item = Header<'a>> {
    // SAFETY: the array has as many entries as the response says; the library's own has 128.
    unsafe {
        let table = (*response).response_headers.get();
        let own = (&raw mut (*response.cast::<Response>()).entries).cast::<response_header>();
        let n = match usize::try_from((*response).response_headers_number.get()) {
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
pub unsafe fn asks_close(response: *mut Response) -> bool {
    // SAFETY: the caller's response.
    unsafe {
        (*response).public.keep_connected.get() != 0 || headers(response.cast()).any(asks_for_close)
    }
}

/// Whether the status is one that a response can have.
unsafe fn has_status(response: *mut Response) -> bool {
    // SAFETY: a live response.
    unsafe { (100..=999).contains(&(*response).public.statusCode.get()) }
}

/// Turns what a callback left without a status into a complete answer.
///
/// # Safety
/// `response` is a live response, which is emptied before the program sees it again.
pub unsafe fn complete(response: *mut Response) {
    const TEXT: &CStr = c"Internal Server Error";
    // SAFETY: the library only reads the strings that the fields point to.
    unsafe {
        if has_status(response) {
            return;
        }
        let public = &raw mut (*response).public;
        (*public).statusCode.set(SERVER_ERROR);
        (*public).statusMessage.set(TEXT.as_ptr().cast_mut());
        if (*public).body.get().is_null() {
            (*public).body.set(TEXT.as_ptr().cast_mut());
            (*public).contentType.set(c"text/plain".as_ptr().cast_mut());
        }
    }
}

/// The status that is sent.
///
/// # Safety
/// `response` is a live response.
pub unsafe fn status(response: *mut Response) -> u32 {
    // SAFETY: as said.
    unsafe { if has_status(response) { (*response).public.statusCode.get() } else { SERVER_ERROR } }
}

/// How a response is written.
pub struct Form<'a> {
    /// In place of the response's own body.
    pub body: Option<Body<'a>>,
    pub date: Option<&'a [u8; date::LENGTH]>,
    pub close: bool,
    pub head_only: bool,
}

/// Encodes what the public fields say. A status that no response can have becomes 500. Tells how many bytes
/// the body has that goes with it.
///
/// # Safety
/// `response` is a live response.
pub unsafe fn encode_to(response: *mut Response, form: &Form<'_>, out: &mut impl Sink) -> u64 {
    // SAFETY: the strings are read here and now, and nothing of the program runs meanwhile.
    unsafe {
        let public = &raw mut (*response).public;
        let own = (*public).body.get();
        let body = match form.body {
            Some(body) => body,
            None if own.is_null() => match &(*response).file {
                Some(file) => Body::Length(file.length),
                None => Body::None,
            },
            None if own == (*response).body => {
                Body::Bytes(std::slice::from_raw_parts(own.cast(), (*response).body_len))
            }
            None => Body::Bytes(text(own)),
        };
        // The program's own header goes before the field, and before the library's.
        let has = |name: &[u8]| headers(public).any(|header| header.0.eq_ignore_ascii_case(name));
        let kind = (*public).contentType.get();
        let kind = (!kind.is_null() && !has(b"content-type")).then(|| text(kind));
        let answer = Answer {
            status: status(response),
            reason: text((*public).statusMessage.get()),
            content_type: kind,
            body,
            date: form.date.filter(|_| !has(b"date")),
            close: form.close,
            head_only: form.head_only,
        };
        encode(&answer, headers(public), out)
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

pub unsafe extern "C" fn http_response_new() -> *mut http_response {
    // SAFETY: fresh memory of the size of a response.
    unsafe {
        let response: *mut Response = libc::malloc(size_of::<Response>()).cast();
        if !response.is_null() {
            init(response, Kind::OfProgram);
        }
        response.cast()
    }
}

pub unsafe extern "C" fn http_response_encode_buffer(
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
        if (*response).file.is_some() && (*httpResponse).body.get().is_null() {
            log_err!("http_response_encode_buffer: the body is a file");
            return;
        }
        let before = readable(buffer);
        let mut out = Appended { buffer, failed: false };
        let close = asks_close(response);
        encode_to(response, &Form { body: None, date: None, close, head_only: false }, &mut out);
        if out.failed {
            log_err!("http_response_encode_buffer: no memory");
            // What is readable is a c_int, and the bytes up to there were there before.
            (*buffer).writeIndex.set((*buffer).readIndex.get() + before as c_int);
            append_bytes(buffer, b"".as_ptr(), 0);
        }
    }
}

/// The standard text of the response's status, where the program set none.
///
/// # Safety
/// `response` is a live response.
pub unsafe fn set_standard_text(response: *mut Response) {
    // SAFETY: a text of static memory, which the library only reads.
    unsafe {
        (*response)
            .public
            .statusMessage
            .set(status::text((*response).public.statusCode.get()).as_ptr().cast_mut());
    }
}

/// Makes it the plain answer of that status: a line with the standard text, nothing for 204.
///
/// # Safety
/// As `set_standard_text`.
pub unsafe fn set_standard(response: *mut Response, status: status::Status) {
    // SAFETY: as said.
    unsafe {
        (*response).public.statusCode.set(status);
        set_standard_text(response);
        if !is_bodiless(status) {
            (*response).public.contentType.set(c"text/plain".as_ptr().cast_mut());
            (*response).public.body.set((*response).public.statusMessage.get());
        }
    }
}
