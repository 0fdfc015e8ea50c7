//! The poll back end (poll(2)): always level-triggered, for any number of descriptors.

use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_loop};
use crate::reactor::backend;
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool::Owned;
use crate::sys::pool::array::Array;
use crate::sys::{epoll, errno, fd as sys_fd};
use libc::{c_int, c_short, c_void, pollfd, timeval};
use std::cell::Cell;
use std::mem;
use std::ptr;

/// One slot per descriptor. A free slot has fd -1, which poll ignores.
struct Poll {
    slots: Array<pollfd>,
    /// The lower half of the number of each slot's registration.
    ids: Array<u32>,
    /// All slots below this one are in use.
    first_free: Cell<usize>,
    /// For each descriptor its slot plus 1, or 0.
    places: Array<u32>,
    /// An epoll instance with the same descriptors and events, for loops that watch this one; -1 if there is
    /// none.
    mirror: Cell<c_int>,
}

const FREE: pollfd = pollfd { fd: -1, events: 0, revents: 0 };

impl Drop for Poll {
    fn drop(&mut self) {
        self.drop_mirror();
    }
}

impl Poll {
    const fn new() -> Self {
        Poll {
            slots: Array::new(),
            ids: Array::new(),
            first_free: Cell::new(0),
            places: Array::new(),
            mirror: Cell::new(-1),
        }
    }

    /// The back end's data of a loop. None if there is none.
    fn of(l: &Loop) -> Option<&Poll> {
        // SAFETY: a loop calls a back end with the data that its `init` made for this loop, until `clear`.
        unsafe { l.public.event_dispatcher_data.get().cast::<Poll>().as_ref() }
    }

    fn drop_mirror(&self) {
        let mirror = self.mirror.replace(-1);
        if mirror >= 0 {
            sys_fd::close(mirror);
        }
    }

    /// A descriptor that is readable while one of the loop's descriptors is ready. poll(2) has none, so from the
    /// first call on an epoll instance mirrors the descriptors. -1 with errno, also if not all of them could be
    /// added.
    fn descriptor(&self) -> c_int {
        if self.mirror.get() < 0 {
            self.mirror.set(epoll::create());
            for slot in 0..self.slots.len() {
                let Some(pollfd { fd, events, .. }) = self.slots.get(slot) else { break };
                if !self.reflect(fd, Some(events)) {
                    self.drop_mirror();
                    return -1;
                }
            }
        }
        self.mirror.get()
    }

    /// Mirrors a descriptor's events, or None for its removal, if there is a mirror. False with errno if that
    /// fails (ENOMEM, ENOSPC).
    fn reflect(&self, fd: c_int, events: Option<c_short>) -> bool {
        let mirror = self.mirror.get();
        if mirror < 0 || fd < 0 {
            return true;
        }
        let keep = errno::Keep::new();
        // The bits of poll have the same values as those of epoll.
        let bits = events.unwrap_or(0) as u32;
        let control = |op| epoll::control(mirror, op, fd, bits, fd as u64);
        let first = if events.is_some() { libc::EPOLL_CTL_MOD } else { libc::EPOLL_CTL_DEL };
        // A closed descriptor has been removed automatically. epoll refuses files that are always ready (EPERM).
        if control(first) < 0
            && events.is_some()
            && control(libc::EPOLL_CTL_ADD) < 0
            && matches!(errno::get(), libc::ENOMEM | libc::ENOSPC)
        {
            mem::forget(keep);
            return false;
        }
        true
    }

    /// The slot of a descriptor.
    fn find(&self, fd: c_int) -> Option<usize> {
        let place = self.places.get(usize::try_from(fd).ok()?)?;
        (place as usize).checked_sub(1)
    }

    /// The first free slot. None if out of memory.
    fn take_slot(&self) -> Option<usize> {
        let mut slot = self.first_free.get().min(self.slots.len());
        while self.slots.get(slot).is_some_and(|it| it.fd >= 0) {
            slot += 1;
        }
        if slot >= self.slots.len() {
            if !self.ids.reserve(slot + 1) || !self.slots.push(FREE) {
                return None;
            }
            self.ids.push(0);
        }
        self.first_free.set(slot + 1);
        Some(slot)
    }

    fn free_slot(&self, slot: usize) {
        let Some(pollfd { fd, .. }) = self.slots.get(slot) else { return };
        self.reflect(fd, None);
        self.places.set(fd as usize, 0);
        self.slots.set(slot, FREE);
        self.first_free.set(self.first_free.get().min(slot));
        while self.slots.last().is_some_and(|last| last.fd < 0) {
            self.slots.pop();
            self.ids.pop();
        }
    }

    fn add(&self, l: &Loop, ch: &channel) -> c_int {
        let fd = ch.fd.get();
        let Ok(at) = usize::try_from(fd) else { return errno::fail(libc::EINVAL) };
        let slot = if self.places.extend_to(at + 1) {
            self.find(fd).or_else(|| self.take_slot())
        } else {
            None
        };
        let Some(slot) = slot else { return errno::fail(libc::ENOMEM) };
        self.places.set(at, slot as u32 + 1);
        let events = wanted(l, ch);
        self.slots.set(slot, pollfd { fd, events, revents: 0 });
        if !self.reflect(fd, Some(events)) {
            let _keep = errno::Keep::new();
            self.free_slot(slot);
            return -1;
        }
        self.ids.set(slot, note(l, ch));
        log_msg!("poll added channel fd=={}, {}", fd, l.shown_name());
        0
    }

    fn del(&self, l: &Loop, ch: &channel) -> c_int {
        let fd = ch.fd.get();
        let Some(slot) = self.find(fd) else { return errno::fail(libc::ENOENT) };
        self.free_slot(slot);
        log_msg!("poll delete channel fd=={}, {}", fd, l.shown_name());
        0
    }

    fn update(&self, l: &Loop, ch: &channel) -> c_int {
        let fd = ch.fd.get();
        let Some((slot, old)) = self.find(fd).and_then(|at| Some((at, self.slots.get(at)?))) else {
            return errno::fail(libc::ENOENT);
        };
        note(l, ch);
        let events = wanted(l, ch);
        self.slots.set(slot, pollfd { events, ..old });
        if !self.reflect(fd, Some(events)) {
            return -1;
        }
        log_msg!("poll updated channel fd=={}, {}", fd, l.shown_name());
        0
    }

    /// Removes and returns the event that poll reported for a slot.
    fn take_event(&self, slot: usize) -> Option<Event> {
        let it = self.slots.get(slot)?;
        let id = self.ids.get(slot)?;
        self.slots.set(slot, pollfd { revents: 0, ..it });
        (it.revents != 0).then_some(Event { fd: it.fd, id, bits: u32::from(it.revents as u16) })
    }
}

struct Event {
    fd: c_int,
    id: u32,
    bits: u32,
}

/// The events of a channel for which poll is asked.
fn wanted(l: &Loop, ch: &channel) -> c_short {
    let events = l.asked_events(ch.fd.get(), ch.events.get());
    let read = if events & EVENT_READ != 0 { libc::POLLIN } else { 0 };
    let write = if events & EVENT_WRITE != 0 { libc::POLLOUT } else { 0 };
    read | write
}

/// Updates the registration after an add or update. Returns its number.
fn note(l: &Loop, ch: &channel) -> u32 {
    let fd = ch.fd.get();
    l.change_registration(fd, |reg| {
        reg.events = ch.events.get() as u8;
        reg.edge = false;
    });
    l.registration(fd).map_or(0, |reg| reg.id)
}

/// `Poll::descriptor` of a loop with this back end.
pub fn descriptor(l: &Loop) -> c_int {
    Poll::of(l).map_or_else(|| errno::fail(libc::EINVAL), Poll::descriptor)
}

/// Delivers `left` events of a wait, which are in the first `len` slots.
fn deliver_all(l: &Loop, waited: *const Poll, len: usize, mut left: usize) {
    // A callback may change the back end, which frees this one's data, or change its tables.
    let data = || Poll::of(l).filter(|&now| ptr::eq(now, waited));
    for i in 0..len {
        let Some(slot) = data().filter(|_| left > 0).and_then(|poll| poll.slots.get(i)) else {
            return;
        };
        if slot.revents == 0 {
            continue;
        }
        left -= 1;
        backend::before_event(l, slot.fd);
        let Some(poll) = data().filter(|poll| i < poll.slots.len()) else { return };
        let Some(Event { fd, id, bits }) = poll.take_event(i) else { continue };
        let known = backend::deliver(l, fd, id, bits, |_| {
            log_msg!("get message channel i=={}, fd=={}, {}", i, fd, l.shown_name());
        });
        if !known
            && let Some(poll) = data()
            && poll.find(fd) == Some(i)
            && poll.ids.get(i) == Some(id)
        {
            // It belongs to a registration that has ended.
            poll.free_slot(i);
        }
    }
}

// The functions of `poll_dispatcher`. A program that wraps it may also call them.

pub unsafe extern "C-unwind" fn init(l: *mut event_loop) -> *mut c_void {
    // SAFETY: the header requires NULL or a live loop.
    unsafe { backend::begin(l, Owned::new(Poll::new())) }
}

pub unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    // SAFETY: the header requires NULL or a live loop, for which this back end's `init` made the data.
    unsafe { backend::end::<Poll>(l) }
}

/// Calls `f` with the loop's data and a channel; EINVAL if one is missing.
///
/// # Safety
/// Each pointer is NULL or to a live object.
unsafe fn change(
    l: *mut event_loop,
    ch: *mut channel,
    f: fn(&Poll, &Loop, &channel) -> c_int,
) -> c_int {
    // SAFETY: by contract each is NULL or live during this call, and neither reference is kept.
    if let (Some(l), Some(ch)) = unsafe { (backend::loop_of(l), ch.as_ref()) }
        && let Some(poll) = Poll::of(l)
    {
        return f(poll, l, ch);
    }
    errno::fail(libc::EINVAL)
}

pub unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: the header requires that each is NULL or live.
    unsafe { change(l, ch, Poll::add) }
}

pub unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: the header requires that each is NULL or live.
    unsafe { change(l, ch, Poll::del) }
}

pub unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: the header requires that each is NULL or live.
    unsafe { change(l, ch, Poll::update) }
}

pub unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    // SAFETY: the header requires that each is NULL or live; a loop isn't freed while it dispatches.
    let (l, limit) = unsafe { (backend::loop_of(l), tv.as_ref()) };
    let Some((l, poll)) = l.and_then(|l| Some((l, Poll::of(l)?))) else {
        return errno::fail(libc::EINVAL);
    };
    let len = poll.slots.len();
    let Some(n) = epoll::poll(&poll.slots, backend::milliseconds(limit)) else {
        return backend::failed_wait(l);
    };
    let waited = ptr::from_ref(poll);
    l.within(|_| deliver_all(l, waited, len, n));
    0
}
