//! The access log: one entry for each response, passed to the program's callback. Without a callback it costs one
//! comparison of a pointer.
//!
//! The texts of a request are copied as soon as it has been read, because the program may change the strings, and
//! another thread may be using the request of a deferred response.

mod journal;
pub mod line;

pub use crate::http::access::journal::{Due, Journal};

use core::ffi::c_void;

use crate::abi::types::{yolanda_http_access, yolanda_http_access_callback};

/// The program's callback. It is set before the server's start and doesn't change afterwards.
#[derive(Clone, Copy)]
pub struct Log {
    callback: yolanda_http_access_callback,
    data: *mut c_void,
}

impl Log {
    pub fn new(callback: yolanda_http_access_callback, data: *mut c_void) -> Log {
        Log { callback, data }
    }

    /// Passes an entry to the program. The callback may do anything that a request callback may do.
    pub fn tell(&self, entry: &yolanda_http_access) {
        if let Some(callback) = self.callback {
            // SAFETY: the program set the callback together with this data. The entry is valid during the call.
            unsafe { callback(entry, self.data) };
        }
    }
}
