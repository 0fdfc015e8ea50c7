//! The request object: the public struct, and behind it the parser, the strings and the headers.

use core::ffi::{CStr, c_char, c_int};
use core::mem::{MaybeUninit, size_of};
use core::ptr::null_mut;

use super::arena::Arena;
use super::line::{HeaderLine, RequestLine};
use super::parse::{Parser, State, Store};
use super::scan::{has_member, trim};
use super::status::{BAD_REQUEST, Status};
use crate::abi::types::{
    REQUEST_BODY, REQUEST_DONE, REQUEST_HEADERS, REQUEST_STATUS, buffer, http_request,
    http_request_state_t, request_header,
};
use crate::reactor::buffer::{read_at, readable};
use crate::sys::pool;

/// A request with the strings and headers of nearly all requests fills this much.
const SIZE: usize = 4096;
const FIRST_HEADERS: usize = 32;

/// The public struct, and what only the library looks at.
#[repr(C)]
struct Front {
    public: http_request,
    parser: Parser,
    text: Arena,
    /// The header array, which has room for `capacity` entries: the first one, or one of the pools.
    table: *mut request_header,
    capacity: usize,
    /// Made by `http_request_new`, and so the program's to clear.
    is_program_s: bool,
}

const FRONT: usize = size_of::<Front>() + FIRST_HEADERS * size_of::<request_header>();

/// It stands behind every `struct http_request` that there is: only the library makes those.
#[repr(C)]
pub(super) struct Request {
    front: Front,
    first_table: [MaybeUninit<request_header>; FIRST_HEADERS],
    first_text: [MaybeUninit<u8>; SIZE - FRONT],
}

const _: () = assert!(size_of::<Request>() == SIZE);

/// A request of the server's own, from the pools; NULL when memory is out.
pub(super) fn alloc() -> *mut Request {
    let request: *mut Request = pool::alloc(SIZE).cast();
    if !request.is_null() {
        // SAFETY: fresh memory of that size.
        unsafe { init(request, false) };
    }
    request
}

/// # Safety
/// `request` came from `alloc`, and nothing uses it any more.
pub(super) unsafe fn free(request: *mut Request) {
    // SAFETY: the caller's request.
    unsafe {
        release(request);
        pool::free(request.cast(), SIZE);
    }
}

/// # Safety
/// `request` has the room of a Request, whatever is in it.
unsafe fn init(request: *mut Request, is_program_s: bool) {
    // SAFETY: every field is written before it is read, and the text stays in this very object.
    unsafe {
        let table = (&raw mut (*request).first_table).cast::<request_header>();
        let text = (&raw mut (*request).first_text).cast::<u8>();
        (&raw mut (*request).front).write(Front {
            public: http_request {
                version: null_mut(),
                method: null_mut(),
                url: null_mut(),
                current_state: REQUEST_STATUS,
                request_headers: table,
                request_headers_number: 0,
            },
            parser: Parser::new(),
            text: Arena::new(text, SIZE - FRONT),
            table,
            capacity: FIRST_HEADERS,
            is_program_s,
        });
    }
}

/// Gives back what stands outside of the object; `init` or the end has to follow.
///
/// # Safety
/// `request` is a live request.
unsafe fn release(request: *mut Request) {
    // SAFETY: the chunks and the array are the request's own.
    unsafe {
        (*request).front.text.release();
        if (*request).front.capacity > FIRST_HEADERS {
            let size = (*request).front.capacity * size_of::<request_header>();
            pool::free((*request).front.table.cast(), size);
        }
    }
}

/// Empties the request for the next one.
///
/// # Safety
/// `request` is a live request.
pub(super) unsafe fn reset(request: *mut Request) {
    // SAFETY: the caller's request.
    unsafe {
        release(request);
        init(request, (*request).front.is_program_s);
    }
}

/// The parser of a live request.
///
/// # Safety
/// No other reference to the parser is in use.
pub(super) unsafe fn parser<'a>(request: *mut Request) -> &'a mut Parser {
    // SAFETY: a live request, whose parser C code never sees.
    unsafe { &mut (*request).front.parser }
}

/// How far the request is.
///
/// # Safety
/// `request` is a live request.
pub(super) unsafe fn state(request: *mut Request) -> http_request_state_t {
    // SAFETY: the caller's request.
    unsafe { (*request).front.public.current_state }
}

/// Whether the body of the answer is left out.
///
/// # Safety
/// `request` is a live request.
pub(super) unsafe fn is_head(request: *mut Request) -> bool {
    // SAFETY: the method is NULL or a string of the request.
    unsafe { text((*request).front.public.method) == b"HEAD" }
}

/// Takes what it can from the input. An error: the bytes are no request that is served.
///
/// # Safety
/// Both are live objects.
pub(super) unsafe fn parse(input: *mut buffer, request: *mut Request) -> Result<(), Status> {
    // SAFETY: the readable bytes lie in the buffer's block, and nothing else runs meanwhile.
    unsafe {
        let bytes = match readable(input) {
            n if n > 0 && !(*input).data.is_null() => {
                core::slice::from_raw_parts(read_at(input).cast_const(), n)
            }
            _ => b"",
        };
        let parser = parser(request);
        parser.state = match (*request).front.public.current_state {
            REQUEST_STATUS => State::RequestLine,
            REQUEST_HEADERS => State::Headers,
            REQUEST_BODY => State::Body,
            REQUEST_DONE => State::Done,
            _ => return Err(BAD_REQUEST),
        };
        let (taken, result) = parser.parse(bytes, &mut Keeper(request));
        (*request).front.public.current_state = match parser.state {
            State::RequestLine => REQUEST_STATUS,
            State::Headers => REQUEST_HEADERS,
            State::Body => REQUEST_BODY,
            State::Done => REQUEST_DONE,
        };
        // Not more than was readable, which is a c_int.
        (*input).readIndex += taken as c_int;
        result
    }
}

/// Keeps lines in a live request, beside the parser that reads them.
struct Keeper(*mut Request);

impl Keeper {
    /// A copy of the line with a NUL behind it; NULL when memory is out.
    fn copy(&mut self, line: &[u8]) -> *mut u8 {
        // SAFETY: a live request, and room for the line and its NUL.
        unsafe {
            let text = (*self.0).front.text.alloc(line.len() + 1);
            if !text.is_null() {
                text.copy_from_nonoverlapping(line.as_ptr(), line.len());
                *text.add(line.len()) = 0;
            }
            text
        }
    }
}

impl Store for Keeper {
    fn request_line(&mut self, line: &[u8], parts: &RequestLine) -> Option<()> {
        let text = self.copy(line);
        if text.is_null() {
            return None;
        }
        // SAFETY: the parts lie in the line, and a blank stands behind method and url.
        unsafe {
            *text.add(parts.method_end) = 0;
            *text.add(parts.url.end) = 0;
            let public = &raw mut (*self.0).front.public;
            (*public).method = text.cast();
            (*public).url = text.add(parts.url.start).cast();
            (*public).version = text.add(parts.url.end + 1).cast();
        }
        Some(())
    }

    fn header(&mut self, line: &[u8], parts: &HeaderLine) -> Option<()> {
        let text = self.copy(line);
        if text.is_null() {
            return None;
        }
        // SAFETY: the parts lie in the line: a colon behind the name, and the NUL behind it all.
        unsafe {
            *text.add(parts.name_end) = 0;
            *text.add(parts.value.end) = 0;
            push(self.0, text, text.add(parts.value.start))
        }
    }
}

/// Adds an entry to the headers; None when memory is out.
///
/// # Safety
/// `request` is a live request; the strings stay as long as it isn't reset.
unsafe fn push(request: *mut Request, key: *mut u8, value: *mut u8) -> Option<()> {
    // SAFETY: the number is brought within the array that is the request's own.
    unsafe {
        let front = &raw mut (*request).front;
        let capacity = (*front).capacity;
        let n = usize::try_from((*front).public.request_headers_number).unwrap_or(0);
        let n = n.min(capacity);
        if n == capacity {
            grow(front, n)?;
        }
        (*front).public.request_headers = (*front).table;
        (*front).table.add(n).write(request_header {
            key: key.cast(),
            value: value.cast(),
        });
        (*front).public.request_headers_number = n as c_int + 1;
    }
    Some(())
}

/// Doubles the header array.
///
/// # Safety
/// `front` is that of a live request with `n` headers.
#[cold]
unsafe fn grow(front: *mut Front, n: usize) -> Option<()> {
    let unit = size_of::<request_header>();
    // SAFETY: the old array has n entries, the new one room for more.
    unsafe {
        let old = (*front).table;
        let capacity = (*front).capacity * 2;
        let table: *mut request_header = pool::alloc(capacity * unit).cast();
        if table.is_null() {
            return None;
        }
        table.copy_from_nonoverlapping(old, n);
        if (*front).capacity > FIRST_HEADERS {
            pool::free(old.cast(), (*front).capacity * unit);
        }
        (*front).table = table;
        (*front).capacity = capacity;
    }
    Some(())
}

/// The bytes of a C string; NULL counts as empty.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that stays as it is while the result is used.
pub(super) unsafe fn text<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return b"";
    }
    // SAFETY: not NULL, hence a string.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}

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
unsafe fn values<'a>(
    request: *mut http_request,
    name: &'a [u8],
) -> impl Iterator<Item = *mut c_char> + 'a {
    // SAFETY: the array has as many entries as the request says.
    let entries = unsafe {
        let table = (*request).request_headers;
        let n = usize::try_from((*request).request_headers_number).unwrap_or(0);
        let n = if table.is_null() { 0 } else { n };
        (0..n).map(move |i| table.add(i))
    };
    entries.filter_map(move |entry| {
        // SAFETY: an entry of the array; keys are NULL or strings.
        unsafe { is_named((*entry).key, name).then(|| (*entry).value) }
    })
}

pub(crate) unsafe extern "C" fn http_request_new() -> *mut http_request {
    // SAFETY: fresh memory of the size of a request.
    unsafe {
        let request: *mut Request = libc::malloc(SIZE).cast();
        if !request.is_null() {
            init(request, true);
        }
        request.cast()
    }
}

pub(crate) unsafe extern "C" fn http_request_clear(httpRequest: *mut http_request) {
    if httpRequest.is_null() {
        return;
    }
    let request: *mut Request = httpRequest.cast();
    // SAFETY: the caller's request, which it gives up if it is its own.
    unsafe {
        if !(*request).front.is_program_s {
            log_err!("http_request_clear: this request belongs to the server");
            return;
        }
        release(request);
        libc::free(request.cast());
    }
}

pub(crate) unsafe extern "C" fn http_request_reset(httpRequest: *mut http_request) {
    if httpRequest.is_null() {
        log_err!("http_request_reset: no request");
        return;
    }
    // SAFETY: the caller's request.
    unsafe { reset(httpRequest.cast()) };
}

pub(crate) unsafe extern "C" fn http_request_add_header(
    httpRequest: *mut http_request,
    key: *mut c_char,
    value: *mut c_char,
) {
    if httpRequest.is_null() {
        log_err!("http_request_add_header: no request");
        return;
    }
    let request: *mut Request = httpRequest.cast();
    let mut keeper = Keeper(request);
    // SAFETY: the caller's request and strings, of which copies are kept.
    unsafe {
        let key = keeper.copy(text(key));
        let value = keeper.copy(trim(text(value)));
        if key.is_null() || value.is_null() || push(request, key, value).is_none() {
            log_err!("http_request_add_header: no memory");
        }
    }
}

pub(crate) unsafe extern "C" fn http_request_get_header(
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

pub(crate) unsafe extern "C" fn http_request_current_state(
    httpRequest: *mut http_request,
) -> http_request_state_t {
    if httpRequest.is_null() {
        log_err!("http_request_current_state: no request");
        return REQUEST_STATUS;
    }
    // SAFETY: the caller's request.
    unsafe { (*httpRequest).current_state }
}

pub(crate) unsafe extern "C" fn http_request_close_connection(
    httpRequest: *mut http_request,
) -> c_int {
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
        match text((*httpRequest).version) {
            b"HTTP/1.0" => c_int::from(!keep_alive),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _] => 0,
            _ => 1,
        }
    }
}
