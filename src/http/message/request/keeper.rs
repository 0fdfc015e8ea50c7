//! Keeps the strings of a request in it, and its headers in an array that grows.

use core::ffi::c_int;
use core::mem::size_of;

use super::{FIRST_HEADERS, Front, Intake, Request};
use crate::abi::types::request_header;
use crate::http::wire::line::{HeaderLine, RequestLine};
use crate::http::wire::parse::Store;
use crate::http::wire::status::{NO_MEMORY, Status};
use crate::http::wire::target::absolute;
use crate::sys::pool;

/// Keeps lines in a live request, beside the parser that reads them.
pub struct Keeper(pub *mut Request);

impl Keeper {
    /// A copy of the line with a NUL behind it; NULL when memory is out.
    pub fn copy(&mut self, line: &[u8]) -> *mut u8 {
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

impl Keeper {
    /// Keeps the host that a target names, and has the URL of a server's request be the path: what callbacks
    /// compare with the paths that they know.
    #[cold]
    fn absolute(&mut self, authority: &[u8], path: &[u8]) -> Result<(), Status> {
        let host = self.copy(authority);
        if host.is_null() {
            return Err(NO_MEMORY);
        }
        // SAFETY: a live request, and strings of its own; the copy has room for the slash, the path and a NUL.
        unsafe {
            let front = &raw mut (*self.0).front;
            (*front).host = host;
            if (*front).is_program_s {
                return Ok(());
            }
            let slash: &[u8] = if path.starts_with(b"/") { b"" } else { b"/" };
            let url = (*front).text.alloc(slash.len() + path.len() + 1);
            if url.is_null() {
                return Err(NO_MEMORY);
            }
            url.copy_from_nonoverlapping(slash.as_ptr(), slash.len());
            url.add(slash.len()).copy_from_nonoverlapping(path.as_ptr(), path.len());
            url.add(slash.len() + path.len()).write(0);
            (*front).public.url.set(url.cast());
        }
        Ok(())
    }
}

impl Store for Keeper {
    fn request_line(&mut self, line: &[u8], parts: &RequestLine) -> Result<(), Status> {
        let text = self.copy(line);
        if text.is_null() {
            return Err(NO_MEMORY);
        }
        // SAFETY: the parts lie in the line, and a blank stands behind method and url.
        unsafe {
            *text.add(parts.method_end) = 0;
            *text.add(parts.url.end) = 0;
            let public = &raw mut (*self.0).front.public;
            (*public).method.set(text.cast());
            (*public).url.set(text.add(parts.url.start).cast());
            (*public).version.set(text.add(parts.url.end + 1).cast());
        }
        let target = line.get(parts.url.clone()).unwrap_or(b"");
        match absolute(target) {
            None => Ok(()),
            Some((authority, path)) => self.absolute(target.get(authority).unwrap_or(b""), path),
        }
    }

    fn header(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status> {
        let text = self.copy(line);
        if text.is_null() {
            return Err(NO_MEMORY);
        }
        // SAFETY: the parts lie in the line: a colon behind the name, and the NUL behind it all.
        unsafe {
            *text.add(parts.name_end) = 0;
            *text.add(parts.value.end) = 0;
            push(self.0, text, text.add(parts.value.start)).ok_or(NO_MEMORY)
        }
    }

    fn overridden_host(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status> {
        // SAFETY: a live request.
        let host = unsafe { (*self.0).front.host };
        if host.is_null() {
            return self.header(line, parts);
        }
        let key = self.copy(line.get(..parts.name_end).unwrap_or(b""));
        if key.is_null() {
            return Err(NO_MEMORY);
        }
        // SAFETY: a live request, and strings of its own.
        unsafe { push(self.0, key, host).ok_or(NO_MEMORY) }
    }

    fn body(&mut self, bytes: &[u8], left: Option<u64>) -> Result<(), Status> {
        // SAFETY: a live request, and two fields of it that nobody else uses meanwhile.
        unsafe {
            let front = &raw mut (*self.0).front;
            if !(*front).upload.is_null() {
                (*(*front).upload).part.set(bytes.len());
                return Ok(());
            }
            if (*front).intake == Intake::Dropped {
                return Ok(());
            }
            let bodies = (*front).bodies;
            (*front).body.append(&mut (*front).text, bytes, left, bodies).ok_or(NO_MEMORY)
        }
    }
}

/// Adds an entry to the headers; None when memory is out.
///
/// # Safety
/// `request` is a live request; the strings stay as long as it isn't reset.
pub unsafe fn push(request: *mut Request, key: *mut u8, value: *mut u8) -> Option<()> {
    // SAFETY: the number is brought within the array that is the request's own.
    unsafe {
        let front = &raw mut (*request).front;
        let capacity = (*front).capacity;
        let n = usize::try_from((*front).public.request_headers_number.get()).unwrap_or(0);
        let n = n.min(capacity);
        if n == capacity {
            grow(front, n)?;
        }
        (*front).public.request_headers.set((*front).table);
        (*front).table.add(n).write(request_header { key: key.cast(), value: value.cast() });
        (*front).public.request_headers_number.set(n as c_int + 1);
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
