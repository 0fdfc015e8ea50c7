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
        // SAFETY: the headers say of each parameter that it is NULL or a live object of its type, which stays one
        // until the function ends.
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
        unsafe { $crate::reactor::tcp_connection::remote::Remote::from_c($pointer) }
    }};
}

/// `event_loop!(pointer, "function", failure)`: the loop that a parameter points to. For NULL it logs
/// "function: no event loop", sets errno to EINVAL and returns `failure` from the function.
macro_rules! event_loop {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no event loop"));
            return $($failure)?;
        }
        // SAFETY: the headers say of each loop that the library made it, and that it hasn't been freed.
        unsafe { $crate::reactor::event_loop::remote::RemoteLoop::from_c($pointer) }
    }};
}

/// As `event_loop!`, for what only the loop's own thread may call: on another errno is EPERM.
macro_rules! own_loop {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        let Some(l) = event_loop!($pointer, $function $(, $failure)?).here() else {
            $crate::sys::errno::set(libc::EPERM);
            return $($failure)?;
        };
        l
    }};
}

/// As `event_loop!`, for what only the loop's own thread may call, which isn't checked here.
macro_rules! unchecked_loop {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        event_loop!($pointer, $function $(, $failure)?);
        // SAFETY: not NULL; for the rest as for `event_loop!`, and the header names the thread.
        unsafe { $crate::reactor::event_loop::state::Loop::from_c($pointer) }
    }};
}

/// `thread_pool!(pointer, "function", failure)`: the pool that a parameter points to, as `connection!`.
macro_rules! thread_pool {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no thread pool"));
            return $($failure)?;
        }
        // SAFETY: the headers say of each pool that the library made it, and that it hasn't been freed.
        unsafe { $crate::reactor::threads::thread_pool::Pool::from_c($pointer) }
    }};
}

/// `server!(pointer, "function", failure)`: the server that a parameter points to. For NULL it logs
/// "function: no server", sets errno to EINVAL and returns `failure` from the function.
macro_rules! server {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no server"));
            return $($failure)?;
        }
        // SAFETY: the headers say of each server that the library made it, and that it hasn't been freed.
        unsafe { $crate::reactor::tcp_server::Server::from_public($pointer) }
    }};
}

/// As `server!`, for what only the thread of the server's loop may call: on another errno is EPERM.
macro_rules! own_server {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        let server = server!($pointer, $function $(, $failure)?);
        if !server.is_own_thread() {
            $crate::sys::errno::set(libc::EPERM);
            return $($failure)?;
        }
        server
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
