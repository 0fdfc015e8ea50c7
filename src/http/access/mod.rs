//! The access log: one entry for each response, handed to the program's callback. Without a callback it costs
//! one comparison of a pointer.
//!
//! What an entry says about its request is copied as soon as the request was read: the program may change the
//! strings, and the request of a deferred response may be in use on another thread.

mod journal;
pub mod line;

pub use crate::http::access::journal::{Due, Journal};

use core::ffi::c_void;

use crate::abi::types::{yolanda_http_access, yolanda_http_access_callback};

/// Whom to tell. It stays from before the server's start until its end.
#[derive(Clone, Copy)]
pub struct Log {
    callback: yolanda_http_access_callback,
    data: *mut c_void,
}

impl Log {
    pub fn new(callback: yolanda_http_access_callback, data: *mut c_void) -> Log {
        Log { callback, data }
    }

    /// Hands an entry to the program. The callback may do what a request's callback may.
    pub fn tell(&self, entry: &yolanda_http_access) {
        if let Some(callback) = self.callback {
            // SAFETY: the program gave the callback for this data; the entry stays while it runs.
            unsafe { callback(entry, self.data) };
        }
    }
}
