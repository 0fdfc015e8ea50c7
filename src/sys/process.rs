//! What concerns the whole process.

use libc::c_int;

/// exit(3): runs what the program has registered with atexit(3).
pub fn exit(status: c_int) -> ! {
    // SAFETY: handlers of the program run on this thread, as if the program had called exit itself.
    unsafe { libc::exit(status) }
}

/// Lets writes to a closed connection fail with EPIPE only.
pub fn ignore_sigpipe() {
    // SAFETY: SIG_IGN runs no handler. It can't fail for a signal that may be ignored.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
