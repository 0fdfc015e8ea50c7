use core::ffi::{c_char, c_int, c_void};

/// The level above all severities: nothing is logged.
pub const YOLANDA_LOG_OFF: c_int = 4;

/// The level that YOLANDA_LOG says.
pub const YOLANDA_LOG_ENVIRONMENT: c_int = -1;

/// Takes a line of the log, on the thread that logs: the severity as it was given, the text without
/// tag and newline, its length, and the data of yolanda_log_set_sink(). The text ends with a NUL and
/// is there until the sink returns. errno may be changed.
///
/// What the sink itself logs goes to stdout: it can pass a line on with yolanda_log(). Lines come
/// from within the library's work, so no other function of the library may be called here, except
/// yolanda_loop_quit(). Several threads may be in the sink at a time.
pub type yolanda_log_sink = Option<
    unsafe extern "C-unwind" fn(
        severity: c_int,
        text: *const c_char,
        length: usize,
        data: *mut c_void,
    ),
>;
