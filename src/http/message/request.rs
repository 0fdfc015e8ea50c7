//! The request object: the public struct, and behind it the parser, the strings and the headers.

mod content;
mod keeper;
mod streamed;
mod target;

use core::ffi::{c_char, c_int};
use core::mem::{MaybeUninit, size_of};
use core::ptr::{null, null_mut};
use std::cell::Cell;

use crate::abi::types::{
    REQUEST_BODY, REQUEST_DONE, REQUEST_HEADERS, REQUEST_STATUS, buffer, http_request,
    http_request_state_t, request_header, tcp_connection,
};
use crate::http::message::arena::Arena;
use crate::http::message::bodies::Bodies;
use crate::http::message::request::content::Content;
use crate::http::message::request::keeper::{Keeper, push};
pub use crate::http::message::request::streamed::{
    Intake, has_more, intake, is_dropped, set_intake, set_upload, upload,
};
use crate::http::message::request::target::Lazy;
pub use crate::http::message::request::target::{
    Lack, Parameters, capture, captured, path, query, segments,
};
use crate::http::message::upload::Upload;
use crate::http::route::table::Found;
use crate::http::wire::limits::{DROPPED, Limits};
use crate::http::wire::parse::{Parser, State};
use crate::http::wire::status::{BAD_REQUEST, Status};
use crate::reactor::buffer::{read_at, readable};
use crate::sys::pool;
use crate::sys::text::text;

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
    body: Content,
    /// The host that the target names; NULL where it is a path.
    host: *mut u8,
    path: Lazy<*mut c_char>,
    query: Lazy<Parameters>,
    /// Those of the route.
    captured: Parameters,
    /// Where the body goes that isn't collected; else NULL.
    upload: *mut Upload,
    intake: Intake,
    /// What its head has come to; None before, and where nobody had to know.
    found: Option<Result<Found, Lack>>,
    /// What it came over; NULL for a request of the program's.
    connection: *mut tcp_connection,
    /// What counts its body; NULL where nobody does.
    bodies: *const Bodies,
    /// Made by `http_request_new`, and so the program's to clear.
    is_program_s: bool,
}

const FRONT: usize = size_of::<Front>() + FIRST_HEADERS * size_of::<request_header>();

/// It stands behind every `struct http_request` that there is: only the library makes those.
#[repr(C)]
pub struct Request {
    front: Front,
    first_table: [MaybeUninit<request_header>; FIRST_HEADERS],
    first_text: [MaybeUninit<u8>; SIZE - FRONT],
}

const _: () = assert!(size_of::<Request>() == SIZE);

/// A request of the server's own, from the pools; NULL when memory is out.
pub fn alloc() -> *mut Request {
    let request: *mut Request = pool::alloc(SIZE).cast();
    if !request.is_null() {
        // SAFETY: fresh memory of that size.
        unsafe { init(request, null_mut(), null(), false) };
    }
    request
}

/// A request that the program owns, from malloc; NULL when memory is out.
pub fn alloc_for_program() -> *mut Request {
    // SAFETY: fresh memory of that size.
    unsafe {
        let request: *mut Request = libc::malloc(SIZE).cast();
        if !request.is_null() {
            init(request, null_mut(), null(), true);
        }
        request
    }
}

/// Frees a request of the program's; false for one of the server's.
///
/// # Safety
/// `request` is a live request that nothing uses any more.
pub unsafe fn free_of_program(request: *mut Request) -> bool {
    // SAFETY: the caller's request, from malloc if it is the program's.
    unsafe {
        let is_program_s = (*request).front.is_program_s;
        if is_program_s {
            release(request);
            libc::free(request.cast());
        }
        is_program_s
    }
}

/// # Safety
/// `request` came from `alloc`, and nothing uses it any more.
pub unsafe fn free(request: *mut Request) {
    // SAFETY: the caller's request.
    unsafe {
        release(request);
        pool::free(request.cast(), SIZE);
    }
}

/// # Safety
/// `request` has the room of a Request, whatever is in it.
unsafe fn init(
    request: *mut Request,
    connection: *mut tcp_connection,
    bodies: *const Bodies,
    is_program_s: bool,
) {
    // SAFETY: every field is written before it is read, and the text stays in this very object.
    unsafe {
        let table = (&raw mut (*request).first_table).cast::<request_header>();
        let text = (&raw mut (*request).first_text).cast::<u8>();
        (&raw mut (*request).front).write(Front {
            public: http_request {
                version: Cell::new(null_mut()),
                method: Cell::new(null_mut()),
                url: Cell::new(null_mut()),
                current_state: Cell::new(REQUEST_STATUS),
                request_headers: Cell::new(table),
                request_headers_number: Cell::new(0),
            },
            parser: Parser::new(!is_program_s),
            text: Arena::new(text, SIZE - FRONT),
            table,
            capacity: FIRST_HEADERS,
            body: Content::EMPTY,
            host: null_mut(),
            path: Lazy::Unread,
            query: Lazy::Unread,
            captured: Parameters::NONE,
            upload: null_mut(),
            intake: Intake::Open,
            found: None,
            connection,
            bodies,
            is_program_s,
        });
    }
}

/// Gives back what stands outside of the object; `init` or the end has to follow.
///
/// # Safety
/// `request` is a live request.
unsafe fn release(request: *mut Request) {
    // SAFETY: the body, the chunks and the array are the request's own.
    unsafe {
        // First, as it calls the program, which may still have the request.
        Upload::free(core::mem::replace(&mut (*request).front.upload, null_mut()));
        (*request).front.body.release();
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
pub unsafe fn reset(request: *mut Request) {
    // SAFETY: the caller's request.
    unsafe {
        release(request);
        let Front { connection, bodies, is_program_s, .. } = (*request).front;
        init(request, connection, bodies, is_program_s);
    }
}

/// Says which connection the requests that are read into it come over, and what counts their bodies.
///
/// # Safety
/// `request` is a live request; `bodies` is NULL or stays as long as it.
pub unsafe fn comes_over(request: *mut Request, conn: *mut tcp_connection, bodies: *const Bodies) {
    // SAFETY: the caller's request.
    unsafe {
        (*request).front.connection = conn;
        (*request).front.bodies = bodies;
    }
}

/// The connection that the request came over, or NULL.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn connection(request: *mut Request) -> *mut tcp_connection {
    // SAFETY: the caller's request.
    unsafe { (*request).front.connection }
}

/// The body, with a NUL behind it, and its length.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn body(request: *mut Request) -> (*const c_char, usize) {
    // SAFETY: the caller's request.
    unsafe {
        let body = &raw mut (*request).front.body;
        match (*body).at.is_null() {
            true => (c"".as_ptr(), 0),
            false => ((*body).at.cast_const().cast(), (*body).len),
        }
    }
}

/// The parser of a live request.
///
/// # Safety
/// No other reference to the parser is in use.
pub unsafe fn parser<'a>(request: *mut Request) -> &'a mut Parser {
    // SAFETY: a live request, whose parser C code never sees.
    unsafe { &mut (*request).front.parser }
}

/// How far the request is.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn state(request: *mut Request) -> http_request_state_t {
    // SAFETY: the caller's request.
    unsafe { (*request).front.public.current_state.get() }
}

/// The method; empty while there is none.
///
/// # Safety
/// `request` is a live request, whose method stays as it is while the result is used.
pub unsafe fn method<'a>(request: *mut Request) -> &'a [u8] {
    // SAFETY: the method is NULL or a string of the request.
    unsafe { text((*request).front.public.method.get()) }
}

/// Whether the body of the answer is left out.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn is_head(request: *mut Request) -> bool {
    // SAFETY: the caller's request.
    unsafe { (*request).front.parser.is_head }
}

/// Has `is_head` tell what the request line that has begun to come says.
///
/// # Safety
/// Both are live objects.
pub unsafe fn look_for_head(input: *mut buffer, request: *mut Request) {
    // SAFETY: as said; nothing else runs meanwhile.
    unsafe { parser(request).look_for_head(unread(input)) };
}

/// Who answers, where that was found out behind the head.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn found(request: *mut Request) -> Option<Result<Found, Lack>> {
    // SAFETY: the caller's request.
    unsafe { (*request).front.found }
}

/// Notes who answers.
///
/// # Safety
/// `request` is a live request; what was found stays as long.
pub unsafe fn set_found(request: *mut Request, found: Result<Found, Lack>) {
    // SAFETY: the caller's request.
    unsafe { (*request).front.found = Some(found) };
}

/// Whether the target is the server itself, not a path.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn is_star(request: *mut Request) -> bool {
    // SAFETY: the URL is NULL or a string of the request.
    unsafe { text((*request).front.public.url.get()) == b"*" }
}

/// Whether the request is of HTTP/1.0, whose clients know no chunks.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn is_1_0(request: *mut Request) -> bool {
    // SAFETY: the caller's request.
    unsafe { (*request).front.parser.framing.is_1_0 }
}

/// Whether the client wants the connection to end behind the response.
///
/// # Safety
/// `request` is a live request whose head was read.
pub unsafe fn ends_connection(request: *mut Request) -> bool {
    // SAFETY: the caller's request.
    unsafe { (*request).front.parser.framing.ends_connection() }
}

/// What there is to read of an input.
///
/// # Safety
/// A live buffer, which stays as it is while the result is used.
unsafe fn unread<'a>(input: *mut buffer) -> &'a [u8] {
    // SAFETY: as said; the readable bytes lie in the buffer's block.
    unsafe {
        match readable(input) {
            n if n > 0 && !(*input).data.get().is_null() => {
                core::slice::from_raw_parts(read_at(input).cast_const(), n)
            }
            _ => b"",
        }
    }
}

/// Takes what it can from the input. An error: the bytes are no request that is served. Bytes of a body
/// that isn't collected are left in the input, for `upload` to hand over.
///
/// # Safety
/// Both are live objects.
pub unsafe fn parse(
    input: *mut buffer,
    request: *mut Request,
    limits: &Limits,
) -> Result<(), Status> {
    // SAFETY: the readable bytes lie in the buffer's block, and nothing else runs meanwhile.
    unsafe {
        let bytes = unread(input);
        let upload = (*request).front.upload;
        let of_upload;
        let limits = match upload.is_null() {
            true if is_dropped(request) => &DROPPED,
            true => limits,
            false if (*upload).part.get() > 0 => return Ok(()),
            false => {
                of_upload = Limits { body: (*upload).limit, ask: false, parts: true, ..*limits };
                &of_upload
            }
        };
        let parser = parser(request);
        parser.state = match (*request).front.public.current_state.get() {
            REQUEST_STATUS => State::RequestLine,
            REQUEST_HEADERS => State::Headers,
            REQUEST_BODY => State::Body,
            REQUEST_DONE => State::Done,
            _ => return Err(BAD_REQUEST),
        };
        let (taken, result) = parser.parse(bytes, limits, &mut Keeper(request));
        (*request).front.public.current_state.set(match parser.state {
            State::RequestLine => REQUEST_STATUS,
            State::Headers => REQUEST_HEADERS,
            State::Body => REQUEST_BODY,
            State::Done => REQUEST_DONE,
        });
        let part = if upload.is_null() { 0 } else { (*upload).part.get() };
        // Not more than was readable, which is a c_int; the part was taken last.
        (*input).readIndex.set((*input).readIndex.get() + (taken - part) as c_int);
        result
    }
}

/// Adds a header with copies of the strings; None when memory is out.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn add_header(request: *mut Request, key: &[u8], value: &[u8]) -> Option<()> {
    let mut keeper = Keeper(request);
    let (key, value) = (keeper.copy(key), keeper.copy(value));
    if key.is_null() || value.is_null() {
        return None;
    }
    // SAFETY: the caller's request, and strings of its own.
    unsafe { push(request, key, value) }
}
