//! What a program learns of a response.

#![forbid(unsafe_code)]

use super::Response;
use core::ffi::c_char;

impl Response {
    /// The body that is set, with a NUL behind it, and its length; None for a file or nothing.
    pub fn body_text(&self) -> Option<(*const c_char, usize)> {
        let body = self.public.body.get();
        if body.is_null() {
            return None;
        }
        let is_copy = body == self.body.get();
        let length =
            if is_copy { self.body_len.get() } else { Self::string(&self.public.body).len() };
        Some((body, length))
    }

    /// The value of the first header of that name, ignoring case. NULL counts as empty.
    pub fn value(&self, name: &[u8]) -> Option<*const c_char> {
        let (_, value) = self.headers().find(|header| header.0.eq_ignore_ascii_case(name))?;
        // `text` makes slices of whole strings, with their NUL behind them.
        Some(if value.is_empty() { c"".as_ptr() } else { value.as_ptr().cast() })
    }
}
