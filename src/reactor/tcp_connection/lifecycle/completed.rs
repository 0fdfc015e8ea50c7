//! The completed callback of a connection that is made on another thread than its loop's. During the callback its
//! thread owns the connection; such a callback may make further connections.

use crate::reactor::tcp_connection::remote::Remote;
use std::cell::Cell;
use std::ptr;

/// A callback that is running on this thread.
struct Running {
    conn: *const Remote,
    outer: *const Running,
}

thread_local! {
    static INNERMOST: Cell<*const Running> = const { Cell::new(ptr::null()) };
}

/// Runs the completed callback of a connection, and records this while it runs.
pub fn run(conn: &Remote, callback: impl FnOnce()) {
    let running = Running { conn, outer: INNERMOST.get() };
    INNERMOST.set(&raw const running);
    callback();
    INNERMOST.set(running.outer);
}

/// Whether `run` is running the completed callback of the connection on this thread.
pub fn is_running(conn: &Remote) -> bool {
    let mut next = INNERMOST.get();
    // SAFETY: each was set by a call of `run` that is still on this thread's stack, and points to an earlier one.
    while let Some(running) = unsafe { next.as_ref() } {
        if ptr::eq(running.conn, conn) {
            return true;
        }
        next = running.outer;
    }
    false
}
