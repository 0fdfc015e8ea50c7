//! The functions of a request by its pointer, for callers that have no reference yet.

use core::ptr::{from_ref, null_mut};

use super::{Intake, Lack, Request};
use crate::abi::types::{buffer, http_request_state_t, tcp_connection};
use crate::http::message::bodies::Bodies;
use crate::http::message::handler::Found;
use crate::http::message::upload::Upload;
use crate::http::wire::limits::Limits;
use crate::http::wire::parse::Parser;
use crate::http::wire::status::Status;

macro_rules! by_pointer {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        /// # Safety
        /// `request` is a live request.
        pub unsafe fn $name(request: *mut Request, $($argument: $type),*) -> $result {
            // SAFETY: the request is live by the caller's promise.
            unsafe { (*request).$name($($argument),*) }
        }
    )* };
}

by_pointer! {
    reset() -> ();
    state() -> http_request_state_t;
    is_head() -> bool;
    is_1_0() -> bool;
    ends_connection() -> bool;
    has_more() -> bool;
    is_dropped() -> bool;
    intake() -> Intake;
    set_intake(intake: Intake) -> ();
    set_found(found: Result<Found, Lack>) -> ();
}

/// # Safety
/// `request` is a live request, whose method stays as it is while the result is used.
pub unsafe fn method<'a>(request: *mut Request) -> &'a [u8] {
    // SAFETY: the request is live by the caller's promise.
    unsafe { (*request).method() }
}

/// # Safety
/// `request` is a live request, and nobody else uses its parser meanwhile.
pub unsafe fn parser<'a>(request: *mut Request) -> &'a mut Parser {
    // SAFETY: as the caller promises.
    unsafe { &mut *(*request).front.parser.as_ptr() }
}

/// # Safety
/// `request` is a live request.
pub unsafe fn upload(request: *mut Request) -> *mut Upload {
    // SAFETY: the request is live by the caller's promise.
    unsafe { (*request).upload().map_or(null_mut(), |upload| from_ref(upload).cast_mut()) }
}

/// # Safety
/// As `Request::comes_over`, of a live request.
pub unsafe fn comes_over(request: *mut Request, conn: *mut tcp_connection, bodies: *const Bodies) {
    // SAFETY: the request is live, and the counter is kept, by the caller's promise.
    unsafe { (*request).comes_over(conn, bodies) };
}

/// # Safety
/// Both are live objects.
pub unsafe fn look_for_head(input: *mut buffer, request: *mut Request) {
    // SAFETY: both are live by the caller's promise.
    unsafe { (*request).look_for_head(&*input) };
}

/// # Safety
/// Both are live objects.
pub unsafe fn parse(
    input: *mut buffer,
    request: *mut Request,
    limits: &Limits,
) -> Result<(), Status> {
    // SAFETY: both are live by the caller's promise.
    unsafe { (*request).parse(&*input, limits) }
}
