//! The signals of `yolanda.h`.

use super::is_watchable;
use crate::abi::types::{event_loop, yolanda_signal, yolanda_signal_callback};
use crate::reactor::event_loop::create::mine;
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use libc::{c_int, c_void};

pub unsafe extern "C" fn yolanda_signal_start(
    eventLoop: *mut event_loop,
    number: c_int,
    callback: yolanda_signal_callback,
    data: *mut c_void,
) -> yolanda_signal {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_signal_start", eventLoop) {
            return 0;
        }
        if callback.is_none() || !is_watchable(number) {
            errno::set(libc::EINVAL);
            return 0;
        }
        Loop::from_c(eventLoop).watch_signal(number, callback, data)
    }
}

pub unsafe extern "C" fn yolanda_signal_stop(
    eventLoop: *mut event_loop,
    signal: yolanda_signal,
) -> c_int {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_signal_stop", eventLoop) {
            return -1;
        }
        if Loop::from_c(eventLoop).unwatch_signal(signal) { 0 } else { errno::fail(libc::ENOENT) }
    }
}
