//! Where the body of a request goes that the program takes in parts, as they come.

use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::ptr::null;

pub use crate::abi::types::Destroy;
use crate::abi::types::{YOLANDA_HTTP_BODY_PART as PART, buffer, yolanda_http_body_callback};
use crate::http::message::request::{Intake, Request};
use crate::http::wire::limits::ANY_LENGTH;
use crate::sys::pool::Owned;

/// What the callback was called for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Parts, or nothing yet.
    Parts,
    /// The final call was made, or has begun.
    Over,
}

/// Where a body goes.
pub struct Upload {
    callback: yolanda_http_body_callback,
    data: *mut c_void,
    /// Called with `data` when the request is over.
    destroy: Cell<Destroy>,
    /// Bytes that the body may have.
    pub limit: u64,
    /// How many bytes at the front of the input have been parsed already.
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

    /// Gives the program the part of the body at the front of the input. The last byte stays there: it brings the
    /// message callback back when a program that stopped reading resumes it.
    pub fn hand_over(&self, request: &Request, input: &buffer) {
        let part = self.part.get();
        if let Some(callback) = self.callback {
            // SAFETY: the program gave the callback for this request, which keeps the upload until the final call.
            // The parser has left a part of that length at the front of the input.
            unsafe { callback(request.as_c(), input.read_at().cast(), part, PART, self.data) };
        }
        drop_front(input, part.saturating_sub(1));
        self.part.set(part.min(1));
    }

    /// Drops the part that the program has had from the front of the input.
    pub fn drop_parsed(&self, input: &buffer) {
        drop_front(input, self.part.replace(0));
    }
}

/// Drops bytes at the front of the input. A loop that ran within a callback may have dropped all of them.
fn drop_front(input: &buffer, bytes: usize) {
    // What is readable is a c_int.
    input.readIndex.set(input.readIndex.get() + bytes.min(input.readable()) as c_int);
}

/// Tells the program that its data isn't needed any more. The callback may do what a handler may.
impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy.get() {
            // SAFETY: the program gave it for this data, and the body's own callback isn't called again.
            unsafe { destroy(self.data) };
        }
    }
}

impl Request {
    /// Has the body given to the program in parts; a `limit` of 0 stands for any length. Err with errno: EALREADY,
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

    /// Makes the final call of the upload, unless there is none to make.
    pub fn end_upload(&self, event: c_int) {
        let Some(upload) = self.upload() else { return };
        if upload.stage.replace(Stage::Over) == Stage::Over {
            return;
        }
        let (callback, data) = (upload.callback, upload.data);
        if let Some(callback) = callback {
            // SAFETY: the program gave the callback for this request and this data. Nothing of the upload is looked
            // at behind the call.
            unsafe { callback(self.as_c(), null(), 0, event, data) };
        }
    }

    /// Whether the library still needs the request: a body is to come, for the program or to be dropped.
    pub fn awaits_body(&self) -> bool {
        matches!(self.intake(), Intake::Asked(_) | Intake::Refused)
            || self.upload().is_some_and(Upload::is_coming)
            || !self.connection().is_null() && self.has_more()
    }
}
