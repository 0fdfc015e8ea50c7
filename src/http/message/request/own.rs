//! Requests of the server's own, in memory of the pools.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use super::{Request, SIZE, init};
use crate::sys::pool;

/// Empties the request and gives its memory back when it is dropped.
pub struct OwnRequest(NonNull<Request>);

impl OwnRequest {
    /// An empty request; None when memory is out.
    pub fn new() -> Option<OwnRequest> {
        let request: NonNull<Request> = NonNull::new(pool::alloc(SIZE).cast())?;
        // SAFETY: fresh memory of that size.
        unsafe { init(request.as_ptr(), false) };
        Some(OwnRequest(request))
    }

    /// The pointer, for a place that holds no more than that. `from_raw` takes it back.
    pub fn into_raw(self) -> NonNull<Request> {
        ManuallyDrop::new(self).0
    }

    /// Takes back what `into_raw` returned.
    ///
    /// # Safety
    /// `request` came from `into_raw`, once for each call.
    pub unsafe fn from_raw(request: NonNull<Request>) -> OwnRequest {
        OwnRequest(request)
    }
}

impl Deref for OwnRequest {
    type Target = Request;

    fn deref(&self) -> &Request {
        // SAFETY: the request stays until its owner is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for OwnRequest {
    fn drop(&mut self) {
        self.reset();
        // SAFETY: the memory came from `new`, and there is one owner.
        unsafe { pool::free(self.0.as_ptr().cast(), SIZE) };
    }
}
