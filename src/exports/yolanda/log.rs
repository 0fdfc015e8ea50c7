use crate::abi::yolanda::log::yolanda_log_sink;
use core::ffi::{c_int, c_void};

/// Says what is logged: lines of this severity and above (LOG_DEBUG_TYPE, LOG_MSG_TYPE,
/// LOG_WARN_TYPE, LOG_ERR_TYPE), or nothing (YOLANDA_LOG_OFF). It goes before YOLANDA_LOG in the
/// environment, until YOLANDA_LOG_ENVIRONMENT gives that back its say (it is read again then).
///
/// Returns 0, or -1 with EINVAL for another number.
///
/// # Safety
/// Any thread and any signal handler may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_log_set_level(level: c_int) -> c_int {
    jump_to!(crate::log::yolanda_log_set_level)
}

/// The level that counts now: LOG_DEBUG_TYPE to YOLANDA_LOG_OFF, the environment's where none was
/// set. Never fails.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_log_level() -> c_int {
    jump_to!(crate::log::yolanda_log_level)
}

/// Gives all lines to a function instead of stdout: the library's, and those of yolanda_log(),
/// LOG_MSG() and the like. The level says which lines. NULL: stdout again.
///
/// The change counts from here on. Before it returns, it waits for the lines that other threads are
/// handing to the old sink, whose data may then be freed; so don't hold a lock that the old sink
/// takes. Called from within a sink it doesn't wait: others may still be in the old one.
///
/// Returns 0, or -1 with ENOMEM; then the old sink stays.
///
/// # Safety
/// Any thread may call it. `data` is what `sink` expects, until the sink is replaced.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_log_set_sink(sink: yolanda_log_sink, data: *mut c_void) -> c_int {
    jump_to!(crate::log::yolanda_log_set_sink)
}
