//! The function of yolanda.h for errors.

use crate::sys::explained;
use core::ffi::c_char;

/// Returns in words why the last call on this thread failed, with the value that was wrong: "no such
/// host: exmaple.com", "127.0.0.1:80: Permission denied", "yolanda_timer_start: called on another
/// thread than the loop's". Where the library has noted nothing, it is the text of strerror(3) for the
/// current value of errno. It belongs to errno, so call it before anything else changes that. In a
/// callback that is told of a failure (yolanda_client_set_failed_callback()) it explains that failure.
///
/// The text is for people: it may change. It never fails. The text belongs to the library, and is valid
/// until the next call on the same thread that fails.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_last_error() -> *const c_char {
    explained::text()
}
