//! The timers of `yolanda.h`.

use super::{MAX_MS, NS_PER_MS};
use crate::abi::types::{event_loop, yolanda_timer, yolanda_timer_callback};
use crate::reactor::event_loop::create::mine;
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use libc::{c_int, c_void};

/// Sets EINVAL for times that mean nothing.
fn valid(delay_ms: i64, period_ms: i64) -> bool {
    let range = 0..=MAX_MS;
    let valid = range.contains(&delay_ms) && range.contains(&period_ms);
    if !valid {
        errno::set(libc::EINVAL);
    }
    valid
}

pub unsafe extern "C" fn yolanda_timer_start(
    eventLoop: *mut event_loop,
    delay_ms: i64,
    period_ms: i64,
    callback: yolanda_timer_callback,
    data: *mut c_void,
) -> yolanda_timer {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_timer_start", eventLoop) || !valid(delay_ms, period_ms) {
            return 0;
        }
        if callback.is_none() {
            errno::set(libc::EINVAL);
            return 0;
        }
        let id = Loop::from_c(eventLoop).start_timer(delay_ms, period_ms, callback, data);
        if id == 0 {
            errno::set(libc::ENOMEM);
        }
        id
    }
}

/// 0 where `found`, else -1 with ENOENT.
fn answer(found: bool) -> c_int {
    if found { 0 } else { errno::fail(libc::ENOENT) }
}

pub unsafe extern "C" fn yolanda_timer_restart(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
    delay_ms: i64,
    period_ms: i64,
) -> c_int {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_timer_restart", eventLoop) || !valid(delay_ms, period_ms) {
            return -1;
        }
        answer(Loop::from_c(eventLoop).restart_timer(timer, delay_ms, period_ms))
    }
}

pub unsafe extern "C" fn yolanda_timer_stop(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
) -> c_int {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_timer_stop", eventLoop) {
            return -1;
        }
        answer(Loop::from_c(eventLoop).stop_timer(timer))
    }
}

pub unsafe extern "C" fn yolanda_timer_remaining(
    eventLoop: *mut event_loop,
    timer: yolanda_timer,
) -> i64 {
    // SAFETY: a loop, on its own thread.
    unsafe {
        if !mine("yolanda_timer_remaining", eventLoop) {
            return -1;
        }
        match Loop::from_c(eventLoop).timer_remaining(timer) {
            Some(ns) => (ns + NS_PER_MS - 1) / NS_PER_MS,
            None => errno::fail(libc::ENOENT).into(),
        }
    }
}
