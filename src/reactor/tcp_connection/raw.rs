//! The functions that other folders call with raw pointers.

use super::lifecycle::{close, open, overdue, ready};
use super::output::batch;
use super::{Connection, input};
use crate::abi::types::{channel, event_loop, tcp_connection};
use crate::reactor::event_loop::state::{Loop, channel_at};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::sys::kind::Kind;
use libc::{c_int, c_void};
use std::ptr;

/// # Safety
/// A live object, on its thread.
pub unsafe fn end_holding(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { input::back_pressure::end_holding(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn create(
    fd: c_int,
    l: *mut event_loop,
    data: *mut c_void,
    kind: Kind,
) -> *mut Connection {
    // SAFETY: the caller's object is live.
    unsafe { open::create(fd, Loop::from_c(l), data, kind) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn hand_over(conn: *mut Connection, accepted: bool) -> bool {
    // SAFETY: the caller's object is live.
    unsafe { open::hand_over(&*conn, accepted) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn identify_once(conn: *mut Connection) {
    // SAFETY: the caller's object is live.
    unsafe { open::identify_once(&*conn) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn owns_number(conn: *mut Connection) -> bool {
    // SAFETY: the caller's object is live.
    unsafe { open::owns_number(&*conn) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn judge_in_pass(conn: *mut Connection) {
    // SAFETY: the caller's object is live.
    unsafe { overdue::begin(&*conn) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn hung_up(conn: *mut Connection) {
    // SAFETY: the caller's object is live.
    unsafe { input::pause::hung_up(&*conn) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn close_in_pass(conn: *mut Connection, why: c_int) {
    // SAFETY: the caller's object is live.
    unsafe { ready::close_in_pass(&*conn, CloseReason::of_call(why)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn close_unwatched(conn: *mut Connection) {
    // SAFETY: the caller's object is live.
    unsafe { ready::close_unwatched(&*conn) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn close_ready(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { ready::close_ready(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn forget_waiting(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { ready::forget_waiting(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn run_ready(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { ready::run_ready(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn end_lingering(l: *mut event_loop, now: i64) {
    // SAFETY: the caller's object is live.
    unsafe { ready::end_lingering(Loop::from_c(l), now) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn reap(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { close::reap(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn flush_together(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { batch::flush(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn forget_together(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { batch::forget(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn free_together(l: *mut event_loop) {
    // SAFETY: the caller's object is live.
    unsafe { batch::free(Loop::from_c(l)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn is_open(conn: *const tcp_connection) -> bool {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn.cast_mut()).is_open() }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn send_bytes(conn: *mut tcp_connection, data: *const u8, len: usize) -> isize {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).send_bytes(std::slice::from_raw_parts(data, len)) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn send_before(
    conn: *mut tcp_connection,
    data: *const u8,
    len: usize,
    more: crate::sys::fd::More,
) -> isize {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).send_before(std::slice::from_raw_parts(data, len), more) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn send_together(
    conn: *mut tcp_connection,
    data: *const u8,
    len: usize,
    now: u32,
) -> isize {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).send_together(std::slice::from_raw_parts(data, len), now) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn close_after_send(conn: *mut tcp_connection, linger: bool) {
    // SAFETY: the caller's object is live.
    unsafe { Connection::from_c(conn).close_after_send(linger) }
}

/// # Safety
/// A live object, on its thread.
pub unsafe fn of_registered(l: *mut event_loop, fd: c_int, ch: *mut channel) -> *mut Connection {
    // SAFETY: the caller's object is live.
    unsafe { if channel_at(l, fd) == ch { super::of_channel(ch) } else { ptr::null_mut() } }
}
