//! The back ends of the library, epoll and poll, behind the contract of `event_loop::dispatcher`. Each is a type
//! with safe methods, made by `init`, and the C functions of its `struct event_dispatcher`, which find it in
//! `event_dispatcher_data`. A program that wraps one of them calls the same functions.
//!
//! A back end may also read from connections by itself, and hand the bytes over (`event_loop::source`).
//!
//! Imports: abi, event_loop, log, sys.

#[cfg(feature = "test-seams")]
pub mod completing;
pub mod epoll;
pub mod poll;
pub mod poll_default;

use self::poll_default::poll_is_default;
use crate::abi::types::{EVENT_READ, EVENT_WRITE, event_dispatcher, event_loop};
use crate::log::CText;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::environment::variable;
use crate::sys::errno;
use crate::sys::pool::Owned;
use libc::{c_int, c_void, timeval};
use std::ptr::{self, NonNull};

unsafe extern "C" {
    /// The exported objects by name: a program that uses one has a copy of it, at another address.
    pub static epoll_dispatcher: event_dispatcher;
    pub static poll_dispatcher: event_dispatcher;
}

/// The event bits of epoll; poll's have the same values.
pub const IN: u32 = libc::EPOLLIN as u32;
pub const OUT: u32 = libc::EPOLLOUT as u32;
pub const PRI: u32 = libc::EPOLLPRI as u32;
pub const RDHUP: u32 = libc::EPOLLRDHUP as u32;
const TROUBLE: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32 | NVAL;
pub const NVAL: u32 = libc::POLLNVAL as u32;
/// Not the kernel's: the event came from an edge-triggered registration.
pub const EDGE: u32 = 1 << 29;
/// A short read may not be the last one: there is more to be seen than bytes.
pub const NOT_DRAINED: u32 = RDHUP | PRI | TROUBLE;

/// What YOLANDA_DISPATCHER, or else the including program's `config.h`, chose.
pub fn chosen() -> *const event_dispatcher {
    match variable(c"YOLANDA_DISPATCHER", named) {
        wish if !wish.is_null() => wish,
        _ if poll_is_default() => &raw const poll_dispatcher,
        _ => &raw const epoll_dispatcher,
    }
}

/// The back end of that name; NULL for a name that no back end has.
pub fn named(name: &[u8]) -> *const event_dispatcher {
    match name {
        b"epoll" => &raw const epoll_dispatcher,
        b"poll" => &raw const poll_dispatcher,
        #[cfg(feature = "test-seams")]
        b"completing" => &raw const completing::DISPATCHER,
        _ => ptr::null(),
    }
}

/// Whether the loop's back end fails for a number that names another file than the one added, as
/// epoll does: that saves asking the kernel for the file's identity.
pub fn tells_files_apart(l: &RemoteLoop) -> bool {
    ptr::eq(l.back_end(), &raw const epoll_dispatcher)
}

/// The descriptor that is readable while a channel of the loop is ready. -1 with errno.
pub fn descriptor(l: &Loop) -> c_int {
    let backend = l.public.eventDispatcher.get();
    if ptr::eq(backend, &raw const epoll_dispatcher) {
        epoll::descriptor(l)
    } else if ptr::eq(backend, &raw const poll_dispatcher) {
        poll::descriptor(l)
    } else {
        errno::fail(libc::ENOTSUP)
    }
}

/// The loop that a back end was called with.
///
/// # Safety
/// `l` is NULL or a live loop, for all of `'a`.
unsafe fn loop_of<'a>(l: *mut event_loop) -> Option<&'a Loop> {
    // SAFETY: it isn't NULL, so it is a live loop of the library's by the caller's promise.
    (!l.is_null()).then(|| unsafe { Loop::from_c(l) })
}

/// What `init` returns, once the data is made; NULL with ENOMEM where it isn't.
///
/// # Safety
/// `l` is NULL or a live loop.
unsafe fn begin<T>(l: *mut event_loop, data: Option<Owned<T>>) -> *mut c_void {
    let Some(data) = data else {
        errno::set(libc::ENOMEM);
        return ptr::null_mut();
    };
    // SAFETY: NULL or a loop that the caller keeps live during this call, and the reference isn't kept.
    if let Some(l) = unsafe { loop_of(l) } {
        l.back_end_is_new();
    }
    data.into_raw().as_ptr().cast()
}

/// Frees what `begin::<T>` returned for the loop.
///
/// # Safety
/// `l` is NULL or a live loop, whose data is a `T` of `begin`, or NULL.
unsafe fn end<T>(l: *mut event_loop) {
    // SAFETY: NULL or a loop that the caller keeps live during this call, and the reference isn't kept.
    let Some(l) = (unsafe { loop_of(l) }) else { return };
    let data = l.public.event_dispatcher_data.replace(ptr::null_mut());
    if let Some(data) = NonNull::new(data.cast::<T>()) {
        // SAFETY: `begin` gave it out, and the loop had it last.
        drop(unsafe { Owned::from_raw(data) });
    }
}

/// The longest wait in milliseconds, rounded up; -1 without a limit.
fn milliseconds(limit: Option<&timeval>) -> c_int {
    let Some(limit) = limit else { return -1 };
    let (s, us) = (limit.tv_sec.max(0), limit.tv_usec.max(0));
    let ms = s.saturating_mul(1000).saturating_add((us + 999) / 1000);
    ms.min(c_int::MAX as i64) as c_int
}

/// What comes before an event of a descriptor. Its callbacks may run the loop, and that may deliver the event: the
/// back end takes the event only behind this, if it is still there.
fn before_event(l: &Loop, fd: c_int) {
    l.between();
    // What others asked for before this event must not find its channel freed by a callback. What the
    // loop was woken for follows the line that says so.
    if fd != l.public.socketPair.get()[1] {
        l.run_posts();
    }
}

/// Hands one event of a back end to its channel, behind `before_event`. `id` is the lower half of the registration
/// that the event was reported for, `say` writes the message line. False: that registration is no more.
fn deliver(l: &Loop, fd: c_int, id: u32, bits: u32, say: impl Fn(bool)) -> bool {
    // Looked up again after each callback, by its number.
    let alive = || l.registration(fd).filter(|reg| reg.id == id && l.channel_at(fd).is_some());
    let Some(reg) = alive() else { return false };
    let wants = c_int::from(reg.events);
    let edge = if reg.edge { EDGE } else { 0 };
    let trouble = bits & TROUBLE != 0;
    let read = wants & EVENT_READ != 0 && (trouble || bits & (IN | PRI | RDHUP) != 0);
    let write = wants & EVENT_WRITE != 0 && (bits & OUT != 0 || trouble && wants & EVENT_READ == 0);
    if bits & NVAL != 0 || !read && !write {
        abandon(l, fd, bits);
        return true;
    }
    if read {
        say(true);
        l.event_bits.set(bits | edge);
        l.activate(fd, EVENT_READ);
        l.event_bits.set(0);
    }
    if write && alive().is_some() {
        say(false);
        l.activate(fd, EVENT_WRITE);
    }
    true
}

/// Events that nobody wants to hear of: a connection is closed (`hung_up`), a program's channel leaves the
/// back end until its next update, so that neither is reported for ever.
fn abandon(l: &Loop, fd: c_int, bits: u32) {
    if bits & TROUBLE == 0 {
        return;
    }
    match l.channel_at(fd).and_then(|ch| l.member(ch)) {
        None => l.park(fd),
        Some(_) if bits & NVAL != 0 => l.expire(fd),
        Some(member) => member.hung_up(),
    }
}

/// The message line of a wake-up of either back end.
pub struct For(pub bool);

impl std::fmt::Display for For {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0 { "read" } else { "write" })
    }
}

/// The loop's name, for log lines.
fn name(l: &Loop) -> CText {
    CText(l.public.thread_name.get())
}
