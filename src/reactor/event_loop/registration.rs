//! Adding, removing and updating channels on the loop's own thread.

use super::posts;
use super::registry;
use crate::abi::types::{channel, event_loop};
use crate::log::CText;
use crate::reactor::backend;
use crate::reactor::event_loop::channel_map::grown;
use crate::reactor::event_loop::registry::Entry;
use crate::reactor::event_loop::state::{Registration, UNREGISTERED, channel_at, of, registration};
use crate::reactor::tcp_connection;
use crate::reactor::tcp_connection::Connection;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::{c_int, c_void};
use std::ptr;

/// Makes both tables large enough for `fd`. Outgrown arrays of the map are kept: handing them to
/// `free` would break rule 5 of the contract, and together they are smaller than the last.
unsafe fn make_space(l: *mut event_loop, fd: c_int) -> bool {
    // SAFETY: both tables belong to this loop's thread; the new ones are checked before use.
    unsafe {
        let map = (*l).channelMap.get();
        if fd >= (*map).nentries.get() {
            let Some(n) = grown((*map).nentries.get(), fd) else {
                return false;
            };
            let fresh = libc::calloc(n as usize, size_of::<*mut c_void>()).cast::<*mut c_void>();
            if fresh.is_null() {
                return false;
            }
            if !(*map).entries.get().is_null() {
                ptr::copy_nonoverlapping(
                    (*map).entries.get(),
                    fresh,
                    (*map).nentries.get() as usize,
                );
                let doublings = (*map).nentries.get().max(1).ilog2() as usize;
                (*of(l)).outgrown[doublings] = (*map).entries.get();
            }
            (*map).entries.set(fresh);
            (*map).nentries.set(n);
        }
        let own = of(l);
        if fd as usize >= (*own).registrations_len.get() {
            let now = (*own).registrations_len.get();
            let Some(n) = grown(now as c_int, fd) else {
                return false;
            };
            let size = n as usize * size_of::<Registration>();
            let fresh = pool::run_zeroed(size).cast::<Registration>();
            if fresh.is_null() {
                return false;
            }
            if now > 0 {
                ptr::copy_nonoverlapping((*own).registrations.get(), fresh, now);
                pool::run_drop((*own).registrations.get().cast());
            }
            (*own).registrations.set(fresh);
            (*own).registrations_len.set(n as usize);
        }
        true
    }
}

/// Whether the slot's descriptor still is what was registered.
unsafe fn still_open(l: *mut event_loop, fd: c_int) -> bool {
    // SAFETY: the caller found a registered channel at `fd`.
    unsafe {
        let reg = registration(l, fd);
        if (*reg).connection {
            tcp_connection::owns_number(tcp_connection::of_channel(channel_at(l, fd)))
        } else {
            sys_fd::identity(fd).map(sys_fd::fold) == Some((*reg).identity)
        }
    }
}

/// One of the three changes by its public number, with a line in the log where it fails.
///
/// # Safety
/// As the change itself.
pub unsafe fn change(l: *mut event_loop, fd: c_int, ch: *mut channel, kind: c_int) -> c_int {
    // SAFETY: handed on.
    let (result, what) = unsafe {
        backend::resync(l);
        match kind {
            posts::ADD => (add(l, fd, ch), "add"),
            posts::REMOVE => (remove(l, fd, ch), "remove"),
            posts::UPDATE => (update(l, fd, ch), "update"),
            _ => (errno::fail(libc::EINVAL), "change"),
        }
    };
    if result < 0 {
        let e = errno::get();
        log_err!("can't {} channel fd == {}: {}", what, fd, errno::Text(e));
    }
    result
}

/// Adds a channel: 1 done, 0 there is one already, -1 with errno.
///
/// # Safety
/// Live objects, on the loop's thread.
pub unsafe fn add(l: *mut event_loop, fd: c_int, ch: *mut channel) -> c_int {
    // SAFETY: the caller's objects are live; slots are looked up afresh around back end calls.
    unsafe {
        if fd < 0 {
            return errno::fail(libc::EBADF);
        }
        if (*ch).fd.get() != fd {
            return errno::fail(libc::EINVAL);
        }
        log_msg!("add channel fd == {}, {}", fd, CText((*l).thread_name.get()));
        if !make_space(l, fd) {
            return errno::fail(libc::ENOMEM);
        }
        if !channel_at(l, fd).is_null() {
            if still_open(l, fd) {
                return 0;
            }
            expire(l, fd);
        }
        let conn = tcp_connection::of_channel(ch);
        let mut reg = UNREGISTERED;
        reg.events = (*ch).events.get() as u8;
        if conn.is_null() {
            let Some(identity) = sys_fd::identity(fd) else {
                return errno::fail(libc::EBADF);
            };
            let id = registry::new_id();
            reg.identity = sys_fd::fold(identity);
            reg.id = id as u32;
            registry::enter(fd, Entry { id, owner: l, channel: ch, connection: false });
        } else {
            reg.id = (*conn).id.get() as u32;
            reg.connection = true;
        }
        *registration(l, fd) = reg;
        *(*(*l).channelMap.get()).entries.get().add(fd as usize) = ch.cast();
        if let Some(back_end_add) = (*(*l).eventDispatcher.get()).add
            && back_end_add(l, ch) < 0
        {
            let _keep = errno::Keep::new();
            if !conn.is_null() {
                tcp_connection::close_unwatched(conn);
            }
            forget(l, fd, reg.id);
            return -1;
        }
        if !conn.is_null() {
            (*conn).registered.set(true);
        }
        1
    }
}

/// Takes a channel off: 1 done, -1 with errno.
///
/// # Safety
/// `l` is live, on its own thread. `ch` is looked at only if it is the registered one.
pub unsafe fn remove(l: *mut event_loop, fd: c_int, ch: *mut channel) -> c_int {
    // SAFETY: as said.
    unsafe {
        let conn = tcp_connection::of_registered(l, fd, ch);
        match take_off(l, fd, ch) {
            Removed::Unknown => return -1,
            // The program keeps the descriptor open for now: what it is can be asked just here.
            Removed::Open if !conn.is_null() => tcp_connection::identify_once(conn),
            _ => {}
        }
        1
    }
}

/// How a removal went.
#[derive(PartialEq, Eq)]
pub enum Removed {
    /// The channel isn't registered; errno is set.
    Unknown,
    /// The back end had it: with epoll, the number still names the file that was added.
    Open,
    /// It is off; nothing is known of the file.
    Off,
}

/// Takes a channel off, and tells what the back end knew of it.
///
/// # Safety
/// As `remove`.
pub unsafe fn take_off(l: *mut event_loop, fd: c_int, ch: *mut channel) -> Removed {
    // SAFETY: as in `remove`; the back end gets the channel while it is still registered.
    unsafe {
        if known(l, fd, ch) < 0 {
            return Removed::Unknown;
        }
        let id = (*registration(l, fd)).id;
        let mut removed = Removed::Off;
        if !(*registration(l, fd)).parked
            && let Some(back_end_del) = (*(*l).eventDispatcher.get()).del
            && back_end_del(l, ch) == 0
        {
            removed = Removed::Open;
        }
        forget(l, fd, id);
        removed
    }
}

/// Makes the channel's `events` count: 1 done, -1 with errno.
///
/// # Safety
/// As `remove`.
pub unsafe fn update(l: *mut event_loop, fd: c_int, ch: *mut channel) -> c_int {
    // SAFETY: as in `remove`.
    unsafe {
        if known(l, fd, ch) < 0 {
            return -1;
        }
        log_msg!("update channel fd == {}, {}", fd, CText((*l).thread_name.get()));
        let reg = registration(l, fd);
        (*reg).events = (*ch).events.get() as u8;
        let backend = (*l).eventDispatcher.get();
        let call = if (*reg).parked { (*backend).add } else { (*backend).update };
        (*reg).parked = false;
        match call {
            Some(call) if call(l, ch) < 0 => {
                let conn = tcp_connection::of_channel(ch);
                if !conn.is_null() {
                    // Without a place in the back end it would never hear of its end.
                    tcp_connection::close_unwatched(conn);
                }
                -1
            }
            _ => 1,
        }
    }
}

/// 0 where `ch` is what is registered for `fd`, else -1 with errno.
unsafe fn known(l: *mut event_loop, fd: c_int, ch: *mut channel) -> c_int {
    // SAFETY: `ch` is read only after it was found to be the registered one.
    unsafe {
        if fd < 0 {
            return errno::fail(libc::EBADF);
        }
        let there = channel_at(l, fd);
        if there.is_null() || there != ch || registration(l, fd).is_null() {
            return errno::fail(if ch.is_null() || there.is_null() {
                libc::ENOENT
            } else {
                libc::EINVAL
            });
        }
        if (*ch).fd.get() != fd { errno::fail(libc::EINVAL) } else { 0 }
    }
}

/// Empties a slot without asking the back end. A connection stays entered in the process-wide
/// table until it gives its number up.
unsafe fn forget(l: *mut event_loop, fd: c_int, id: u32) {
    // SAFETY: `fd` lies in both tables: it was registered.
    unsafe {
        let ch = channel_at(l, fd);
        let reg = registration(l, fd);
        if (*reg).id != id {
            return;
        }
        if (*reg).connection {
            let conn = tcp_connection::of_channel(ch);
            if !conn.is_null() {
                (*conn).registered.set(false);
            }
        } else {
            registry::leave_channel(fd, ch);
        }
        *reg = UNREGISTERED;
        *(*(*l).channelMap.get()).entries.get().add(fd as usize) = ptr::null_mut();
    }
}

/// The registration at `fd` is of a descriptor that was closed under us: a connection gets its
/// closed callback (in the pass, without a close), a program's channel just leaves.
///
/// # Safety
/// A channel is registered at `fd`, on the loop's thread.
pub unsafe fn expire(l: *mut event_loop, fd: c_int) {
    // SAFETY: a registered connection is live; so is a registered channel.
    unsafe {
        let ch = channel_at(l, fd);
        let conn: *mut Connection = tcp_connection::of_channel(ch);
        remove(l, fd, ch);
        if !conn.is_null() {
            tcp_connection::close_in_pass(conn, libc::EBADF);
        }
    }
}

/// Takes a channel out of the back end until its next update; it stays in the map.
///
/// # Safety
/// A channel is registered at `fd`, on the loop's thread.
pub unsafe fn park(l: *mut event_loop, fd: c_int) {
    // SAFETY: as said.
    unsafe {
        if let Some(back_end_del) = (*(*l).eventDispatcher.get()).del {
            back_end_del(l, channel_at(l, fd));
        }
        let reg = registration(l, fd);
        if !reg.is_null() {
            (*reg).parked = true;
        }
    }
}
