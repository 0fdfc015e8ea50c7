//! The library's own texts in a response.
#![forbid(unsafe_code)]

use core::ffi::CStr;

use super::Response;
use crate::http::wire::encode::is_bodiless;
use crate::http::wire::status::{SERVER_ERROR, Status, text};

impl Response {
    /// Completes a response that a callback left without a status.
    pub fn complete(&self) {
        const TEXT: &CStr = c"Internal Server Error";
        if self.has_status() {
            return;
        }
        // The library only reads the strings of these fields.
        self.public.statusCode.set(SERVER_ERROR);
        self.public.statusMessage.set(TEXT.as_ptr().cast_mut());
        if self.public.body.get().is_null() {
            self.public.body.set(TEXT.as_ptr().cast_mut());
            self.public.contentType.set(c"text/plain".as_ptr().cast_mut());
        }
    }

    /// Sets the standard text of the response's status.
    pub fn set_standard_text(&self) {
        let text = text(self.public.statusCode.get());
        self.public.statusMessage.set(text.as_ptr().cast_mut());
    }

    /// Makes it the standard response of a status: a line with the standard text, nothing for 204.
    pub fn set_standard(&self, status: Status) {
        self.public.statusCode.set(status);
        self.set_standard_text();
        if !is_bodiless(status) {
            self.public.contentType.set(c"text/plain".as_ptr().cast_mut());
            self.public.body.set(self.public.statusMessage.get());
        }
    }
}
