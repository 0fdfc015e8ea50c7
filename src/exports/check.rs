//! The checks of arguments: a pointer from C becomes a reference, or the call fails.

use core::ffi::{c_char, c_int};
use core::mem::MaybeUninit;

use crate::sys::errno;
use crate::sys::explained::explain;

/// `non_null!(pointer, "function: no thing", failure)`: a reference to a parameter's object. For NULL
/// it logs the message, sets errno to EINVAL and returns `failure` from the function.
macro_rules! non_null {
    ($pointer:ident, $message:literal $(, $failure:expr)?) => {
        // SAFETY: the headers require of each parameter that it is NULL or a live object of its type.
        // The object stays valid until the function ends or frees it.
        match unsafe { $pointer.as_ref() } {
            Some(object) => object,
            None => {
                $crate::exports::check::refuse($message);
                return $($failure)?;
            }
        }
    };
}

/// As `non_null!`, for the original's functions that don't set errno.
macro_rules! non_null_or_log {
    ($pointer:ident, $message:literal $(, $failure:expr)?) => {
        // SAFETY: the headers require of each parameter that it is NULL or a live object of its type,
        // which stays valid until the function ends.
        match unsafe { $pointer.as_ref() } {
            Some(object) => object,
            None => {
                $crate::exports::check::log($message);
                return $($failure)?;
            }
        }
    };
}

/// `connection!(pointer, "function", failure)`: the connection of a parameter. For NULL it logs
/// "function: no connection", sets errno to EINVAL and returns `failure` from the function.
macro_rules! connection {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no connection"));
            return $($failure)?;
        }
        // SAFETY: the headers require that each connection was created by the library and hasn't been
        // freed: it is open, or the caller has retained it.
        unsafe { $crate::reactor::tcp_connection::remote::Remote::from_c($pointer) }
    }};
}

/// `event_loop!(pointer, "function", failure)`: the loop of a parameter. For NULL it logs "function:
/// no event loop", sets errno to EINVAL and returns `failure` from the function.
macro_rules! event_loop {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no event loop"));
            return $($failure)?;
        }
        // SAFETY: the headers require that each loop was created by the library and hasn't been
        // freed.
        unsafe { $crate::reactor::event_loop::remote::RemoteLoop::from_c($pointer) }
    }};
}

/// As `event_loop!`, for functions that only the loop's own thread may call. On any other thread
/// errno is EPERM.
macro_rules! own_loop {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        let Some(l) = event_loop!($pointer, $function $(, $failure)?).here() else {
            $crate::exports::check::wrong_thread($function);
            return $($failure)?;
        };
        l
    }};
}

/// As `event_loop!`, for functions that only the loop's own thread may call; the thread isn't checked here.
macro_rules! unchecked_loop {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        event_loop!($pointer, $function $(, $failure)?);
        // SAFETY: it isn't NULL; otherwise as for `event_loop!`. The header names the thread.
        unsafe { $crate::reactor::event_loop::state::Loop::from_c($pointer) }
    }};
}

/// `thread_pool!(pointer, "function", failure)`: the pool of a parameter, as `connection!`.
macro_rules! thread_pool {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no thread pool"));
            return $($failure)?;
        }
        // SAFETY: the headers require that each pool was created by the library and hasn't been
        // freed.
        unsafe { $crate::reactor::threads::thread_pool::Pool::from_c($pointer) }
    }};
}

/// `server!(pointer, "function", failure)`: the server of a parameter. For NULL it logs "function: no
/// server", sets errno to EINVAL and returns `failure` from the function.
macro_rules! server {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        if $pointer.is_null() {
            $crate::exports::check::refuse(concat!($function, ": no server"));
            return $($failure)?;
        }
        // SAFETY: the headers require that each server was created by the library and hasn't been
        // freed.
        unsafe { $crate::reactor::tcp_server::Server::from_public($pointer) }
    }};
}

/// As `server!`, for functions that only the thread of the server's loop may call. On any other
/// thread errno is EPERM.
macro_rules! own_server {
    ($pointer:ident, $function:literal $(, $failure:expr)?) => {{
        let server = server!($pointer, $function $(, $failure)?);
        if !server.is_own_thread() {
            $crate::exports::check::wrong_thread($function);
            return $($failure)?;
        }
        server
    }};
}

/// Logs the problem with an argument and sets errno to EINVAL.
#[cold]
pub fn refuse(message: &str) {
    log(message);
    errno::set(explain!(libc::EINVAL, "{message}"));
}

/// Sets errno to EPERM: only the loop's thread may call the function.
#[cold]
pub fn wrong_thread(function: &str) {
    errno::set(on_wrong_thread(function));
}

/// EPERM, for a call that only the loop's thread may make.
#[cold]
pub fn on_wrong_thread(function: &str) -> c_int {
    explain!(libc::EPERM, "{function}: called on another thread than the loop's")
}

/// Logs the problem with an argument. errno doesn't change.
#[cold]
pub fn log(message: &str) {
    log_err!("{message}");
}

/// A buffer of the program to read into; empty for NULL.
///
/// # Safety
/// `at` is NULL or has room for `n` bytes, which nothing else uses while the result is in use.
pub unsafe fn room<'a>(at: *mut c_char, n: usize) -> &'a mut [MaybeUninit<u8>] {
    if at.is_null() {
        return &mut [];
    }
    // No object is larger, but a program may pass a larger size to mean "no limit".
    let n = n.min(isize::MAX as usize);
    // SAFETY: by contract the caller's n bytes, which needn't be initialised.
    unsafe { core::slice::from_raw_parts_mut(at.cast(), n) }
}
