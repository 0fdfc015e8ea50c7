//! The response object: the public struct, followed by the array of the extra headers, the copies that
//! setters made, and the file that is the body.
//!
//! The library reads what the public fields point to when it writes the response, and keeps none of it: the strings
//! belong to the program, which may change them whenever it is called.

mod set;
mod standard;
mod write;

pub use crate::http::message::http_response::write::Form;

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};

use crate::abi::types::{http_response, response_header};
use crate::http::message::arena::Arena;
use crate::http::message::body_file::BodyFile;
use crate::http::wire::encode::Header;
use crate::sys::text::text;

/// Programs rely on room for this many headers.
pub const ENTRIES: usize = 128;
/// Usually enough for what setters copy.
const FIRST_TEXT: usize = 1024;

const NO_ENTRY: response_header = response_header { key: null_mut(), value: null_mut() };

/// Who owns a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The program: it came from `http_response_new` and goes to `free`.
    OfProgram,
    /// The loop: a callback has it until it returns.
    Serving,
    /// A deferred response, which is sent later, on any thread.
    Deferred,
}

/// Every `struct http_response` is the start of one of these: only the library makes them.
#[repr(C)]
pub struct Response {
    public: http_response,
    entries: UnsafeCell<[response_header; ENTRIES]>,
    kind: Kind,
    /// What setters have copied. A program's own response has none: `free` wouldn't free it.
    text: Arena,
    /// The body that was copied, as long as `public.body` still points to it.
    body: Cell<*mut c_char>,
    body_len: Cell<usize>,
    /// The body where `public.body` is NULL.
    file: Cell<Option<BodyFile>>,
    first_text: UnsafeCell<[MaybeUninit<u8>; FIRST_TEXT]>,
}

impl Response {
    /// Makes an empty response in a place of its size.
    ///
    /// # Safety
    /// `place` has the room of a Response, aligned, whatever is in it; the response keeps that place.
    pub unsafe fn init(place: *mut Response, kind: Kind) {
        // SAFETY: every field is written but the text's room, which may be uninitialized. The pointers lead to
        // fields of the same object.
        unsafe {
            (&raw mut (*place).entries).write(UnsafeCell::new([NO_ENTRY; ENTRIES]));
            let entries = UnsafeCell::raw_get(&raw const (*place).entries).cast();
            (&raw mut (*place).public).write(http_response {
                statusCode: Cell::new(0),
                statusMessage: Cell::new(null_mut()),
                contentType: Cell::new(null_mut()),
                body: Cell::new(null_mut()),
                response_headers: Cell::new(entries),
                response_headers_number: Cell::new(0),
                keep_connected: Cell::new(0),
            });
            (&raw mut (*place).kind).write(kind);
            let first = NonNull::new_unchecked(&raw mut (*place).first_text).cast();
            (&raw mut (*place).text).write(Arena::new(first, FIRST_TEXT));
            (&raw mut (*place).body).write(Cell::new(null_mut()));
            (&raw mut (*place).body_len).write(Cell::new(0));
            (&raw mut (*place).file).write(Cell::new(None));
        }
    }

    /// The response behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and nobody frees it as long as the result is used.
    pub unsafe fn from_c<'a>(response: *mut http_response) -> &'a Response {
        // SAFETY: the public struct is the first field of every response of the library.
        unsafe { &*response.cast::<Response>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut http_response {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The library's own array of headers.
    fn entries(&self) -> *mut response_header {
        self.entries.get().cast()
    }

    /// How many headers the program says there are.
    fn header_count(&self) -> usize {
        usize::try_from(self.public.response_headers_number.get()).unwrap_or(0)
    }

    /// Empties the response, so that the next callback sees nothing of this one.
    pub fn reset(&self) {
        for i in 0..self.header_count().min(ENTRIES) {
            // SAFETY: the array has so many entries.
            unsafe { self.entries().add(i).write(NO_ENTRY) };
        }
        // SAFETY: all that points into the arena is the response's, and forgotten here; the room stands in this
        // object, which keeps its place.
        unsafe { self.text.restart(NonNull::from(&self.first_text).cast(), FIRST_TEXT) };
        self.public.statusCode.set(0);
        self.public.statusMessage.set(null_mut());
        self.public.contentType.set(null_mut());
        self.public.body.set(null_mut());
        self.public.response_headers.set(self.entries());
        self.public.response_headers_number.set(0);
        self.public.keep_connected.set(0);
        self.body.set(null_mut());
        self.body_len.set(0);
        drop(self.file.take());
    }

    /// The extra headers, in their order. Entries without a key don't count.
    fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        let table = self.public.response_headers.get();
        let n = match self.header_count() {
            n if table == self.entries() => n.min(ENTRIES),
            n if !table.is_null() => n,
            _ => 0,
        };
        // SAFETY: the library's own array has 128 entries; one that the program put there has as many as it says.
        let entries = (0..n).map(move |i| unsafe { &*table.add(i) });
        entries.filter(|entry| !entry.key.is_null()).map(|entry| unsafe {
            // SAFETY: keys and values are NULL or NUL-terminated strings (http_response.h), and the program isn't
            // called while they are looked at.
            (text(entry.key), text(entry.value))
        })
    }

    /// A public string, as it is at the moment.
    fn string(field: &Cell<*mut c_char>) -> &[u8] {
        // SAFETY: NULL, or a NUL-terminated string of the program's, the library's or static memory, which stays
        // as long as the field points to it. The program isn't called while it is looked at.
        unsafe { text(field.get()) }
    }

    /// The length of the file that is the body; None where another body, or none, was set.
    pub fn file_length(&self) -> Option<u64> {
        if !self.public.body.get().is_null() {
            return None;
        }
        let file = self.file.take();
        let length = file.as_ref().map(|file| file.length);
        self.file.set(file);
        length
    }

    /// Takes the file that is the body; None where another body, or none, was set.
    pub fn take_file(&self) -> Option<BodyFile> {
        self.file.take().filter(|_| self.public.body.get().is_null())
    }
}
