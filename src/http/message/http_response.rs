//! The response object: the public struct, followed by the array of additional headers, the copies that the
//! setters made, and the file that is the body.
//!
//! The library reads the strings of the public fields when it writes the response, and keeps no reference to
//! them: they belong to the program, which may change them whenever it is called.

mod cookie;
mod get;
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

/// The number of headers in the array, on which programs rely.
pub const ENTRIES: usize = 128;
/// Usually enough for the copies of the setters.
const FIRST_TEXT: usize = 1024;

const NO_ENTRY: response_header = response_header { key: null_mut(), value: null_mut() };

/// Who owns a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The program: it comes from `http_response_new` and is freed by `free`.
    OfProgram,
    /// The loop: a callback uses it until the callback returns.
    Serving,
    /// A deferred response, which is sent later, on any thread.
    Deferred,
}

/// Every `struct http_response` is the beginning of one of these, because only the library makes them.
#[repr(C)]
pub struct Response {
    public: http_response,
    entries: UnsafeCell<[response_header; ENTRIES]>,
    kind: Kind,
    /// The copies that the setters made. A response that the program owns has none, because `free` wouldn't free
    /// them.
    text: Arena,
    /// The copied body; valid while `public.body` still points to it.
    body: Cell<*mut c_char>,
    body_len: Cell<usize>,
    /// The file that is the body if `public.body` is NULL.
    file: Cell<Option<BodyFile>>,
    first_text: UnsafeCell<[MaybeUninit<u8>; FIRST_TEXT]>,
}

impl Response {
    /// Makes an empty response in the given memory.
    ///
    /// # Safety
    /// `place` has the size and alignment of a Response and any content. The response isn't moved.
    pub unsafe fn init(place: *mut Response, kind: Kind) {
        // SAFETY: every field is written except the text's buffer, which may be uninitialised. The pointers are
        // to fields of the same object.
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
    /// The library made it, and it isn't freed while the result is used.
    pub unsafe fn from_c<'a>(response: *mut http_response) -> &'a Response {
        // SAFETY: the public struct is the first field of every response of the library.
        unsafe { &*response.cast::<Response>() }
    }

    /// The pointer for C.
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

    /// The number of headers according to the program.
    fn header_count(&self) -> usize {
        usize::try_from(self.public.response_headers_number.get()).unwrap_or(0)
    }

    /// Empties the response, so that the next callback sees nothing of this one.
    pub fn reset(&self) {
        for i in 0..self.header_count().min(ENTRIES) {
            // SAFETY: the array has that many entries.
            unsafe { self.entries().add(i).write(NO_ENTRY) };
        }
        // SAFETY: all pointers into the arena are in this response, and are reset here. The buffer is a field of
        // this object, which isn't moved.
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

    /// The additional headers in order. Entries without a key are skipped.
    fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        let table = self.public.response_headers.get();
        let n = match self.header_count() {
            n if table == self.entries() => n.min(ENTRIES),
            n if !table.is_null() => n,
            _ => 0,
        };
        // SAFETY: the library's own array has 128 entries; an array of the program has as many as the program's
        // count.
        let entries = (0..n).map(move |i| unsafe { &*table.add(i) });
        entries.filter(|entry| !entry.key.is_null()).map(|entry| unsafe {
            // SAFETY: keys and values are NULL or NUL-terminated strings (http_response.h), and the program isn't
            // called while they are used.
            (text(entry.key), text(entry.value))
        })
    }

    /// The current value of a public string.
    fn string(field: &Cell<*mut c_char>) -> &[u8] {
        // SAFETY: NULL, or a NUL-terminated string of the program, of the library or in static memory, which is
        // valid while the field points to it. The program isn't called while it is used.
        unsafe { text(field.get()) }
    }

    /// The length of the file that is the body. None if another body was set, or none.
    pub fn file_length(&self) -> Option<u64> {
        if !self.public.body.get().is_null() {
            return None;
        }
        let file = self.file.take();
        let length = file.as_ref().map(|file| file.length);
        self.file.set(file);
        length
    }

    /// Removes and returns the file that is the body. None if another body was set, or none.
    pub fn take_file(&self) -> Option<BodyFile> {
        self.file.take().filter(|_| self.public.body.get().is_null())
    }
}
