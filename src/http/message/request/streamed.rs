//! What becomes of a request's body, as far as that is known.

use core::ptr::NonNull;

use super::{Lack, Request};
use crate::abi::types::tcp_connection;
use crate::http::message::bodies::Bodies;
use crate::http::message::handler::Found;
use crate::http::message::http_response::Response;
use crate::http::message::upload::Upload;
use crate::sys::pool::Owned;

/// Whether somebody wants the body, which is decided behind the head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Not yet decided.
    Open,
    /// The head callback has the request; what is answered where it refuses it.
    Asked(*mut Response),
    /// It has refused it.
    Refused,
    /// There is nothing more to decide.
    Decided,
    /// The request was answered without the rest of its body, which is dropped as it comes.
    Dropped,
}

impl Request {
    /// Says which connection the requests that are read into it come over, and what counts their bodies.
    ///
    /// # Safety
    /// `bodies` is NULL or kept by the connection, and the request is reset before the connection's memory goes.
    pub unsafe fn comes_over(&self, conn: *mut tcp_connection, bodies: *const Bodies) {
        self.front.connection.set(conn);
        self.front.bodies.set(NonNull::new(bodies.cast_mut()));
    }

    /// Where the body goes that isn't collected.
    pub fn upload(&self) -> Option<&Upload> {
        // SAFETY: the request owns it from `set_upload` until it is reset.
        self.front.upload.get().map(|upload| unsafe { upload.as_ref() })
    }

    /// Has the body go to `upload`. There is none yet.
    pub fn set_upload(&self, upload: Owned<Upload>) {
        debug_assert!(self.front.upload.get().is_none());
        self.front.upload.set(Some(upload.into_raw()));
    }

    /// What becomes of the body.
    pub fn intake(&self) -> Intake {
        self.front.intake.get()
    }

    /// Notes what becomes of the body.
    pub fn set_intake(&self, intake: Intake) {
        self.front.intake.set(intake);
    }

    /// Who answers, where that was found out behind the head.
    pub fn found(&self) -> Option<Result<Found, Lack>> {
        self.front.found.get()
    }

    /// Notes who answers.
    pub fn set_found(&self, found: Result<Found, Lack>) {
        self.front.found.set(Some(found));
    }
}
