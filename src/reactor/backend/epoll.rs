//! The epoll back end (epoll(7)). The library's TCP connections are registered edge-triggered, which saves the
//! kernel a check of each of them per wait. Everything else is level-triggered, including connections with output
//! waiting, connections with a program's callbacks in their channel, and those that aren't TCP.

use super::{For, IN, OUT, PRI, RDHUP};
use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel, event_loop};
use crate::reactor::backend;
use crate::reactor::event_loop::registration::Registration;
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool::Owned;
use crate::sys::{epoll, errno, fd as sys_fd};
use libc::{EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, c_int, c_void, epoll_event, timeval};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr;

/// The maximum number of events per wait.
const BATCH: usize = 512;
/// The depth of nested runs of the loop beyond which the events of outer calls are left to those calls. The stack
/// is finite, and each of many connections may run the loop within its callback.
const DEEP: u32 = 1000;

/// The events of one wait. A callback may run the loop, and an event that it waits for may be in here. Because
/// edges are reported only once, the inner iteration delivers these events before it waits for others.
struct Batch<'a> {
    events: &'a [epoll_event],
    at: Cell<usize>,
    /// The batch of the outer call on the stack.
    outer: *const c_void,
}

impl Batch<'_> {
    fn first(&self) -> Option<epoll_event> {
        self.events.get(self.at.get()).copied()
    }

    /// Calls `f` with the batch at `at`, if there is one.
    fn with<R>(at: *const c_void, f: impl FnOnce(Option<&Batch>) -> R) -> R {
        // SAFETY: NULL, or a batch further down on this thread's stack: `wait` removes a batch from the chain
        // before it returns.
        f(unsafe { at.cast::<Batch>().as_ref() })
    }
}

/// Whether a short read from the channel will mean that no bytes are left.
fn may_be_edge(l: &Loop, ch: &channel) -> bool {
    l.member(ch).is_some_and(|member| member.may_be_edge())
}

struct Epoll {
    fd: c_int,
}

impl Drop for Epoll {
    fn drop(&mut self) {
        sys_fd::close(self.fd);
    }
}

/// The registration of an event, in the form that the kernel stores with the descriptor.
fn key(fd: c_int, id: u32) -> u64 {
    u64::from(id) << 32 | u64::from(fd as u32)
}

fn fd_of(event: &epoll_event) -> c_int {
    event.u64 as u32 as c_int
}

impl Epoll {
    /// The back end's data of a loop. None if there is none.
    fn of(l: &Loop) -> Option<&Epoll> {
        // SAFETY: a loop calls a back end with the data that its `init` made for this loop, until `clear`.
        unsafe { l.public.event_dispatcher_data.get().cast::<Epoll>().as_ref() }
    }

    /// Registers a channel with the given events.
    fn control(&self, l: &Loop, ch: &channel, op: c_int, events: c_int) -> c_int {
        let fd = ch.fd.get();
        let asked = l.asked_events(fd, events);
        let mut bits = 0;
        if asked & EVENT_READ != 0 {
            bits |= IN;
        }
        if asked & EVENT_WRITE != 0 {
            bits |= OUT;
        }
        let edge = may_be_edge(l, ch) && events & EVENT_WRITE == 0;
        if edge {
            bits |= libc::EPOLLET as u32 | if bits & IN != 0 { RDHUP | PRI } else { 0 };
        }
        let id = l.registration(fd).map_or(0, |reg| reg.id);
        let r = epoll::control(self.fd, op, fd, bits, key(fd, id));
        if r == 0 {
            l.change_registration(fd, |reg| {
                reg.edge = edge && op != EPOLL_CTL_DEL;
                reg.events = events as u8;
            });
        }
        r
    }

    fn add(&self, l: &Loop, ch: &channel) -> c_int {
        let r = self.control(l, ch, EPOLL_CTL_ADD, ch.events.get());
        if r < 0 && errno::get() == libc::EEXIST {
            return self.control(l, ch, EPOLL_CTL_MOD, ch.events.get());
        }
        r
    }

    fn del(&self, l: &Loop, ch: &channel) -> c_int {
        let edge = l.registration(ch.fd.get()).is_some_and(|reg| reg.edge);
        if l.closes_next.get() && edge {
            // Closing the descriptor removes it from epoll. If a copy of the descriptor remains open, for example
            // in a forked child, its rare edges carry a number that isn't used again.
            return 0;
        }
        self.control(l, ch, EPOLL_CTL_DEL, 0)
    }

    fn update(&self, l: &Loop, ch: &channel) -> c_int {
        let r = self.control(l, ch, EPOLL_CTL_MOD, ch.events.get());
        if r < 0 && errno::get() == libc::ENOENT && l.member(ch).is_none() {
            // The program has closed the descriptor, and its number was reused for another file.
            return self.control(l, ch, EPOLL_CTL_ADD, ch.events.get());
        }
        r
    }
}

/// The epoll descriptor: readable while a channel of the loop is ready (epoll(7)).
pub fn descriptor(l: &Loop) -> c_int {
    Epoll::of(l).map_or_else(|| errno::fail(libc::EINVAL), |epoll| epoll.fd)
}

/// Waits for events and delivers them. Not inlined, because a callback may run the loop again, for each of many
/// connections, and only a call that waits should need this much stack.
#[inline(never)]
fn wait(l: &Loop, epoll: c_int, limit_ms: c_int) -> c_int {
    let mut room = [const { MaybeUninit::uninit() }; BATCH];
    let Some(events) = epoll::wait(epoll, &mut room, limit_ms) else {
        return backend::failed_wait(l);
    };
    if events.is_empty() {
        return 0;
    }
    log_msg!("epoll_wait wakeup, {}", l.shown_name());
    if events.len() > 1 && l.shared.wake.has_queued() {
        wake_first(l, events);
    }
    let outer = l.delivering.get();
    let own = Batch { events, at: Cell::new(0), outer };
    l.delivering.set(ptr::from_ref(&own).cast());
    l.within(|_| deliver_all(l, &own));
    l.delivering.set(outer);
    0
}

/// Delivers the rest of a batch. It is read again after each callback, which may have delivered some of it.
fn deliver_all(l: &Loop, batch: &Batch) {
    while let Some(event) = batch.first() {
        let at = batch.at.get();
        backend::before_event(l, fd_of(&event));
        if batch.at.get() == at {
            batch.at.set(at + 1);
            deliver(l, event);
        }
    }
}

/// Delivers the events of outer calls on the stack. Returns whether there were any.
fn go_on(l: &Loop) -> bool {
    let mut some = false;
    let mut at = l.delivering.get();
    while !at.is_null() {
        at = Batch::with(at, |batch| {
            let Some(batch) = batch else { return ptr::null() };
            if batch.first().is_some() {
                some = true;
                l.within(|_| deliver_all(l, batch));
            }
            batch.outer
        });
    }
    some
}

/// Moves the event of the loop's own wake-up to the front, so that tasks run before other events are delivered.
fn wake_first(l: &Loop, events: &mut [epoll_event]) {
    let [_, wake] = l.public.socketPair.get();
    if let Some(at) = events.iter().position(|event| fd_of(event) == wake) {
        events.swap(0, at);
    }
}

/// Removes what an earlier registration has left in the kernel (for example while another back end was in use),
/// unless the number has a new one.
fn drop_stale(l: &Loop, fd: c_int) {
    if let Some(epoll) = Epoll::of(l)
        && l.registration(fd).is_none_or(|reg| reg.id == 0)
    {
        // It may already have been removed.
        epoll::control(epoll.fd, EPOLL_CTL_DEL, fd, 0, 0);
    }
}

fn deliver(l: &Loop, event: epoll_event) {
    let fd = fd_of(&event);
    let id = (event.u64 >> 32) as u32;
    if let Some(Registration { edge: true, events, id: registered, .. }) = l.registration(fd)
        && registered == id
        && let Some(ch) = l.channel_at(fd)
        && l.member(ch).is_none()
        && let Some(epoll) = Epoll::of(l)
    {
        // The program has replaced the channel's callbacks: it is level-triggered from now on.
        epoll.control(l, ch, EPOLL_CTL_MOD, c_int::from(events));
    }
    let known = backend::deliver(l, fd, id, event.events, |read| {
        log_msg!("get message channel fd=={} for {}, {}", fd, For(read), l.shown_name());
    });
    if !known {
        drop_stale(l, fd);
    }
}

// The functions of `epoll_dispatcher`. A program that wraps it may also call them.

pub unsafe extern "C-unwind" fn init(l: *mut event_loop) -> *mut c_void {
    let fd = epoll::create();
    if fd < 0 {
        return ptr::null_mut();
    }
    // SAFETY: the header requires NULL or a live loop.
    unsafe { backend::begin(l, Owned::new(Epoll { fd })) }
}

pub unsafe extern "C-unwind" fn clear(l: *mut event_loop) {
    // SAFETY: the header requires NULL or a live loop, for which this back end's `init` made the data.
    unsafe { backend::end::<Epoll>(l) }
}

/// Calls `f` with the loop's data and a channel; EINVAL if one is missing.
///
/// # Safety
/// Each pointer is NULL or to a live object.
unsafe fn change(
    l: *mut event_loop,
    ch: *mut channel,
    f: fn(&Epoll, &Loop, &channel) -> c_int,
) -> c_int {
    // SAFETY: by contract each is NULL or live during this call, and neither reference is kept.
    if let (Some(l), Some(ch)) = unsafe { (backend::loop_of(l), ch.as_ref()) }
        && let Some(epoll) = Epoll::of(l)
    {
        return f(epoll, l, ch);
    }
    errno::fail(libc::EINVAL)
}

pub unsafe extern "C-unwind" fn add(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: the header requires that each is NULL or live.
    unsafe { change(l, ch, Epoll::add) }
}

pub unsafe extern "C-unwind" fn del(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: the header requires that each is NULL or live.
    unsafe { change(l, ch, Epoll::del) }
}

pub unsafe extern "C-unwind" fn update(l: *mut event_loop, ch: *mut channel) -> c_int {
    // SAFETY: the header requires that each is NULL or live.
    unsafe { change(l, ch, Epoll::update) }
}

pub unsafe extern "C-unwind" fn dispatch(l: *mut event_loop, tv: *mut timeval) -> c_int {
    // SAFETY: the header requires that each is NULL or live; a loop isn't freed while it dispatches.
    let (l, limit) = unsafe { (backend::loop_of(l), tv.as_ref()) };
    let Some((l, epoll)) = l.and_then(|l| Some((l, Epoll::of(l)?.fd))) else {
        return errno::fail(libc::EINVAL);
    };
    if l.depth.get() < DEEP && go_on(l) {
        return 0;
    }
    wait(l, epoll, backend::milliseconds(limit))
}
