//! Where a request's body goes, and whether that is decided yet.

use core::ptr::NonNull;

use super::{Lack, Request};
use crate::abi::types::tcp_connection;
use crate::http::message::bodies::Bodies;
use crate::http::message::handler::Found;
use crate::http::message::http_response::Response;
use crate::http::message::upload::Upload;
use crate::sys::pool::Owned;

/// Whether the body is wanted. This is decided after the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Not yet decided.
    Open,
    /// The head callback is running. The response is sent if it refuses the request.
    Asked(*mut Response),
    /// The head callback has refused the request.
    Refused,
    /// It is decided.
    Decided,
    /// The request was answered before its body had arrived: the rest is dropped as it arrives.
    Dropped,
}

impl Request {
    /// Sets the connection on which its requests arrive, and the counter of their bodies.
    ///
    /// # Safety
    /// `bodies` is NULL or kept by the connection, and the request is reset before the connection's memory goes.
    pub unsafe fn comes_over(&self, conn: *mut tcp_connection, bodies: *const Bodies) {
        self.front.connection.set(conn);
        self.front.bodies.set(NonNull::new(bodies.cast_mut()));
    }

    /// The upload, unless the body is collected.
    pub fn upload(&self) -> Option<&Upload> {
        // SAFETY: the request owns it from `set_upload` until it is reset.
        self.front.upload.get().map(|upload| unsafe { upload.as_ref() })
    }

    /// Sends the body to `upload`. There must not be one yet.
    pub fn set_upload(&self, upload: Owned<Upload>) {
        debug_assert!(self.front.upload.get().is_none());
        self.front.upload.set(Some(upload.into_raw()));
    }

    /// What happens to the body.
    pub fn intake(&self) -> Intake {
        self.front.intake.get()
    }

    /// Sets what happens to the body.
    pub fn set_intake(&self, intake: Intake) {
        self.front.intake.set(intake);
    }

    /// The handler, if it was looked up after the head.
    pub fn found(&self) -> Option<Result<Found, Lack>> {
        self.front.found.get()
    }

    /// Sets the handler.
    pub fn set_found(&self, found: Result<Found, Lack>) {
        self.front.found.set(Some(found));
    }
}
