//! Filling in a response. The setters copy their arguments and refuse anything that would break the message. They
//! don't work on a response that the program owns, because `free` wouldn't free the copies.

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int};

use super::{ENTRIES, Response};
use crate::abi::types::response_header;
use crate::http::message::body_file::BodyFile;
use crate::http::wire::encode::is_settable;
use crate::http::wire::scan::is_value;

/// The error of a setter, as errno.
type Failed = c_int;

impl Response {
    /// A copy that the response owns; Err(ENOMEM).
    fn copy(&self, bytes: &[u8]) -> Result<*mut c_char, Failed> {
        let copy = self.text.copy(bytes).ok_or(libc::ENOMEM)?;
        Ok(copy.as_ptr().cast())
    }

    /// Sets a field to a copy of a text. Err(EINVAL) for control characters, Err(ENOMEM).
    fn set_text(&self, field: &Cell<*mut c_char>, text: &[u8]) -> Result<(), Failed> {
        if !is_value(text) {
            return Err(libc::EINVAL);
        }
        field.set(self.copy(text)?);
        Ok(())
    }

    /// Sets the status and its message. Err(EINVAL), Err(ENOMEM).
    pub fn set_status(&self, status: c_int, message: Option<&[u8]>) -> Result<(), Failed> {
        // 1xx are interim responses, which don't complete a request.
        if !(200..=999).contains(&status) {
            return Err(libc::EINVAL);
        }
        if let Some(message) = message {
            self.set_text(&self.public.statusMessage, message)?;
        }
        self.public.statusCode.set(status as _);
        if message.is_none() {
            self.set_standard_text();
        }
        Ok(())
    }

    /// Sets the value of Content-Type; None omits the header. Err(EINVAL), Err(ENOMEM).
    pub fn set_content_type(&self, kind: Option<&[u8]>) -> Result<(), Failed> {
        let field = &self.public.contentType;
        match kind {
            Some(kind) => self.set_text(field, kind),
            None => {
                field.set(core::ptr::null_mut());
                Ok(())
            }
        }
    }

    /// Sets the value of Content-Type to a static text.
    pub fn set_own_content_type(&self, kind: &'static CStr) {
        self.public.contentType.set(kind.as_ptr().cast_mut());
    }

    /// The entry for the next header; Err(ENOSPC) if there is none.
    pub(super) fn next_entry(&self) -> Result<(*mut response_header, usize), Failed> {
        let (table, n) = (self.public.response_headers.get(), self.header_count());
        match n >= ENTRIES || table.is_null() {
            true => Err(libc::ENOSPC),
            // SAFETY: any array of the response has 128 entries (http_response.h).
            false => Ok((unsafe { table.add(n) }, n)),
        }
    }

    /// Fills the entry that `next_entry` returned.
    pub(super) fn fill_entry(
        &self,
        (place, n): (*mut response_header, usize),
        entry: response_header,
    ) {
        // SAFETY: the entry lies in the array, and there are no references to it.
        unsafe { place.write(entry) };
        self.public.response_headers_number.set(n as c_int + 1);
    }

    /// Adds a header. Err(EINVAL), Err(ENOSPC), Err(ENOMEM).
    pub fn add_header(&self, name: &[u8], value: &[u8]) -> Result<(), Failed> {
        if !is_settable(name, value) {
            return Err(libc::EINVAL);
        }
        let place = self.next_entry()?;
        let (key, value) = (self.copy(name)?, self.copy(value)?);
        self.fill_entry(place, response_header { key, value });
        Ok(())
    }

    /// Adds a header of the library, whose value has no control characters. None if out of memory, or if there
    /// are 128 headers.
    pub fn put_header(&self, name: &'static CStr, value: &[u8]) -> Option<()> {
        let place = self.next_entry().ok()?;
        let value = self.copy(value).ok()?;
        // The library only reads the name.
        self.fill_entry(place, response_header { key: name.as_ptr().cast_mut(), value });
        Some(())
    }

    /// Sets the body to a copy. Err(ENOMEM).
    pub fn set_body(&self, bytes: &[u8]) -> Result<(), Failed> {
        let body = self.copy(bytes)?;
        self.public.body.set(body);
        self.body.set(body);
        self.body_len.set(bytes.len());
        drop(self.file.take());
        Ok(())
    }

    /// Sets the body to a file.
    pub fn set_file(&self, file: BodyFile) {
        self.file.set(Some(file));
        self.public.body.set(core::ptr::null_mut());
    }
}
