//! Uploads: bodies of requests that the program takes in parts, as they arrive.

use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::ptr::null;

pub use crate::abi::types::Destroy;
use crate::abi::types::{YOLANDA_HTTP_BODY_PART as PART, buffer, yolanda_http_body_callback};
use crate::http::message::request::{Intake, Request};
use crate::http::wire::limits::ANY_LENGTH;
use crate::sys::pool::Owned;

/// What the callback has been called for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Parts, or nothing yet.
    Parts,
    /// The final call was made or has begun.
    Over,
}

/// An upload.
pub struct Upload {
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    /// Called with `data` when the request has ended.
    destroy: Cell<Destroy>,
    /// The maximum length of the body.
    pub limit: u64,
    /// The number of bytes at the front of the input that have been parsed.
    pub part: Cell<usize>,
    stage: Cell<Stage>,
}

impl Upload {
    pub fn data(&self) -> *mut c_void {
        self.data
    }

    pub fn set_destroy(&self, destroy: Destroy) {
        self.destroy.set(destroy);
    }

    /// Whether the final call hasn't begun.
    fn is_coming(&self) -> bool {
        self.stage.get() == Stage::Parts
    }

    /// Passes the part of the body at the front of the input to the program. The last byte stays in the input, so
    /// that the message callback is called again when a program that paused reading resumes it.
    pub fn hand_over(&self, request: &Request, input: &buffer) {
        let part = self.part.get();
        if let Some(callback) = self.callback {
            // SAFETY: the program set the callback for this request, which keeps the upload until the final call.
            // The parser has left a part of that length at the front of the input.
            unsafe { callback(request.as_c(), input.read_at().cast(), part, PART, self.data) };
        }
        drop_front(input, part.saturating_sub(1));
        self.part.set(part.min(1));
    }

    /// Consumes the part at the front of the input that was passed to the program.
    pub fn drop_parsed(&self, input: &buffer) {
        drop_front(input, self.part.replace(0));
    }
}

/// Consumes bytes at the front of the input. A loop that ran within a callback may have consumed all of them.
fn drop_front(input: &buffer, bytes: usize) {
    // The number of readable bytes fits into a c_int.
    input.readIndex.set(input.readIndex.get() + bytes.min(input.readable()) as c_int);
}

/// Tells the program that its data isn't needed any more. The callback may do anything that a handler may do.
impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy.get() {
            // SAFETY: the program set it together with this data, and the body callback isn't called afterwards.
            unsafe { destroy(self.data) };
        }
    }
}

impl Request {
    /// Passes the body to the program in parts; a `limit` of 0 allows any length. Err with errno: EALREADY,
    /// EPERM, EINVAL, ENOMEM.
    pub fn stream_body(
        &self,
        callback: yolanda_http_body_callback,
        data: *mut c_void,
        limit: u64,
    ) -> Result<(), c_int> {
        self.asked()?;
        if callback.is_none() {
            return Err(libc::EINVAL);
        }
        if self.upload().is_some() {
            return Err(libc::EALREADY);
        }
        let upload = Owned::new(Upload {
            callback,
            data,
            destroy: Cell::new(None),
            limit: if limit == 0 { ANY_LENGTH } else { limit.min(ANY_LENGTH) },
            part: Cell::new(0),
            stage: Cell::new(Stage::Parts),
        });
        self.set_upload(upload.ok_or(libc::ENOMEM)?);
        Ok(())
    }

    /// Makes the final call of the upload, unless it isn't needed.
    pub fn end_upload(&self, event: c_int) {
        let Some(upload) = self.upload() else { return };
        if upload.stage.replace(Stage::Over) == Stage::Over {
            return;
        }
        let (callback, data) = (upload.callback, upload.data);
        if let Some(callback) = callback {
            // SAFETY: the program set the callback for this request with this data. The upload isn't used after
            // the call.
            unsafe { callback(self.as_c(), null(), 0, event, data) };
        }
    }

    /// Whether the library still needs the request, because a body is to come, for the program or to be dropped.
    pub fn awaits_body(&self) -> bool {
        matches!(self.intake(), Intake::Asked(_) | Intake::Refused)
            || self.upload().is_some_and(Upload::is_coming)
            || !self.connection().is_null() && self.has_more()
    }
}
