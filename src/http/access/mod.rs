//! The access log: one entry for each response, handed to the program's callback. Without a callback all
//! this costs a look at a pointer.
//!
//! What an entry says of its request is copied when the request is there: a program may change the
//! strings, and that of a deferred response is another thread's.

mod journal;
mod line;

use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;

use crate::abi::types::{yolanda_http_access, yolanda_http_access_callback};
pub use crate::http::access::journal::Journal;
use crate::http::access::line::{Bounded, Line};
use crate::sys::text::text;
use crate::sys::{errno, pool};

/// Whom to tell. It stays from before the server's start until its end.
pub struct Log {
    callback: yolanda_http_access_callback,
    data: *mut c_void,
}

impl Log {
    /// None when memory is out.
    pub fn make(callback: yolanda_http_access_callback, data: *mut c_void) -> Option<*mut Log> {
        let log: *mut Log = pool::alloc(size_of::<Log>()).cast();
        if log.is_null() {
            return None;
        }
        // SAFETY: fresh memory of that size.
        unsafe { log.write(Log { callback, data }) };
        Some(log)
    }

    /// Hands an entry to the program.
    ///
    /// # Safety
    /// The callback may do what a request's callback may.
    pub unsafe fn tell(&self, entry: &yolanda_http_access) {
        if let Some(callback) = self.callback {
            // SAFETY: the program's callback, with its own data, and an entry that stays while it runs.
            unsafe { callback(entry, self.data) };
        }
    }
}

/// Frees a server's log.
///
/// # Safety
/// NULL, or what nobody looks at any more.
pub unsafe fn free(log: *mut Log) {
    if !log.is_null() {
        // SAFETY: as said.
        unsafe { pool::free(log.cast(), size_of::<Log>()) };
    }
}

pub unsafe extern "C" fn yolanda_http_access_line(
    entry: *const yolanda_http_access,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    if entry.is_null() || (buffer.is_null() && size > 0) {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: the caller's entry, whose texts are NULL or end with a NUL; the buffer has `size` bytes.
    unsafe {
        let some = |string: *const c_char| (!string.is_null()).then(|| text(string));
        let line = Line {
            peer: text((*entry).peer),
            method: some((*entry).method),
            url: text((*entry).url),
            version: text((*entry).version),
            second: (*entry).began_us.div_euclid(1_000_000),
            status: (*entry).status,
            bytes: (*entry).body_bytes,
            referer: some((*entry).referer),
            agent: some((*entry).user_agent),
        };
        let room = match size {
            0 => &mut [],
            _ => core::slice::from_raw_parts_mut(buffer.cast(), size),
        };
        let mut out = Bounded::new(room);
        line.write(&mut out);
        c_int::try_from(out.end()).unwrap_or_else(|_| errno::fail(libc::EOVERFLOW))
    }
}
