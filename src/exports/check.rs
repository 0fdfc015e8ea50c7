//! The checks of arguments: a pointer from C becomes a reference here, or the call fails.

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
