//! The headers of a request: look-up by name, and the growable array that holds them.

use core::ffi::{c_char, c_int};

use super::{FIRST_HEADERS, Request};
use crate::abi::types::request_header;
use crate::sys::pool;
use crate::sys::text::text;

impl Request {
    /// All headers, whether the array is the library's or the program's.
    pub fn headers(&self) -> impl Iterator<Item = &request_header> {
        let table = self.front.public.request_headers.get();
        let n = usize::try_from(self.front.public.request_headers_number.get()).unwrap_or(0);
        let n = if table.is_null() { 0 } else { n };
        // SAFETY: the array has as many entries as the public count, whoever set either (http_request.h).
        (0..n).map(move |i| unsafe { &*table.add(i) })
    }

    /// The values of all headers with a name, in order, as C strings.
    pub fn values(&self, name: &[u8]) -> impl Iterator<Item = *mut c_char> {
        self.headers().filter(move |header| is_named(header.key, name)).map(|header| header.value)
    }

    /// The values of all headers with a name, in order, as bytes.
    pub fn value_bytes(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        // SAFETY: values are NULL or NUL-terminated strings of the library or the program, and the program isn't
        // called while they are used.
        self.values(name).map(|value| unsafe { text(value) })
    }

    /// The value of the first header with a name, as bytes; empty if there is none.
    pub fn first_value(&self, name: &[u8]) -> &[u8] {
        self.value_bytes(name).next().unwrap_or(b"")
    }

    /// Adds a header with copies of the strings. None if out of memory.
    pub fn add_header(&self, key: &[u8], value: &[u8]) -> Option<()> {
        let (key, value) = (self.front.text.copy(key)?, self.front.text.copy(value)?);
        self.push(key.as_ptr(), value.as_ptr())
    }

    /// Adds an entry for strings of the request. None if out of memory.
    pub(super) fn push(&self, key: *mut u8, value: *mut u8) -> Option<()> {
        let front = &self.front;
        let n = usize::try_from(front.public.request_headers_number.get()).unwrap_or(0);
        let n = n.min(front.capacity.get());
        if n == front.capacity.get() {
            self.grow(n)?;
        }
        front.public.request_headers.set(front.table.get());
        // SAFETY: n is less than the capacity of the request's own array.
        unsafe {
            front.table.get().add(n).write(request_header { key: key.cast(), value: value.cast() });
        }
        front.public.request_headers_number.set(n as c_int + 1);
        Some(())
    }

    /// Doubles the header array, all entries of which are in use.
    #[cold]
    fn grow(&self, n: usize) -> Option<()> {
        let unit = size_of::<request_header>();
        let (old, size) = (self.front.table.get(), self.front.capacity.get());
        let table: *mut request_header = pool::alloc(2 * size * unit).cast();
        if table.is_null() {
            return None;
        }
        // SAFETY: the old array has n entries, the new one is larger. An array from `grow` came from the pools
        // with its size, and nothing refers to it afterwards.
        unsafe {
            table.copy_from_nonoverlapping(old, n);
            if size > FIRST_HEADERS {
                pool::free(old.cast(), size * unit);
            }
        }
        self.front.table.set(table);
        self.front.capacity.set(2 * size);
        Some(())
    }
}

/// Whether `key` equals `name`, ignoring case. Doesn't read past the first difference.
fn is_named(key: *const c_char, name: &[u8]) -> bool {
    if key.is_null() {
        return false;
    }
    // SAFETY: the key of a header is NULL or a NUL-terminated string. Its NUL differs from every byte of the
    // name, so no byte after it is read.
    unsafe {
        let same = |(i, b): (usize, &u8)| (*key.add(i) as u8).eq_ignore_ascii_case(b);
        name.iter().enumerate().all(same) && *key.add(name.len()) == 0
    }
}
