//! Calls that affect the whole process.

use libc::c_int;

/// exit(3): runs the handlers that the program registered with atexit(3).
pub fn exit(status: c_int) -> ! {
    // SAFETY: the program's handlers run on this thread, as if the program itself had called exit.
    unsafe { libc::exit(status) }
}

/// Ignores SIGPIPE, so that writes to a closed connection fail with EPIPE.
pub fn ignore_sigpipe() {
    // SAFETY: SIG_IGN runs no handler. The call can't fail for a signal that may be ignored.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
