//! The library's back ends, epoll and poll, which implement the contract in `event_loop::dispatcher`. Each is a
//! type with safe methods, made by `init`, and the C functions of its `struct event_dispatcher`, which find it in
//! `event_dispatcher_data`. A program that wraps a back end calls the same functions.
//!
//! A back end may also read from connections by itself and pass the bytes on (`event_loop::source`).
//!
//! Imports: abi, event_loop, log, sys.

#[cfg(feature = "test-seams")]
pub mod completing;
pub mod epoll;
pub mod poll;
pub mod poll_default;

use self::poll_default::poll_is_default;
use crate::abi::types::{EVENT_READ, EVENT_WRITE, event_dispatcher, event_loop};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::environment::variable;
use crate::sys::errno;
use crate::sys::pool::Owned;
use libc::{c_int, c_void, timeval};
use std::ptr::{self, NonNull};

unsafe extern "C" {
    /// The exported objects by name, because a program that uses one may have a copy of it at another address.
    pub static epoll_dispatcher: event_dispatcher;
    pub static poll_dispatcher: event_dispatcher;
}

/// The event bits of epoll; those of poll have the same values.
pub const IN: u32 = libc::EPOLLIN as u32;
pub const OUT: u32 = libc::EPOLLOUT as u32;
pub const PRI: u32 = libc::EPOLLPRI as u32;
pub const RDHUP: u32 = libc::EPOLLRDHUP as u32;
const TROUBLE: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32 | NVAL;
pub const NVAL: u32 = libc::POLLNVAL as u32;
/// Not one of the kernel's: the event came from an edge-triggered registration.
pub const EDGE: u32 = 1 << 29;
/// A short read may not be the last one, because the event reported more than bytes.
pub const NOT_DRAINED: u32 = RDHUP | PRI | TROUBLE;

/// The result of `dispatch` if the wait has failed. A signal is no failure.
pub fn failed_wait(l: &Loop) -> c_int {
    if errno::get() != libc::EINTR {
        return -1;
    }
    l.was_interrupted();
    0
}

/// The back end that YOLANDA_DISPATCHER, or else `config.h` of the program, selects.
pub fn chosen() -> *const event_dispatcher {
    match variable(c"YOLANDA_DISPATCHER", named) {
        wish if !wish.is_null() => wish,
        _ if poll_is_default() => &raw const poll_dispatcher,
        _ => &raw const epoll_dispatcher,
    }
}

/// The back end with a name; NULL for an unknown name.
pub fn named(name: &[u8]) -> *const event_dispatcher {
    match name {
        b"epoll" => &raw const epoll_dispatcher,
        b"poll" => &raw const poll_dispatcher,
        #[cfg(feature = "test-seams")]
        b"completing" => &raw const completing::DISPATCHER,
        _ => ptr::null(),
    }
}

/// Whether the loop's back end fails if a number has been reused for another file, as epoll does. If it does, the
/// kernel needn't be asked for the file's identity.
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

/// The loop with which a back end was called.
///
/// # Safety
/// `l` is NULL or a loop that is live for all of `'a`.
unsafe fn loop_of<'a>(l: *mut event_loop) -> Option<&'a Loop> {
    // SAFETY: it isn't NULL, so by contract it is a live loop of the library.
    (!l.is_null()).then(|| unsafe { Loop::from_c(l) })
}

/// The result of `init`: the data as a pointer; NULL with ENOMEM if there is none.
///
/// # Safety
/// `l` is NULL or a live loop.
unsafe fn begin<T>(l: *mut event_loop, data: Option<Owned<T>>) -> *mut c_void {
    let Some(data) = data else {
        errno::set(libc::ENOMEM);
        return ptr::null_mut();
    };
    // SAFETY: by contract NULL or a loop that is live during this call, and the reference isn't kept.
    if let Some(l) = unsafe { loop_of(l) } {
        l.back_end_is_new();
    }
    data.into_raw().as_ptr().cast()
}

/// Frees what `begin::<T>` returned for the loop.
///
/// # Safety
/// `l` is NULL or a live loop, whose data is a `T` from `begin`, or NULL.
unsafe fn end<T>(l: *mut event_loop) {
    // SAFETY: by contract NULL or a loop that is live during this call, and the reference isn't kept.
    let Some(l) = (unsafe { loop_of(l) }) else { return };
    let data = l.public.event_dispatcher_data.replace(ptr::null_mut());
    if let Some(data) = NonNull::new(data.cast::<T>()) {
        // SAFETY: `begin` returned the pointer, and the loop had the only copy.
        drop(unsafe { Owned::from_raw(data) });
    }
}

/// The maximum wait in milliseconds, rounded up; -1 for no limit.
fn milliseconds(limit: Option<&timeval>) -> c_int {
    let Some(limit) = limit else { return -1 };
    let (s, us) = (limit.tv_sec.max(0), limit.tv_usec.max(0));
    let ms = s.saturating_mul(1000).saturating_add((us + 999) / 1000);
    ms.min(c_int::MAX as i64) as c_int
}

/// Called before an event of a descriptor is delivered. Its callbacks may run the loop, which may deliver the
/// event, so the back end must check afterwards whether the event is still there.
fn before_event(l: &Loop, fd: c_int) {
    l.between();
    // Tasks that were queued before this event must not run after a callback that frees their channel. The tasks
    // for which the loop was woken run after the log line of the wake-up.
    if fd != l.public.socketPair.get()[1] {
        l.run_posts();
    }
}

/// Delivers one event of a back end to its channel, after `before_event`. `id` is the lower half of the
/// registration's number for which the event was reported; `say` writes the log line. False if that registration
/// has ended.
fn deliver(l: &Loop, fd: c_int, id: u32, bits: u32, say: impl Fn(bool)) -> bool {
    // Looked up again by number after each callback.
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

/// Handles events that aren't wanted, so that they aren't reported again and again: a connection is closed
/// (`hung_up`), and a program's channel is removed from the back end until its next update.
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

/// Formats the log line of a wake-up for either back end.
pub struct For(pub bool);

impl std::fmt::Display for For {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0 { "read" } else { "write" })
    }
}
