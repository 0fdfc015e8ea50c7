use crate::abi::event_loop::event_loop;
use core::ffi::{c_int, c_void};

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
