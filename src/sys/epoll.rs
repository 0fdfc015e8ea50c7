//! Waiting for descriptors: epoll(7) and poll(2).

use super::fd;
use super::pool::array::Array;
use libc::{c_int, epoll_event, nfds_t, pollfd};
use std::mem::MaybeUninit;
use std::slice;

/// An epoll instance, or -1 with errno.
pub fn create() -> c_int {
    // SAFETY: numbers only.
    fd::lift(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

/// epoll_ctl(2): 0, or -1 with errno.
pub fn control(epoll: c_int, op: c_int, fd: c_int, events: u32, data: u64) -> c_int {
    let mut event = epoll_event { events, u64: data };
    // SAFETY: the kernel copies the event.
    unsafe { libc::epoll_ctl(epoll, op, fd, &mut event) }
}

/// epoll_wait(2): the events. None with errno.
pub fn wait(
    epoll: c_int,
    room: &mut [MaybeUninit<epoll_event>],
    limit_ms: c_int,
) -> Option<&mut [epoll_event]> {
    let first = room.as_mut_ptr().cast::<epoll_event>();
    let most = c_int::try_from(room.len()).unwrap_or(c_int::MAX);
    // SAFETY: the kernel fills the first `n` entries of the array, which has room for as many as it is told.
    unsafe {
        let n = libc::epoll_wait(epoll, first, most, limit_ms);
        usize::try_from(n).ok().map(|n| slice::from_raw_parts_mut(first, n))
    }
}

/// poll(2): the number of descriptors with events. None with errno.
pub fn poll(descriptors: &Array<pollfd>, limit_ms: c_int) -> Option<usize> {
    // SAFETY: the kernel writes within the array's elements, which no other thread uses during the call.
    let n = unsafe { libc::poll(descriptors.as_ptr(), descriptors.len() as nfds_t, limit_ms) };
    usize::try_from(n).ok()
}
