//! The poll back end (poll(2)): level-triggered throughout, and as many descriptors as memory.

use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_loop};
use crate::reactor::backend;
use crate::reactor::event_loop::channel_map::grown;
use crate::reactor::event_loop::iteration;
use crate::reactor::event_loop::state::registration;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::{c_int, c_short, c_void, pollfd, timeval};
use std::ptr;

/// One slot per descriptor; a free slot has fd -1, which poll passes over.
struct Poll {
    slots: *mut pollfd,
    /// The lower half of the registration of each slot.
    ids: *mut u32,
    len: usize,
    capacity: usize,
    /// Slots below this one are taken.
    first_free: usize,
    /// By descriptor: its slot plus 1, or 0.
    places: *mut u32,
    places_len: usize,
    /// An epoll instance with the same descriptors and events, for loops that watch this one; -1.
    mirror: c_int,
}

unsafe fn data(l: *mut event_loop) -> *mut Poll {
    // SAFETY: a live loop whose data this back end's init made.
    unsafe { (*l).event_dispatcher_data.get().cast() }
}

/// Whether a call of this back end has what it needs.
unsafe fn usable(l: *mut event_loop, ch: *mut channel) -> bool {
    // SAFETY: NULL or live objects.
    unsafe { !l.is_null() && !ch.is_null() && !data(l).is_null() }
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
            places: ptr::null_mut(),
            places_len: 0,
            mirror: -1,
        });
        if !l.is_null() {
            backend::initialised(l);
        }
        data.cast()
    }
}

pub unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    if l.is_null() {
        return;
    }
    // SAFETY: the data is this back end's, and is given up; its tables are runs of the pool.
    unsafe {
        let poll = data(l);
        if poll.is_null() {
            return;
        }
        if (*poll).mirror >= 0 {
            sys_fd::close((*poll).mirror);
        }
        for table in [(*poll).slots.cast::<u8>(), (*poll).ids.cast(), (*poll).places.cast()] {
            if !table.is_null() {
                pool::run_drop(table);
            }
        }
        pool::free(poll.cast(), size_of::<Poll>());
        (*l).event_dispatcher_data.set(ptr::null_mut());
    }
}

/// A descriptor that is readable while one of the loop's is ready: poll(2) itself has none, so an epoll
/// instance is kept in step from the first call on. -1 with errno, also where it can't be brought in step.
///
/// # Safety
/// `l` is a live loop with this back end.
pub unsafe fn descriptor(l: *mut event_loop) -> c_int {
    // SAFETY: as said; the first `len` slots are filled.
    unsafe {
        let poll = data(l);
        if poll.is_null() {
            return errno::fail(libc::EINVAL);
        }
        if (*poll).mirror < 0 {
            (*poll).mirror = sys_fd::epoll();
            for slot in 0..(*poll).len {
                let pollfd { fd, events, .. } = *(*poll).slots.add(slot);
                if !reflect(poll, fd, Some(events)) {
                    sys_fd::close((*poll).mirror);
                    (*poll).mirror = -1;
                    return -1;
                }
            }
        }
        (*poll).mirror
    }
}

/// Brings a descriptor's events, None for its end, into the mirror, if there is one. False with errno where
/// the mirror can't take it (ENOMEM, ENOSPC).
unsafe fn reflect(poll: *mut Poll, fd: c_int, events: Option<c_short>) -> bool {
    // SAFETY: the kernel copies the event.
    unsafe {
        let mirror = (*poll).mirror;
        if mirror < 0 || fd < 0 {
            return true;
        }
        let keep = errno::Keep::new();
        // poll's bits have the values of epoll's.
        let bits = events.unwrap_or(0) as u32;
        let mut event = libc::epoll_event { events: bits, u64: fd as u64 };
        let first = if events.is_some() { libc::EPOLL_CTL_MOD } else { libc::EPOLL_CTL_DEL };
        // A descriptor that was closed has left by itself; epoll has no files that are always ready (EPERM).
        if libc::epoll_ctl(mirror, first, fd, &mut event) < 0
            && events.is_some()
            && libc::epoll_ctl(mirror, libc::EPOLL_CTL_ADD, fd, &mut event) < 0
            && matches!(errno::get(), libc::ENOMEM | libc::ENOSPC)
        {
            std::mem::forget(keep);
            return false;
        }
        true
    }
}

/// A larger copy of a table, the rest zeroed; NULL when memory is out, and the table stays.
unsafe fn enlarge<T>(table: *mut T, len: usize, capacity: usize) -> *mut T {
    // SAFETY: the new run has room for the old elements.
    unsafe {
        let fresh = pool::run_zeroed(capacity * size_of::<T>()).cast::<T>();
        if fresh.is_null() {
            errno::set(libc::ENOMEM);
        } else if !table.is_null() {
            ptr::copy_nonoverlapping(table, fresh, len);
            pool::run_drop(table.cast());
        }
        fresh
    }
}

/// Makes room for one more slot, and for `fd` among the places.
unsafe fn make_space(poll: *mut Poll, fd: c_int) -> bool {
    // SAFETY: a table that can't grow is left as it was.
    unsafe {
        if (*poll).len == (*poll).capacity {
            let capacity = ((*poll).capacity * 2).max(32);
            let slots = enlarge((*poll).slots, (*poll).len, capacity);
            if slots.is_null() {
                return false;
            }
            (*poll).slots = slots;
            let ids = enlarge((*poll).ids, (*poll).len, capacity);
            if ids.is_null() {
                return false;
            }
            (*poll).ids = ids;
            (*poll).capacity = capacity;
        }
        if fd as usize >= (*poll).places_len {
            let Some(len) = grown((*poll).places_len as c_int, fd) else {
                errno::set(libc::ENOMEM);
                return false;
            };
            let places = enlarge((*poll).places, (*poll).places_len, len as usize);
            if places.is_null() {
                return false;
            }
            (*poll).places = places;
            (*poll).places_len = len as usize;
        }
        true
    }
}

unsafe fn find(poll: *mut Poll, fd: c_int) -> Option<usize> {
    // SAFETY: places name filled slots.
    unsafe {
        if fd < 0 || fd as usize >= (*poll).places_len {
            return None;
        }
        (*(*poll).places.add(fd as usize) as usize).checked_sub(1)
    }
}

unsafe fn take_out(poll: *mut Poll, slot: usize) {
    // SAFETY: a filled slot, whose descriptor has a place.
    unsafe {
        let fd = (*(*poll).slots.add(slot)).fd;
        reflect(poll, fd, None);
        (*poll).places.add(fd as usize).write(0);
        (*poll).slots.add(slot).write(pollfd { fd: -1, events: 0, revents: 0 });
        (*poll).first_free = (*poll).first_free.min(slot);
        while (*poll).len > 0 && (*(*poll).slots.add((*poll).len - 1)).fd < 0 {
            (*poll).len -= 1;
        }
    }
}

fn wanted(events: c_int) -> c_short {
    let read = if events & EVENT_READ != 0 { libc::POLLIN } else { 0 };
    let write = if events & EVENT_WRITE != 0 { libc::POLLOUT } else { 0 };
    read | write
}

/// The registration's side of an add or update.
unsafe fn note(l: *mut event_loop, ch: *mut channel) -> u32 {
    // SAFETY: live objects on the loop's thread.
    unsafe {
        let reg = registration(l, (*ch).fd.get());
        if reg.is_null() {
            return 0;
        }
        (*reg).events = (*ch).events.get() as u8;
        (*reg).edge = false;
        (*reg).id
    }
}

pub unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: live objects on the loop's thread, as the loop calls it; slots lie in the tables.
    unsafe {
        if !usable(l, ch) || (*ch).fd.get() < 0 {
            return errno::fail(libc::EINVAL);
        }
        let (poll, fd) = (data(l), (*ch).fd.get());
        if !make_space(poll, fd) {
            return -1;
        }
        let slot = find(poll, fd).unwrap_or_else(|| {
            let mut slot = (*poll).first_free;
            while slot < (*poll).len && (*(*poll).slots.add(slot)).fd >= 0 {
                slot += 1;
            }
            (*poll).first_free = slot + 1;
            (*poll).len = (*poll).len.max(slot + 1);
            slot
        });
        (*poll).places.add(fd as usize).write(slot as u32 + 1);
        let events = wanted(backend::asked(l, fd, (*ch).events.get()));
        (*poll).slots.add(slot).write(pollfd { fd, events, revents: 0 });
        if !reflect(poll, fd, Some(events)) {
            let _keep = errno::Keep::new();
            take_out(poll, slot);
            return -1;
        }
        (*poll).ids.add(slot).write(note(l, ch));
        log_msg!("poll added channel fd=={}, {}", fd, backend::name(l));
        0
    }
}

pub unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        if !usable(l, ch) {
            return errno::fail(libc::EINVAL);
        }
        let (poll, fd) = (data(l), (*ch).fd.get());
        let Some(slot) = find(poll, fd) else { return errno::fail(libc::ENOENT) };
        take_out(poll, slot);
        log_msg!("poll delete channel fd=={}, {}", fd, backend::name(l));
        0
    }
}

pub unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: as in `add`.
    unsafe {
        if !usable(l, ch) {
            return errno::fail(libc::EINVAL);
        }
        let (poll, fd) = (data(l), (*ch).fd.get());
        let Some(slot) = find(poll, fd) else { return errno::fail(libc::ENOENT) };
        note(l, ch);
        let events = wanted(backend::asked(l, fd, (*ch).events.get()));
        (*(*poll).slots.add(slot)).events = events;
        if !reflect(poll, fd, Some(events)) {
            return -1;
        }
        log_msg!("poll updated channel fd=={}, {}", fd, backend::name(l));
        0
    }
}

pub unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    // SAFETY: slots are read afresh by index for each event: callbacks change the tables.
    unsafe {
        if l.is_null() || data(l).is_null() {
            return errno::fail(libc::EINVAL);
        }
        let poll = data(l);
        let len = (*poll).len;
        let n = libc::poll((*poll).slots, len as libc::nfds_t, backend::milliseconds(tv));
        if n < 0 {
            return if errno::get() == libc::EINTR { 0 } else { -1 };
        }
        iteration::within(l, || {
            let mut left = n;
            for i in 0..len {
                // A callback may have changed the back end, and freed this one's data.
                if left == 0 || data(l) != poll || i >= (*poll).len {
                    break;
                }
                let slot = (*poll).slots.add(i);
                if (*slot).revents == 0 {
                    continue;
                }
                left -= 1;
                backend::before_event(l, (*slot).fd);
                if data(l) != poll || i >= (*poll).len {
                    break;
                }
                let slot = (*poll).slots.add(i);
                let (fd, revents) = ((*slot).fd, (*slot).revents);
                if revents == 0 {
                    continue;
                }
                (*slot).revents = 0;
                let id = *(*poll).ids.add(i);
                let known = backend::deliver(l, fd, id, u32::from(revents as u16), |_| {
                    log_msg!("get message channel i=={}, fd=={}, {}", i, fd, backend::name(l));
                });
                let same =
                    data(l) == poll && find(poll, fd) == Some(i) && *(*poll).ids.add(i) == id;
                if !known && same {
                    // Left behind by a registration that is no more.
                    take_out(poll, i);
                }
            }
        });
        0
    }
}
