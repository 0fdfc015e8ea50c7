use crate::abi::types::event_loop;
use crate::abi::types::{yolanda_signal, yolanda_signal_callback};
use crate::reactor::event_loop::signals::is_watchable;
use crate::sys::errno;
use core::ffi::{c_int, c_void};

/// Has `callback` called whenever the process gets a signal. One signal may have any number of watchers,
/// on any number of loops; those of a loop are called in the order in which they were started. A signal
/// that comes again before the loop has called counts once, as pending signals do (signal(7)).
///
/// The library's handler is installed with the first watcher of a signal, with SA_RESTART and SA_ONSTACK
/// (sigaction(2)). When the last watcher ends, what the program had there before (a handler, SIG_IGN,
/// SIG_DFL) is put back, unless the program has replaced the handler meanwhile. Threads may block the
/// signal as long as one doesn't. A child that was forked inherits the handler until it executes another
/// program.
///
/// Returns the watcher, or 0 with errno: EINVAL (NULL, no signal, SIGKILL, SIGSTOP, or what a fault of the
/// program raises: SIGSEGV, SIGBUS, SIGFPE, SIGILL), EPERM on another thread, ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop; `data` stays yours. Only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_signal_start(
    eventLoop: *mut event_loop,
    number: c_int,
    callback: yolanda_signal_callback,
    data: *mut c_void,
) -> yolanda_signal {
    let l = own_loop!(eventLoop, "yolanda_signal_start", 0);
    if callback.is_none() || !is_watchable(number) {
        errno::set(libc::EINVAL);
        return 0;
    }
    l.watch_signal(number, callback, data)
}

/// Stops a watcher: its callback isn't called any more, also where its signal has come already.
///
/// Returns 0, or -1 with errno: ENOENT for a watcher that was stopped or never was, EINVAL for NULL, EPERM
/// on another thread.
///
/// # Safety
/// As for yolanda_signal_start().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_signal_stop(
    eventLoop: *mut event_loop,
    signal: yolanda_signal,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_signal_stop", -1);
    if l.unwatch_signal(signal) { 0 } else { errno::fail(libc::ENOENT) }
}
