//! The poll back end (poll(2)): level-triggered throughout, and as many descriptors as memory.

use super::dispatcher;
use super::loop_state::registration;
use super::pass;
use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_loop};
use crate::sys::{errno, pool};
use libc::{c_int, c_short, c_void, pollfd, timeval};
use std::ptr;

const FIRST: usize = 1024;

/// One slot per descriptor; a free slot has fd -1, which poll passes over.
struct Poll {
    slots: *mut pollfd,
    /// The lower half of the registration of each slot.
    ids: *mut u32,
    len: usize,
    capacity: usize,
    /// Slots below this one are taken.
    first_free: usize,
}

unsafe fn data(l: *mut event_loop) -> *mut Poll {
    // SAFETY: a live loop whose data this back end's init made.
    unsafe { (*l).event_dispatcher_data.cast() }
}

pub unsafe extern "C-unwind" fn init(l: *mut event_loop) -> *mut c_void {
    // SAFETY: the block is checked, and filled before use.
    unsafe {
        let data = pool::alloc(size_of::<Poll>()).cast::<Poll>();
        if data.is_null() {
            errno::set(libc::ENOMEM);
            return ptr::null_mut();
        }
        data.write(Poll {
            slots: ptr::null_mut(),
            ids: ptr::null_mut(),
            len: 0,
            capacity: 0,
            first_free: 0,
        });
        if !l.is_null() {
            dispatcher::initialised(l);
        }
        data.cast()
    }
}

unsafe fn free_arrays(poll: *mut Poll) {
    // SAFETY: both arrays, where there are any, came from the pools with this capacity.
    unsafe {
        if !(*poll).slots.is_null() {
            pool::free((*poll).slots.cast(), (*poll).capacity * size_of::<pollfd>());
            pool::free((*poll).ids.cast(), (*poll).capacity * size_of::<u32>());
        }
    }
}

pub unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    if l.is_null() {
        return;
    }
    // SAFETY: the data is this back end's, and is given up.
    unsafe {
        let poll = data(l);
        if !poll.is_null() {
            free_arrays(poll);
            pool::free(poll.cast(), size_of::<Poll>());
            (*l).event_dispatcher_data = ptr::null_mut();
        }
    }
}

unsafe fn grow(poll: *mut Poll) -> bool {
    // SAFETY: the new arrays are checked, filled, and put in place of the old ones.
    unsafe {
        let capacity = ((*poll).capacity * 2).max(FIRST);
        let slots = pool::alloc(capacity * size_of::<pollfd>()).cast::<pollfd>();
        let ids = pool::alloc(capacity * size_of::<u32>()).cast::<u32>();
        if slots.is_null() || ids.is_null() {
            if !slots.is_null() {
                pool::free(slots.cast(), capacity * size_of::<pollfd>());
            }
            if !ids.is_null() {
                pool::free(ids.cast(), capacity * size_of::<u32>());
            }
            errno::set(libc::ENOMEM);
            return false;
        }
        if (*poll).len > 0 {
            ptr::copy_nonoverlapping((*poll).slots, slots, (*poll).len);
            ptr::copy_nonoverlapping((*poll).ids, ids, (*poll).len);
        }
        free_arrays(poll);
        (*poll).slots = slots;
        (*poll).ids = ids;
        (*poll).capacity = capacity;
        true
    }
}

/// Where `fd` is kept: the registration remembers, a search decides.
unsafe fn find(l: *mut event_loop, fd: c_int) -> Option<usize> {
    // SAFETY: slots below `len` are filled.
    unsafe {
        let poll = data(l);
        let reg = registration(l, fd);
        if !reg.is_null() {
            let slot = (*reg).slot as usize;
            if slot < (*poll).len && (*(*poll).slots.add(slot)).fd == fd {
                return Some(slot);
            }
        }
        (0..(*poll).len).find(|&i| (*(*poll).slots.add(i)).fd == fd)
    }
}

/// Whether a call of a back end has what it needs.
unsafe fn usable(l: *mut event_loop, ch: *mut channel) -> bool {
    // SAFETY: NULL or live objects.
    unsafe { !l.is_null() && !ch.is_null() && !data(l).is_null() }
}

fn wanted(events: c_int) -> c_short {
    let read = if events & EVENT_READ != 0 { libc::POLLIN } else { 0 };
    let write = if events & EVENT_WRITE != 0 { libc::POLLOUT } else { 0 };
    read | write
}

pub unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: live objects on the loop's thread, as the loop calls it; slots lie in the arrays.
    unsafe {
        if !usable(l, ch) {
            return errno::fail(libc::EINVAL);
        }
        let poll = data(l);
        let fd = (*ch).fd;
        let reg = registration(l, fd);
        // A new registration knows no slot yet: a number that is there by chance is looked for.
        let known = if reg.is_null() || (*reg).slot > 0 { find(l, fd) } else { None };
        let slot = match known {
            Some(slot) => slot,
            None => {
                let mut slot = (*poll).first_free;
                while slot < (*poll).len && (*(*poll).slots.add(slot)).fd >= 0 {
                    slot += 1;
                }
                if slot == (*poll).capacity && !grow(poll) {
                    return -1;
                }
                (*poll).first_free = slot + 1;
                (*poll).len = (*poll).len.max(slot + 1);
                slot
            }
        };
        (*poll).slots.add(slot).write(pollfd { fd, events: wanted((*ch).events), revents: 0 });
        let id = if reg.is_null() { 0 } else { (*reg).id };
        (*poll).ids.add(slot).write(id);
        if !reg.is_null() {
            (*reg).slot = slot as u32;
            (*reg).events = (*ch).events as u8;
            (*reg).edge = false;
        }
        log_msg!("poll added channel fd=={}, {}", fd, dispatcher::name(l));
        0
    }
}

pub unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        if !usable(l, ch) {
            return errno::fail(libc::EINVAL);
        }
        let poll = data(l);
        let fd = (*ch).fd;
        let Some(slot) = find(l, fd) else {
            return errno::fail(libc::ENOENT);
        };
        (*poll).slots.add(slot).write(pollfd { fd: -1, events: 0, revents: 0 });
        (*poll).first_free = (*poll).first_free.min(slot);
        while (*poll).len > 0 && (*(*poll).slots.add((*poll).len - 1)).fd < 0 {
            (*poll).len -= 1;
        }
        log_msg!("poll delete channel fd=={}, {}", fd, dispatcher::name(l));
        0
    }
}

pub unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        if !usable(l, ch) {
            return errno::fail(libc::EINVAL);
        }
        let fd = (*ch).fd;
        let Some(slot) = find(l, fd) else {
            return errno::fail(libc::ENOENT);
        };
        let reg = registration(l, fd);
        if !reg.is_null() {
            (*reg).events = (*ch).events as u8;
        }
        (*(*data(l)).slots.add(slot)).events = wanted((*ch).events);
        log_msg!("poll updated channel fd=={}, {}", fd, dispatcher::name(l));
        0
    }
}

pub unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    // SAFETY: slots are read afresh by index for each event: callbacks change the arrays.
    unsafe {
        if l.is_null() || data(l).is_null() {
            return errno::fail(libc::EINVAL);
        }
        let poll = data(l);
        let len = (*poll).len;
        let n = libc::poll((*poll).slots, len as libc::nfds_t, dispatcher::milliseconds(tv));
        if n < 0 {
            return if errno::get() == libc::EINTR { 0 } else { -1 };
        }
        let mut left = n;
        pass::within(l, || {
            for i in 0..len {
                if left == 0 || i >= (*poll).len {
                    break;
                }
                let slot = (*poll).slots.add(i);
                let (fd, revents) = ((*slot).fd, (*slot).revents);
                if revents == 0 {
                    continue;
                }
                (*slot).revents = 0;
                left -= 1;
                let bits = u32::from(revents as u16);
                let id = *(*poll).ids.add(i);
                dispatcher::deliver(l, fd, id, bits, |_| {
                    log_msg!("get message channel i=={}, fd=={}, {}", i, fd, dispatcher::name(l));
                });
            }
        });
        0
    }
}
