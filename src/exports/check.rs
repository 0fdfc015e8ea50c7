//! The checks of arguments: a pointer from C becomes a reference here, or the call fails.

use core::ffi::c_char;
use core::mem::MaybeUninit;

use crate::sys::errno;

/// `non_null!(pointer, "function: no thing", failure)`: a reference to what a parameter points to. For NULL it
/// logs the message, sets errno to EINVAL and returns `failure` from the function.
macro_rules! non_null {
    ($pointer:ident, $message:literal $(, $failure:expr)?) => {
        // SAFETY: the headers say of each parameter that it is NULL or a live object of its type. The object
        // stays one until the function ends, or until the function gives it up itself.
        match unsafe { $pointer.as_ref() } {
            Some(object) => object,
            None => {
                $crate::exports::check::refuse($message);
                return $($failure)?;
            }
        }
    };
}

/// As `non_null!`, for those of the original's functions that set no errno.
macro_rules! non_null_or_log {
    ($pointer:ident, $message:literal $(, $failure:expr)?) => {
        // SAFETY: as for `non_null!`, the headers allow NULL and a live object of the type, nothing else.
        match unsafe { $pointer.as_ref() } {
            Some(object) => object,
            None => {
                $crate::exports::check::log($message);
                return $($failure)?;
            }
        }
    };
}

/// `connection!(pointer, "function", failure)`: the connection that a parameter points to. For NULL it logs
/// "function: no connection", sets errno to EINVAL and returns `failure` from the function.
macro_rules! connection {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no connection"));
            return $($failure)?;
        }
        // SAFETY: the headers say of each connection that the library made it, and that it hasn't been freed: it is
        // live, or the caller retains it.
        unsafe { $crate::reactor::tcp_connection::Connection::from_c($pointer) }
    }};
}

/// Logs what is wrong with an argument, and sets errno to EINVAL.
#[cold]
pub fn refuse(message: &str) {
    log(message);
    errno::set(libc::EINVAL);
}

/// Logs what is wrong with an argument. errno stays.
#[cold]
pub fn log(message: &str) {
    log_err!("{message}");
}

/// The memory that a program has given to read into; empty for NULL.
///
/// # Safety
/// `at` is NULL or has room for `n` bytes, which nothing else uses while the result is in use.
pub unsafe fn room<'a>(at: *mut c_char, n: usize) -> &'a mut [MaybeUninit<u8>] {
    if at.is_null() {
        return &mut [];
    }
    // No object is larger; a program may still say that there is no limit.
    let n = n.min(isize::MAX as usize);
    // SAFETY: n bytes of the caller's, which need no initial values.
    unsafe { core::slice::from_raw_parts_mut(at.cast(), n) }
}
