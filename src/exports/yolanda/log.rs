//! The functions of yolanda.h for the log.

use crate::abi::yolanda::log::yolanda_log_sink;
use crate::sys::errno;
use core::ffi::{c_int, c_void};

/// Sets the level: lines of this severity and above (LOG_DEBUG_TYPE, LOG_MSG_TYPE, LOG_WARN_TYPE,
/// LOG_ERR_TYPE) are logged, or none (YOLANDA_LOG_OFF). It takes precedence over the environment
/// variable YOLANDA_LOG. With YOLANDA_LOG_ENVIRONMENT the environment decides again; the variable is then
/// read anew. Without both, all lines are logged; of the library's own lines, only warnings and errors
/// in a program whose first loop was made by yolanda_loop_new().
///
/// Returns 0, or -1 with errno EINVAL for any other number.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_log_set_level(level: c_int) -> c_int {
    if crate::log::set_level(level) { 0 } else { errno::fail(libc::EINVAL) }
}

/// Returns the level in effect for the program's lines: LOG_DEBUG_TYPE to YOLANDA_LOG_OFF, from the
/// environment unless one was set. It never fails.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_log_level() -> c_int {
    crate::log::level()
}

/// Sets whether the lines on stdout and stderr begin with the time, in UTC, with microseconds (RFC 3339):
/// `2026-11-30T08:49:37.123456Z [warn] ...`. 0, the default, omits it. Lines that go to a sink never
/// have it. It never fails.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_log_set_timestamps(on: c_int) {
    crate::log::set_timestamps(on != 0);
}

/// Hands all lines to a function instead of printing them on stdout: those of the library and those of
/// yolanda_log(), LOG_MSG() and the like. The level still selects the lines. NULL: stdout again.
///
/// The change takes effect at once. Before the function returns, it waits for calls of the old sink
/// that are running on other threads; after that, the old sink's data may be freed. So don't hold a
/// lock that the old sink takes. If it is called within a sink, it doesn't wait: the old sink may
/// still be running on other threads.
///
/// Returns 0, or -1 with errno ENOMEM; the old sink then stays in place.
///
/// # Safety
/// `data` remains yours and must be valid until the sink is replaced. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn yolanda_log_set_sink(sink: yolanda_log_sink, data: *mut c_void) -> c_int {
    // SAFETY: the header requires that the sink's data is valid until the sink is replaced.
    match unsafe { crate::log::set_sink(sink, data) } {
        Ok(()) => 0,
        Err(e) => errno::fail(e),
    }
}
