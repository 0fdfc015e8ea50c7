//! Encoding a response.

use super::Response;
use crate::http::wire::date;
use crate::http::wire::encode::{Answer, Body, Sink, asks_for_close, encode};
use crate::http::wire::status::{SERVER_ERROR, Status};

/// How a response is encoded.
pub struct Form<'a> {
    /// Used instead of the response's own body.
    pub body: Option<Body<'a>>,
    pub date: Option<&'a [u8; date::LENGTH]>,
    pub close: bool,
    pub head_only: bool,
}

impl Response {
    /// Whether the program wants to close the connection after this response.
    pub fn asks_close(&self) -> bool {
        self.public.keep_connected.get() != 0 || self.headers().any(asks_for_close)
    }

    /// Whether the status is valid for a response.
    pub(super) fn has_status(&self) -> bool {
        (100..=999).contains(&self.public.statusCode.get())
    }

    /// The status that is sent.
    pub fn status(&self) -> Status {
        if self.has_status() { self.public.statusCode.get() } else { SERVER_ERROR }
    }

    /// The body that is sent.
    fn body(&self) -> Body<'_> {
        let body = self.public.body.get();
        if body.is_null() {
            return self.file_length().map_or(Body::None, Body::Length);
        }
        if body == self.body.get() {
            // SAFETY: the copy that `set_body` made, of that length, in the response's own memory.
            return Body::Bytes(unsafe {
                std::slice::from_raw_parts(body.cast(), self.body_len.get())
            });
        }
        Body::Bytes(Self::string(&self.public.body))
    }

    /// Encodes the response from its public fields. An invalid status becomes 500. Returns the length of the body
    /// that is part of the output.
    pub fn encode(&self, form: &Form<'_>, out: &mut impl Sink) -> u64 {
        // A header that the program added takes precedence over the field and over the library's header.
        let has = |name: &[u8]| self.headers().any(|header| header.0.eq_ignore_ascii_case(name));
        let kind = &self.public.contentType;
        let has_kind = !kind.get().is_null() && !has(b"content-type");
        let answer = Answer {
            status: self.status(),
            reason: Self::string(&self.public.statusMessage),
            content_type: has_kind.then(|| Self::string(kind)),
            body: form.body.unwrap_or_else(|| self.body()),
            date: form.date.filter(|_| !has(b"date")),
            close: form.close,
            head_only: form.head_only,
        };
        encode(&answer, self.headers(), out)
    }
}
