//! The functions of a response by its pointer, for callers that have no reference yet.

use super::{Form, Kind, Response};
use crate::http::wire::encode::Sink;
use crate::http::wire::status::Status;

macro_rules! by_pointer {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        /// # Safety
        /// `response` is a live response.
        pub unsafe fn $name(response: *mut Response, $($argument: $type),*) -> $result {
            // SAFETY: the response is live by the caller's promise.
            unsafe { (*response).$name($($argument),*) }
        }
    )* };
}

by_pointer! {
    reset() -> ();
    asks_close() -> bool;
    complete() -> ();
    status() -> Status;
}

/// # Safety
/// As `Response::init`.
pub unsafe fn init(response: *mut Response, kind: Kind) {
    // SAFETY: as the caller promises.
    unsafe { Response::init(response, kind) };
}

/// # Safety
/// `response` is a live response.
pub unsafe fn encode_to(response: *mut Response, form: &Form<'_>, out: &mut impl Sink) -> u64 {
    // SAFETY: the response is live by the caller's promise.
    unsafe { (*response).encode(form, out) }
}
