//! The request object: the public struct, followed by the parser, the strings and the headers.
//!
//! The program may change the strings, or put others in their place. So the library reads them through the public
//! fields, and keeps no reference to one while it calls the program.

mod content;
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

/// One piece of memory holds the request, and the strings and headers of nearly all requests.
const SIZE: usize = 4096;
const FIRST_HEADERS: usize = 32;

/// The public struct, and the library's own fields.
#[repr(C)]
struct Front {
    public: http_request,
    parser: RefCell<Parser>,
    text: Arena,
    /// The header array, which has room for `capacity` entries: the first one, or one of the pools.
    table: Cell<*mut request_header>,
    capacity: Cell<usize>,
    body: Content,
    /// The host that the target names; NULL where it is a path.
    host: Cell<*mut u8>,
    path: Cell<Lazy<*mut c_char>>,
    query: Cell<Lazy<Parameters>>,
    /// The parameters of the route.
    captured: Cell<Parameters>,
    /// Where the body goes if it isn't collected.
    upload: Cell<Option<NonNull<Upload>>>,
    intake: Cell<Intake>,
    /// Who answers it, once that was looked up.
    found: Cell<Option<Result<Found, Lack>>>,
    /// The connection that it came over; NULL for a request of the program's own.
    connection: Cell<*mut tcp_connection>,
    /// The counter of its body, if it has a connection.
    bodies: Cell<Option<NonNull<Bodies>>>,
    /// It came from `http_request_new`: the program clears it.
    is_program_s: bool,
}

const FRONT: usize = size_of::<Front>() + FIRST_HEADERS * size_of::<request_header>();

/// Every `struct http_request` is the start of one of these: only the library makes them.
#[repr(C)]
pub struct Request {
    front: Front,
    first_table: UnsafeCell<[MaybeUninit<request_header>; FIRST_HEADERS]>,
    first_text: UnsafeCell<[MaybeUninit<u8>; SIZE - FRONT]>,
}

const _: () = assert!(size_of::<Request>() == SIZE);

/// A request that the program owns, from malloc; NULL when memory is out.
pub fn alloc_for_program() -> *mut Request {
    // SAFETY: fresh memory of that size.
    unsafe {
        let request: *mut Request = libc::malloc(SIZE).cast();
        if !request.is_null() {
            init(request, true);
        }
        request
    }
}

/// Frees a request of the program's; false for one of the server's.
///
/// # Safety
/// `request` is a live request that nothing uses any more.
pub unsafe fn free_of_program(request: *mut Request) -> bool {
    // SAFETY: the request is live; one of the program's came from malloc.
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
/// `request` has the room of a Request, whatever is in it.
unsafe fn init(request: *mut Request, is_program_s: bool) {
    // SAFETY: every field of the front is written; what stands behind it may be uninitialized. The request keeps
    // its place, and so do the array and the text in it.
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
    /// The library made it, and nobody frees it as long as the result is used.
    pub unsafe fn from_c<'a>(request: *mut http_request) -> &'a Request {
        // SAFETY: the public struct is the first field of every request of the library.
        unsafe { &*request.cast::<Request>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut http_request {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// The fields that C sees.
    pub fn public(&self) -> &http_request {
        &self.front.public
    }

    /// Empties the request for the next one: its strings are gone. A program that takes the body in parts is told
    /// that its data isn't needed any more.
    pub fn reset(&self) {
        let front = &self.front;
        // First, as it calls the program, which may still have the request.
        if let Some(upload) = front.upload.take() {
            // SAFETY: `set_upload` took it out of its owner, and the request forgets it here.
            drop(unsafe { pool::Owned::from_raw(upload) });
        }
        front.body.release(self.bodies());
        let table = self.first_table.get().cast::<request_header>();
        if front.capacity.get() > FIRST_HEADERS {
            let size = front.capacity.get() * size_of::<request_header>();
            // SAFETY: the array that `grow` made, of that size, which the request forgets below.
            unsafe { pool::free(front.table.get().cast(), size) };
        }
        // SAFETY: all that points into the arena is the request's, and forgotten below: what C keeps of it, it
        // mustn't use (http_request.h). The room stands in this object, which keeps its place.
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
        front.captured.set(Parameters::NONE);
        front.intake.set(Intake::Open);
        front.found.set(None);
    }

    /// The connection that the request came over, or NULL.
    pub fn connection(&self) -> *mut tcp_connection {
        self.front.connection.get()
    }

    /// The counter of the bodies that come over the request's connection.
    fn bodies(&self) -> Option<&Bodies> {
        // SAFETY: the counter is the connection's server's, which the connection keeps; and a request that has
        // something of a body is kept with its connection.
        self.front.bodies.get().map(|bodies| unsafe { bodies.as_ref() })
    }

    /// How far the request has been read.
    pub fn state(&self) -> http_request_state_t {
        self.front.public.current_state.get()
    }

    /// The method; empty while there is none.
    pub fn method(&self) -> &[u8] {
        string(&self.front.public.method)
    }

    /// The target, or what the program has put in its place; empty while there is none.
    pub fn url(&self) -> &[u8] {
        string(&self.front.public.url)
    }

    /// The version; empty while there is none.
    pub fn version(&self) -> &[u8] {
        string(&self.front.public.version)
    }

    /// Whether the target is the server itself, not a path.
    pub fn is_star(&self) -> bool {
        self.url() == b"*"
    }

    /// The body, with a NUL behind it, and its length.
    pub fn body(&self) -> (*const c_char, usize) {
        self.front.body.bytes()
    }
}

/// A public string, as it is at the moment.
fn string(field: &Cell<*mut c_char>) -> &[u8] {
    // SAFETY: NULL, or a NUL-terminated string: the library's, or the program's, which keeps it as long as the
    // field points to it. The result isn't kept across a call of the program.
    unsafe { text(field.get()) }
}
