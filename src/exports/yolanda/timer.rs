//! The functions of yolanda.h for timers.

use crate::abi::types::event_loop;
use crate::abi::types::{yolanda_timer, yolanda_timer_callback};
use core::ffi::{c_int, c_void};

/// Starts a timer: `callback` is called after `delay_ms` milliseconds, never earlier, and then every
/// `period_ms` milliseconds, or only once if that is 0. Periods are counted from due time to due time,
/// so they don't drift; a loop that is late makes one call and skips the periods that have passed. The
/// clock is the monotonic one (CLOCK_MONOTONIC), so setting the system time has no effect. Timers that
/// are due together are called in the order of their due times, and with equal times in the order in
/// which they were started. A timer without a period ends when its callback has returned, unless the
/// callback restarted it.
///
/// Starting, restarting and stopping take time proportional to the logarithm of the number of timers.
///
/// Returns the timer, or 0 with errno: EINVAL (NULL, times that are negative or far too long), EPERM on
/// another thread (post a function instead), ENOMEM, also for more than 16,777,215 timers.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. `data` stays yours. Call it only on the loop's
/// thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_timer_start(
    eventLoop: *mut event_loop,
    delay_ms: i64,
    period_ms: i64,
    callback: yolanda_timer_callback,
    data: *mut c_void,
) -> yolanda_timer {
    jump_to!(crate::reactor::event_loop::timers::yolanda_timer_start)
}

/// Gives a timer new times, as if it were started now; callback and data stay. The timer's own callback
/// may call it.
///
/// Returns 0, or -1 with errno: ENOENT for a timer that has ended or never existed, EINVAL (NULL, times
/// that are negative or far too long), EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_timer_restart(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
    delay_ms: i64,
    period_ms: i64,
) -> c_int {
    jump_to!(crate::reactor::event_loop::timers::yolanda_timer_restart)
}

/// Stops a timer: its callback isn't called any more, even if it was due in this pass.
///
/// Returns 0, or -1 with errno: ENOENT for a timer that has ended, was already stopped or never
/// existed, EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_timer_stop(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
) -> c_int {
    jump_to!(crate::reactor::event_loop::timers::yolanda_timer_stop)
}

/// Returns the number of milliseconds until a timer is due, rounded up; 0 if it is already due.
///
/// Returns -1 with errno on failure, like yolanda_timer_stop().
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn yolanda_timer_remaining(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
) -> i64 {
    jump_to!(crate::reactor::event_loop::timers::yolanda_timer_remaining)
}
