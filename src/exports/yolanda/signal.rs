//! The functions of yolanda.h for signals.

use crate::abi::types::event_loop;
use crate::abi::types::{yolanda_signal, yolanda_signal_callback};
use crate::reactor::event_loop::signals::is_watchable;
use crate::sys::errno;
use crate::sys::explained::explain;
use core::ffi::{c_int, c_void};

/// 0 for a watcher that there is, else -1 with ENOENT.
fn found(found: bool) -> c_int {
    if found { 0 } else { errno::fail(explain!(libc::ENOENT, "the watcher has ended")) }
}

/// Starts a watcher: `callback` is called whenever the process receives the signal. A signal may have
/// any number of watchers, on any number of loops; those of one loop are called in the order in which
/// they were started. If a signal arrives again before the callback has been called, both count as one,
/// as for pending signals (signal(7)).
///
/// The library installs its handler with the first watcher of a signal, with SA_RESTART and SA_ONSTACK
/// (sigaction(2)). When the last watcher ends, it restores the program's previous handler, SIG_IGN or
/// SIG_DFL, unless the program has replaced the handler in the meantime. Threads may block the signal
/// as long as one thread doesn't. A forked child inherits the handler until it executes another
/// program.
///
/// Returns the watcher, or 0 with errno: EINVAL (NULL, not a signal, SIGKILL, SIGSTOP, or a signal
/// that is raised by a program error: SIGSEGV, SIGBUS, SIGFPE, SIGILL), EPERM on another thread,
/// ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `data` remains yours. Call it only on the
/// loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_signal_start(
    eventLoop: *mut event_loop,
    number: c_int,
    callback: yolanda_signal_callback,
    data: *mut c_void,
) -> yolanda_signal {
    let l = own_loop!(eventLoop, "yolanda_signal_start", 0);
    if callback.is_none() {
        errno::set(explain!(libc::EINVAL, "yolanda_signal_start: no callback"));
        return 0;
    }
    if !is_watchable(number) {
        errno::set(explain!(libc::EINVAL, "signal {number} can't be watched"));
        return 0;
    }
    l.watch_signal(number, callback, data)
}

/// Sets a function, `destroy`, that is called with the watcher's `data` when the watcher has ended and none
/// of its callbacks is running any more: it was stopped, or its loop is being freed. It is called once, on
/// the loop's thread: inside yolanda_signal_stop(), or, if callbacks of watchers of the loop are running,
/// as soon as the outermost of them has returned. It may call the library, but can't free the loop. A second call replaces the function; NULL removes it.
///
/// Returns 0, or -1 with errno, and then the function isn't called and the data stays yours: ENOENT for a
/// watcher that was stopped or never existed, EINVAL for NULL, EPERM on another thread, ESHUTDOWN for a
/// loop that is being freed.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_signal_set_destroy(
    eventLoop: *mut event_loop,
    signal: yolanda_signal,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_signal_set_destroy", -1);
    if l.is_ending() {
        return errno::fail(explain!(libc::ESHUTDOWN, "the loop is being freed"));
    }
    found(l.set_signal_destroy(signal, destroy))
}

/// Stops a watcher: its callback isn't called any more, even if its signal has already arrived.
///
/// Returns 0, or -1 with errno: ENOENT for a watcher that was already stopped or never existed, EINVAL
/// for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_signal_stop(
    eventLoop: *mut event_loop,
    signal: yolanda_signal,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_signal_stop", -1);
    found(l.unwatch_signal(signal))
}
