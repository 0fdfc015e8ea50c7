//! Waiting for descriptors: epoll(7) and poll(2).

use super::pool::array::Array;
use libc::{c_int, epoll_event, nfds_t, pollfd};
use std::mem::MaybeUninit;
use std::slice;

/// epoll_ctl(2): 0, or -1 with errno.
pub fn control(epoll: c_int, op: c_int, fd: c_int, events: u32, data: u64) -> c_int {
    let mut event = epoll_event { events, u64: data };
    // SAFETY: the kernel copies the event.
    unsafe { libc::epoll_ctl(epoll, op, fd, &mut event) }
}

/// epoll_wait(2): the events that have come; None with errno.
pub fn wait(
    epoll: c_int,
    room: &mut [MaybeUninit<epoll_event>],
    limit_ms: c_int,
) -> Option<&mut [epoll_event]> {
    let first = room.as_mut_ptr().cast::<epoll_event>();
    let most = c_int::try_from(room.len()).unwrap_or(c_int::MAX);
    // SAFETY: the kernel fills the first `n` of the events that there is room for.
    unsafe {
        let n = libc::epoll_wait(epoll, first, most, limit_ms);
        usize::try_from(n).ok().map(|n| slice::from_raw_parts_mut(first, n))
    }
}

/// poll(2): how many descriptors have events; None with errno.
pub fn poll(descriptors: &Array<pollfd>, limit_ms: c_int) -> Option<usize> {
    // SAFETY: the kernel writes within the array's elements, and nobody else does while this thread waits.
    let n = unsafe { libc::poll(descriptors.as_ptr(), descriptors.len() as nfds_t, limit_ms) };
    usize::try_from(n).ok()
}
