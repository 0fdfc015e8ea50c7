//! The contract of a back end (`struct event_dispatcher`), and what the two of this library share.
//!
//! A back end offers: `init` makes its data; `add`, `update` and `del` follow `channel->fd` and
//! `channel->events` (-1 with errno on failure); `dispatch` waits, at most for the given time, and
//! calls `channel_event_activate` for what is ready, level-triggered; `clear` undoes `init`. The
//! loop calls them through `loop->eventDispatcher`, on its own thread only.
//!
//! A back end of the library may also read from connections by itself, and hand the bytes over (`tcp_connection::input::source`).

#[cfg(feature = "test-seams")]
pub mod completing;
pub mod epoll;
pub mod poll;
pub mod poll_default;

use self::poll_default::poll_is_default;
use super::tcp_connection;
use crate::abi::types::{EVENT_READ, EVENT_WRITE, event_dispatcher, event_loop as EventLoop};
use crate::log::CText;
use crate::reactor::event_loop::state::{channel_at, of, registration};
use crate::reactor::event_loop::{budget, create, posts, registration as registrations};
use libc::{c_int, timeval};
use std::ptr;

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
    // SAFETY: getenv's result is read at once; programs set the variable before they make loops.
    let wish = unsafe {
        let value = libc::getenv(c"YOLANDA_DISPATCHER".as_ptr());
        if value.is_null() { None } else { Some(std::ffi::CStr::from_ptr(value).to_bytes()) }
    };
    match wish {
        Some(b"epoll") => &raw const epoll_dispatcher,
        Some(b"poll") => &raw const poll_dispatcher,
        #[cfg(feature = "test-seams")]
        Some(b"completing") => &raw const completing::DISPATCHER,
        _ if poll_is_default() => &raw const poll_dispatcher,
        _ => &raw const epoll_dispatcher,
    }
}

/// The back end of that name, the chosen one for NULL; NULL for a name that no back end has.
///
/// # Safety
/// `name` is NULL or a C string.
pub unsafe fn named(name: *const libc::c_char) -> *const event_dispatcher {
    if name.is_null() {
        return chosen();
    }
    // SAFETY: not NULL, hence a C string.
    match unsafe { std::ffi::CStr::from_ptr(name) }.to_bytes() {
        b"epoll" => &raw const epoll_dispatcher,
        b"poll" => &raw const poll_dispatcher,
        _ => ptr::null(),
    }
}

/// The events of a channel that a library back end asks the kernel for.
///
/// # Safety
/// Live objects, on the loop's thread.
pub unsafe fn asked(l: *mut EventLoop, fd: c_int, events: c_int) -> c_int {
    // SAFETY: as said.
    unsafe {
        let reg = registration(l, fd);
        if !reg.is_null() && (*reg).held { events & !EVENT_READ } else { events }
    }
}

/// Whether the loop's back end fails for a number that names another file than the one added, as
/// epoll does: that saves asking the kernel for the file's identity.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn tells_files_apart(l: *mut EventLoop) -> bool {
    // SAFETY: as said.
    unsafe { ptr::eq((*l).eventDispatcher.get(), &raw const epoll_dispatcher) }
}

/// A library back end's `init` ran for a loop: its channels are added before the next pass.
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn initialised(l: *mut EventLoop) {
    // SAFETY: as said.
    unsafe { (*of(l)).backend_again.set(true) };
}

/// Adds every channel of the map to a back end that is new to the loop; before a pass and before
/// each change of a channel, so that the back end hears of each channel once.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn resync(l: *mut EventLoop) {
    // SAFETY: slots are read afresh for each channel, as `add` is foreign code.
    unsafe {
        let own = of(l);
        if (*l).event_dispatcher_data.get() == (*own).backend_seen.get()
            && !(*own).backend_again.get()
        {
            return;
        }
        (*own).backend_seen.set((*l).event_dispatcher_data.get());
        (*own).backend_again.set(false);
        for fd in 0..(*(*l).channelMap.get()).nentries.get() {
            let ch = channel_at(l, fd);
            if ch.is_null() {
                continue;
            }
            let reg = registration(l, fd);
            if !reg.is_null() {
                (*reg).edge = false;
                if (*reg).parked {
                    continue;
                }
            }
            if let Some(add) = (*(*l).eventDispatcher.get()).add
                && add(l, ch) < 0
            {
                log_err!("can't watch fd {} on the new dispatcher", fd);
            }
        }
    }
}

/// The longest wait in milliseconds, rounded up; -1 without a limit.
///
/// # Safety
/// `tv` is NULL or a timeval.
pub unsafe fn milliseconds(tv: *const timeval) -> c_int {
    if tv.is_null() {
        return -1;
    }
    // SAFETY: not NULL.
    let (s, us) = unsafe { ((*tv).tv_sec.max(0), (*tv).tv_usec.max(0)) };
    let ms = s.saturating_mul(1000).saturating_add((us + 999) / 1000);
    ms.min(c_int::MAX as i64) as c_int
}

/// What comes before an event of a descriptor. Its callbacks may run the loop, and that may deliver the event: the
/// back end takes the event only behind this, if it is still there.
///
/// # Safety
/// On the loop's thread, within a pass; what the caller uses is looked at afresh, as after a callback.
pub unsafe fn before_event(l: *mut EventLoop, fd: c_int) {
    // SAFETY: as said; nothing is kept across the callbacks.
    unsafe {
        budget::between(l);
        // What others asked for before this event must not find its channel freed by a callback. What the
        // loop was woken for follows the line that says so.
        if fd != (*l).socketPair.get()[1] {
            posts::run(l);
        }
    }
}

/// Hands one event of a back end to its channel. `id` is the lower half of the registration that
/// the event was reported for, `say` writes the message line. False: that registration is no more.
///
/// # Safety
/// On the loop's thread, within a pass, behind `before_event`.
pub unsafe fn deliver(
    l: *mut EventLoop,
    fd: c_int,
    id: u32,
    bits: u32,
    say: impl Fn(bool),
) -> bool {
    // SAFETY: the registration is looked up again after each callback, by its number.
    unsafe {
        let alive = || {
            let reg = registration(l, fd);
            !reg.is_null() && (*reg).id == id && !channel_at(l, fd).is_null()
        };
        if !alive() {
            return false;
        }
        let reg = registration(l, fd);
        let wants = c_int::from((*reg).events);
        let edge = if (*reg).edge { EDGE } else { 0 };
        let trouble = bits & TROUBLE != 0;
        let read = wants & EVENT_READ != 0 && (trouble || bits & (IN | PRI | RDHUP) != 0);
        let write =
            wants & EVENT_WRITE != 0 && (bits & OUT != 0 || trouble && wants & EVENT_READ == 0);
        if bits & NVAL != 0 || !read && !write {
            abandon(l, fd, bits);
            return true;
        }
        if read {
            say(true);
            (*of(l)).event_bits.set(bits | edge);
            create::activate(l, fd, EVENT_READ);
            (*of(l)).event_bits.set(0);
        }
        if write && alive() {
            say(false);
            create::activate(l, fd, EVENT_WRITE);
        }
        true
    }
}

/// Events that nobody wants to hear of: a connection is closed (`hung_up`), a program's channel leaves the
/// back end until its next update, so that neither is reported for ever.
unsafe fn abandon(l: *mut EventLoop, fd: c_int, bits: u32) {
    // SAFETY: the caller found a live registration.
    unsafe {
        if bits & TROUBLE == 0 {
            return;
        }
        let conn = tcp_connection::of_channel(channel_at(l, fd));
        if conn.is_null() {
            registrations::park(l, fd);
        } else if bits & NVAL != 0 {
            registrations::expire(l, fd);
        } else {
            tcp_connection::hung_up(conn);
        }
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
///
/// # Safety
/// `l` is a live loop.
pub unsafe fn name(l: *mut EventLoop) -> CText {
    // SAFETY: as said.
    unsafe { CText((*l).thread_name.get()) }
}
