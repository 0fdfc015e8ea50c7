//! The strings of C programs.

use core::ffi::{CStr, c_char};

/// The bytes of a C string; NULL counts as empty.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that stays as it is while the result is used.
pub unsafe fn text<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return b"";
    }
    // SAFETY: not NULL, hence a string.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}
