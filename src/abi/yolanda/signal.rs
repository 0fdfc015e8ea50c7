use core::ffi::{c_int, c_void};

use crate::abi::event_loop::event_loop;

/// Names a watcher of a signal. It is never 0, and never used again.
pub type yolanda_signal = u64;

/// Called on the loop's thread, in its pass, after a signal has come. It may do whatever a callback may
/// do; it isn't a signal handler. It may stop this watcher or any other, and start new ones.
pub type yolanda_signal_callback = Option<
    unsafe extern "C-unwind" fn(
        eventLoop: *mut event_loop,
        signal_number: c_int,
        data: *mut c_void,
    ),
>;

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
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_signal_start(
    eventLoop: *mut event_loop,
    number: c_int,
    callback: yolanda_signal_callback,
    data: *mut c_void,
) -> yolanda_signal {
    jump_to!(crate::reactor::signals::yolanda_signal_start)
}

/// Stops a watcher: its callback isn't called any more, also where its signal has come already.
///
/// Returns 0, or -1 with errno: ENOENT for a watcher that was stopped or never was, EINVAL for NULL, EPERM
/// on another thread.
///
/// # Safety
/// As for yolanda_signal_start().
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_signal_stop(
    eventLoop: *mut event_loop,
    signal: yolanda_signal,
) -> c_int {
    jump_to!(crate::reactor::signals::yolanda_signal_stop)
}
