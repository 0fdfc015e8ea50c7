//! Posts as callers see them that have no references yet.

use super::task::{Call, Queued, Task};
use crate::abi::types::{channel, event_loop, yolanda_loop_callback};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::{Connection, posted};
use crate::sys::errno;
use libc::{c_int, c_void};
use std::ptr;

/// Kinds of `for_connection`.
pub const REGISTER: c_int = 16;
pub const SEND: c_int = 17;
pub const SHUTDOWN: c_int = 18;
pub const CLOSE: c_int = 19;
pub const END: c_int = 22;

fn out(task: Option<Task>) -> *mut Task {
    task.map_or(ptr::null_mut(), |task| task.queue().as_public().cast())
}

/// # Safety
/// A task of `out`.
unsafe fn back(task: *mut Task) -> Option<Task> {
    Queued::from_public(task.cast()).map(Queued::into_task)
}

/// # Safety
/// A loop whose memory is kept.
pub unsafe fn post_function(
    l: *mut event_loop,
    callback: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_function(callback, data)
}

pub fn for_function(callback: yolanda_loop_callback, data: *mut c_void) -> *mut Task {
    out(Task::new(Call { callback, data }))
}

/// # Safety
/// A loop whose memory is kept; a task of `for_function`.
pub unsafe fn post_made(l: *mut event_loop, task: *mut Task) -> c_int {
    // SAFETY: the caller keeps the loop and owns the task.
    let posted = unsafe { back(task).is_some_and(|task| Loop::from_c(l).post(task)) };
    if posted { 0 } else { errno::fail(libc::ESHUTDOWN) }
}

/// # Safety
/// Live objects.
pub unsafe fn post_channel(l: *mut event_loop, fd: c_int, ch: *mut channel, kind: c_int) -> c_int {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_change(fd, ch, kind)
}

/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn for_connection(conn: *mut Connection, kind: c_int, len: usize) -> *mut Task {
    // SAFETY: the caller keeps the connection.
    let conn = unsafe { &*conn };
    out(match kind {
        REGISTER => posted::register(conn),
        // SAFETY: the caller fills the task before it posts it.
        SEND => unsafe { posted::send_later(conn, len) },
        SHUTDOWN => posted::shutdown(conn),
        CLOSE => posted::close(conn),
        _ => posted::end(conn, 0),
    })
}

/// # Safety
/// A task of `for_connection`; `data` holds as many bytes as it was made for.
pub unsafe fn fill(task: *mut Task, data: *const u8) {
    // SAFETY: the room is as long as the caller's bytes.
    unsafe {
        if let Some(task) = Queued::from_public(task.cast()) {
            posted::fill(task, data, task.len);
        }
    }
}

/// # Safety
/// A task of `for_connection`.
pub unsafe fn post_task(task: *mut Task) -> bool {
    // SAFETY: the caller owns the task, whose subject is a connection that it keeps.
    unsafe {
        let Some(task) = back(task) else { return false };
        let conn = &*task.subject.cast::<Connection>();
        conn.event_loop().post(task)
    }
}

/// # Safety
/// A task of `for_connection`.
pub unsafe fn withdraw(task: *mut Task) {
    // SAFETY: the caller owns the task.
    unsafe { drop(back(task)) }
}

/// # Safety
/// A task of `for_connection`, for an end.
pub unsafe fn post_end(task: *mut Task, time: i64) -> bool {
    // SAFETY: as in `post_task`; the caller made it for an end.
    unsafe {
        if let Some(task) = Queued::from_public(task.cast()) {
            posted::set_time(task, time);
        }
        post_task(task)
    }
}

/// # Safety
/// `l` is live.
pub unsafe fn post_expire(l: *mut event_loop, fd: c_int, id: u64) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_expire(fd, id);
}

/// # Safety
/// On the loop's thread; the connection wasn't freed yet.
#[inline]
pub unsafe fn take_in(conn: *mut Connection) {
    // SAFETY: the caller keeps the connection.
    unsafe { &*conn }.take_in();
}

/// # Safety
/// On the loop's thread.
#[inline]
pub unsafe fn run(l: *mut event_loop) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.run_posts();
}

/// # Safety
/// On the loop's thread.
pub unsafe fn refuse_others(l: *mut event_loop) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.refuse_posts_of_others();
}

/// # Safety
/// On the loop's thread.
pub unsafe fn shut_if_empty(l: *mut event_loop) -> bool {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.shut_posts_if_empty()
}

/// # Safety
/// On the loop's thread.
pub unsafe fn shut(l: *mut event_loop) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.shut_posts();
}
