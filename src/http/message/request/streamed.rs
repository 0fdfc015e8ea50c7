//! What happens to a request's body: who takes it, and whether that is decided yet.

use core::ptr::NonNull;

use super::{Lack, Request};
use crate::abi::types::tcp_connection;
use crate::http::message::bodies::Bodies;
use crate::http::message::handler::Found;
use crate::http::message::http_response::Response;
use crate::http::message::upload::Upload;
use crate::sys::pool::Owned;

/// Whether somebody wants the body. That is decided after the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Not yet decided.
    Open,
    /// The head callback has the request. The response is sent if it refuses the request.
    Asked(*mut Response),
    /// The head callback has refused it.
    Refused,
    /// It was decided.
    Decided,
    /// The request was answered before its body had arrived: the rest is dropped as it comes.
    Dropped,
}

impl Request {
    /// Sets the connection that its requests come over, and the counter of their bodies.
    ///
    /// # Safety
    /// `bodies` is NULL or kept by the connection, and the request is reset before the connection's memory goes.
    pub unsafe fn comes_over(&self, conn: *mut tcp_connection, bodies: *const Bodies) {
        self.front.connection.set(conn);
        self.front.bodies.set(NonNull::new(bodies.cast_mut()));
    }

    /// Where the body goes if it isn't collected.
    pub fn upload(&self) -> Option<&Upload> {
        // SAFETY: the request owns it from `set_upload` until it is reset.
        self.front.upload.get().map(|upload| unsafe { upload.as_ref() })
    }

    /// Has the body go to `upload`. There is none yet.
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

    /// Who answers, if that was looked up after the head.
    pub fn found(&self) -> Option<Result<Found, Lack>> {
        self.front.found.get()
    }

    /// Sets who answers.
    pub fn set_found(&self, found: Result<Found, Lack>) {
        self.front.found.set(Some(found));
    }
}
