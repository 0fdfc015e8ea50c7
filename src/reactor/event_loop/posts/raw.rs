//! Posts as callers see them that have no references yet.

use super::task::{Call, Queued, Task};
use crate::abi::types::{channel, event_loop, yolanda_loop_callback};
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use libc::{c_int, c_void};
use std::ptr;

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
/// `l` is live.
pub unsafe fn post_expire(l: *mut event_loop, fd: c_int, id: u64) {
    // SAFETY: the caller keeps the loop.
    unsafe { Loop::from_c(l) }.post_expire(fd, id);
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
