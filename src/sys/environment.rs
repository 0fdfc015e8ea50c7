//! Environment variables, read without the allocation that std::env makes.

use std::ffi::CStr;

/// Calls `read` with the value of a variable, empty if it isn't set.
pub fn variable<R>(name: &CStr, read: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: the name and the value are C strings. The value is valid until the environment changes. Programs
    // change it before they start threads, and `read` doesn't.
    unsafe {
        let value = libc::getenv(name.as_ptr());
        read(if value.is_null() { b"" } else { CStr::from_ptr(value).to_bytes() })
    }
}
