//! C strings.

use core::ffi::{CStr, c_char};

/// The bytes of a C string without its NUL. NULL counts as an empty string.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that doesn't change while the result is used.
pub unsafe fn text<'a>(text: *const c_char) -> &'a [u8] {
    // SAFETY: `optional` has the same requirements as this function.
    unsafe { optional(text) }.unwrap_or(b"")
}

/// As `text`, but None for NULL.
///
/// # Safety
/// As `text`.
pub unsafe fn optional<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: it isn't NULL, so by contract it is NUL-terminated.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}
