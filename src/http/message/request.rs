//! The request object: the public struct, followed by the parser, the strings and the headers.
//!
//! The program may change the strings or replace them. So the library reads them through the public fields, and
//! keeps no reference to one while it calls the program.

mod content;
mod fields;
mod headers;
mod keeper;
mod own;
mod read;
mod streamed;
mod target;

pub use crate::http::message::request::own::OwnRequest;
pub use crate::http::message::request::streamed::Intake;
pub use crate::http::message::request::target::{Lack, Parameters};

use core::cell::{Cell, RefCell, UnsafeCell};
use core::ffi::c_char;
use core::mem::{MaybeUninit, size_of};
use core::ptr::{NonNull, null_mut};

use crate::abi::types::{
    REQUEST_STATUS, http_request, http_request_state_t, request_header, tcp_connection,
};
use crate::http::message::arena::Arena;
use crate::http::message::bodies::Bodies;
use crate::http::message::handler::Found;
use crate::http::message::request::content::Content;
use crate::http::message::request::target::Lazy;
use crate::http::message::upload::Upload;
use crate::http::wire::parse::Parser;
use crate::sys::pool;
use crate::sys::text::text;

/// The size of a request, including the strings and headers of nearly all requests.
const SIZE: usize = 4096;
const FIRST_HEADERS: usize = 32;

/// The public struct and the library's own fields.
#[repr(C)]
struct Front {
    public: http_request,
    parser: RefCell<Parser>,
    text: Arena,
    /// The header array with `capacity` entries: the first one, or one from the pools.
    table: Cell<*mut request_header>,
    capacity: Cell<usize>,
    body: Content,
    /// The host in the target; NULL if the target is a path.
    host: Cell<*mut u8>,
    path: Cell<Lazy<*mut c_char>>,
    query: Cell<Lazy<Parameters>>,
    cookies: Cell<Lazy<Parameters>>,
    /// The fields of a body that is a form.
    form: Cell<Lazy<Parameters>>,
    /// The parameters of the route.
    captured: Cell<Parameters>,
    /// The upload, unless the body is collected.
    upload: Cell<Option<NonNull<Upload>>>,
    intake: Cell<Intake>,
    /// The handler, after it was looked up.
    found: Cell<Option<Result<Found, Lack>>>,
    /// The connection on which it arrived; NULL for a request that the program owns.
    connection: Cell<*mut tcp_connection>,
    /// The counter of request bodies, if it has a connection.
    bodies: Cell<Option<NonNull<Bodies>>>,
    /// It came from `http_request_new`, and the program frees it.
    is_program_s: bool,
}

const FRONT: usize = size_of::<Front>() + FIRST_HEADERS * size_of::<request_header>();

/// Every `struct http_request` is the beginning of one of these, because only the library makes them.
#[repr(C)]
pub struct Request {
    front: Front,
    first_table: UnsafeCell<[MaybeUninit<request_header>; FIRST_HEADERS]>,
    first_text: UnsafeCell<[MaybeUninit<u8>; SIZE - FRONT]>,
}

const _: () = assert!(size_of::<Request>() == SIZE);

/// A request that the program owns, from malloc. NULL if out of memory.
pub fn alloc_for_program() -> *mut Request {
    // SAFETY: new memory of that size.
    unsafe {
        let request: *mut Request = libc::malloc(SIZE).cast();
        if !request.is_null() {
            init(request, true);
        }
        request
    }
}

/// Frees a request that the program owns. False for one of the server.
///
/// # Safety
/// `request` is a live request that nothing uses any more.
pub unsafe fn free_of_program(request: *mut Request) -> bool {
    // SAFETY: by contract the request is live. One that the program owns came from malloc.
    unsafe {
        let is_program_s = (*request).front.is_program_s;
        if is_program_s {
            (*request).reset();
            libc::free(request.cast());
        }
        is_program_s
    }
}

/// # Safety
/// `request` has the size of a Request, and any content.
unsafe fn init(request: *mut Request, is_program_s: bool) {
    // SAFETY: every field of the front is written; the memory after it may be uninitialised. The request isn't
    // moved, so the array and the text in it stay in place.
    unsafe {
        let table = UnsafeCell::raw_get(&raw const (*request).first_table).cast();
        let text = NonNull::new_unchecked(&raw mut (*request).first_text).cast();
        (&raw mut (*request).front).write(Front {
            public: http_request {
                version: Cell::new(null_mut()),
                method: Cell::new(null_mut()),
                url: Cell::new(null_mut()),
                current_state: Cell::new(REQUEST_STATUS),
                request_headers: Cell::new(table),
                request_headers_number: Cell::new(0),
            },
            parser: RefCell::new(Parser::new(!is_program_s)),
            text: Arena::new(text, SIZE - FRONT),
            table: Cell::new(table),
            capacity: Cell::new(FIRST_HEADERS),
            body: Content::new(),
            host: Cell::new(null_mut()),
            path: Cell::new(Lazy::Unread),
            query: Cell::new(Lazy::Unread),
            cookies: Cell::new(Lazy::Unread),
            form: Cell::new(Lazy::Unread),
            captured: Cell::new(Parameters::NONE),
            upload: Cell::new(None),
            intake: Cell::new(Intake::Open),
            found: Cell::new(None),
            connection: Cell::new(null_mut()),
            bodies: Cell::new(None),
            is_program_s,
        });
    }
}

impl Request {
    /// The request behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and it isn't freed while the result is used.
    pub unsafe fn from_c<'a>(request: *mut http_request) -> &'a Request {
        // SAFETY: the public struct is the first field of every request of the library.
        unsafe { &*request.cast::<Request>() }
    }

    /// The pointer for C.
    pub fn as_c(&self) -> *mut http_request {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// The fields that C sees.
    pub fn public(&self) -> &http_request {
        &self.front.public
    }

    /// Empties the request for the next one, which invalidates its strings. Tells a program that takes the body
    /// in parts that its data isn't needed any more.
    pub fn reset(&self) {
        let front = &self.front;
        // This is first because it calls the program, which may still use the request.
        if let Some(upload) = front.upload.take() {
            // SAFETY: `set_upload` released it from its owner, and the request's pointer was just cleared.
            drop(unsafe { pool::Owned::from_raw(upload) });
        }
        front.body.release(self.bodies());
        let table = self.first_table.get().cast::<request_header>();
        if front.capacity.get() > FIRST_HEADERS {
            let size = front.capacity.get() * size_of::<request_header>();
            // SAFETY: `grow` allocated the array with that size. The pointer to it is replaced below.
            unsafe { pool::free(front.table.get().cast(), size) };
        }
        // SAFETY: all pointers into the arena are in this request and are reset below; C code must not use its
        // strings after a reset (http_request.h). The buffer is a field of this object, which isn't moved.
        unsafe { front.text.restart(NonNull::from(&self.first_text).cast(), SIZE - FRONT) };
        let public = &front.public;
        public.version.set(null_mut());
        public.method.set(null_mut());
        public.url.set(null_mut());
        public.current_state.set(REQUEST_STATUS);
        public.request_headers.set(table);
        public.request_headers_number.set(0);
        *front.parser.borrow_mut() = Parser::new(!front.is_program_s);
        front.table.set(table);
        front.capacity.set(FIRST_HEADERS);
        front.host.set(null_mut());
        front.path.set(Lazy::Unread);
        front.query.set(Lazy::Unread);
        front.cookies.set(Lazy::Unread);
        front.form.set(Lazy::Unread);
        front.captured.set(Parameters::NONE);
        front.intake.set(Intake::Open);
        front.found.set(None);
    }

    /// The connection on which the request arrived, or NULL.
    pub fn connection(&self) -> *mut tcp_connection {
        self.front.connection.get()
    }

    /// The counter of request bodies of its server.
    fn bodies(&self) -> Option<&Bodies> {
        // SAFETY: the counter belongs to the connection's server, which the connection keeps. A request with a
        // part of a body doesn't outlive its connection.
        self.front.bodies.get().map(|bodies| unsafe { bodies.as_ref() })
    }

    /// How far the request has been read.
    pub fn state(&self) -> http_request_state_t {
        self.front.public.current_state.get()
    }

    /// The method; empty if it hasn't been read.
    pub fn method(&self) -> &[u8] {
        string(&self.front.public.method)
    }

    /// The target, or what the program has replaced it with; empty if it hasn't been read.
    pub fn url(&self) -> &[u8] {
        string(&self.front.public.url)
    }

    /// The version; empty if it hasn't been read.
    pub fn version(&self) -> &[u8] {
        string(&self.front.public.version)
    }

    /// Whether the target is `*`, the server itself.
    pub fn is_star(&self) -> bool {
        self.url() == b"*"
    }

    /// The body, followed by a NUL, and its length.
    pub fn body(&self) -> (*const c_char, usize) {
        self.front.body.bytes()
    }

    /// The body, as bytes.
    fn body_bytes(&self) -> &[u8] {
        let (at, len) = self.body();
        // SAFETY: the body has so many bytes at `at`, which stay until the request is reset.
        unsafe { core::slice::from_raw_parts(at.cast(), len) }
    }
}

/// The current value of a public string.
fn string(field: &Cell<*mut c_char>) -> &[u8] {
    // SAFETY: NULL, or a NUL-terminated string of the library or the program, which is valid while the field
    // points to it. The result isn't used across a call of the program.
    unsafe { text(field.get()) }
}
