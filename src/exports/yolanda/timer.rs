//! The functions of yolanda.h for timers.

use crate::abi::types::event_loop;
use crate::abi::types::{yolanda_timer, yolanda_timer_callback};
use crate::reactor::event_loop::timers::{MAX_MS, NS_PER_MS};
use crate::sys::errno;
use crate::sys::explained::explain;
use core::ffi::{c_int, c_void};

/// Whether the times are in the valid range.
fn are_times(delay_ms: i64, period_ms: i64) -> bool {
    let range = 0..=MAX_MS;
    range.contains(&delay_ms) && range.contains(&period_ms)
}

fn bad_times(delay_ms: i64, period_ms: i64) -> c_int {
    explain!(libc::EINVAL, "delay_ms is {delay_ms}, period_ms is {period_ms}")
}

/// 0 for a timer that there is, else -1 with ENOENT.
fn found(found: bool) -> c_int {
    if found { 0 } else { errno::fail(explain!(libc::ENOENT, "the timer has ended")) }
}

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
/// `eventLoop` is NULL or a loop that hasn't been freed. `data` remains yours. Call it only on the
/// loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_timer_start(
    eventLoop: *mut event_loop,
    delay_ms: i64,
    period_ms: i64,
    callback: yolanda_timer_callback,
    data: *mut c_void,
) -> yolanda_timer {
    let l = own_loop!(eventLoop, "yolanda_timer_start", 0);
    if callback.is_none() {
        errno::set(explain!(libc::EINVAL, "yolanda_timer_start: no callback"));
        return 0;
    }
    if !are_times(delay_ms, period_ms) {
        errno::set(bad_times(delay_ms, period_ms));
        return 0;
    }
    let timer = l.start_timer(delay_ms, period_ms, callback, data);
    if timer == 0 {
        errno::set(libc::ENOMEM);
    }
    timer
}

/// Gives a timer new times, as if it were started now; callback and data don't change. The timer's
/// own callback may call it.
///
/// Returns 0, or -1 with errno: ENOENT for a timer that has ended or never existed, EINVAL (NULL, times
/// that are negative or far too long), EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_timer_restart(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
    delay_ms: i64,
    period_ms: i64,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_timer_restart", -1);
    if !are_times(delay_ms, period_ms) {
        return errno::fail(bad_times(delay_ms, period_ms));
    }
    found(l.restart_timer(timer, delay_ms, period_ms))
}

/// Stops a timer: its callback isn't called any more, even if it was due in this pass.
///
/// Returns 0, or -1 with errno: ENOENT for a timer that has ended, was already stopped or never
/// existed, EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_timer_stop(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_timer_stop", -1);
    found(l.stop_timer(timer))
}

/// Sets a function, `destroy`, that is called with the timer's `data` when the timer has ended and none of
/// its callbacks is running any more: it was stopped, it was called for the last time, or its loop is
/// being freed. It is called once, on the loop's thread: if no callback of the timer is running, inside
/// yolanda_timer_stop(), otherwise as soon as the callback has returned, the outermost one if calls of it
/// are nested. It may call the library, but can't free the loop. A second call replaces the
/// function; NULL removes it.
///
/// Returns 0, or -1 with errno, and then the function isn't called and the data stays yours: ENOENT for a
/// timer that has ended or never existed, EINVAL for NULL, EPERM on another thread, ESHUTDOWN for a loop
/// that is being freed.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_timer_set_destroy(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    let l = own_loop!(eventLoop, "yolanda_timer_set_destroy", -1);
    if l.is_ending() {
        return errno::fail(explain!(libc::ESHUTDOWN, "the loop is being freed"));
    }
    found(l.set_timer_destroy(timer, destroy))
}

/// Returns the number of milliseconds until a timer is due, rounded up; 0 if it is already due.
///
/// Returns -1 with errno on failure, like yolanda_timer_stop().
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed. Call it only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_timer_remaining(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
) -> i64 {
    let l = own_loop!(eventLoop, "yolanda_timer_remaining", -1);
    match l.timer_remaining(timer) {
        Some(ns) => (ns + NS_PER_MS - 1) / NS_PER_MS,
        None => errno::fail(explain!(libc::ENOENT, "the timer has ended")).into(),
    }
}
