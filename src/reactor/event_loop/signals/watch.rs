//! A loop's side: its watchers, in the order in which they were started.

use super::handler;
use crate::abi::types::{event_loop, yolanda_signal, yolanda_signal_callback};
use crate::reactor::event_loop::create::mine;
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::signals::handler::Node;
use crate::reactor::event_loop::state::{count, of};
use crate::sys::{errno, pool};
use libc::{c_int, c_void};
use std::ptr;

struct Watcher {
    next: *mut Watcher,
    id: u64,
    number: c_int,
    /// Stopped while the list was gone through.
    dead: bool,
    callback: yolanda_signal_callback,
    data: *mut c_void,
}

/// What a loop has of all this. All zeroes: nothing.
pub struct Watchers {
    node: *mut Node,
    first: *mut Watcher,
    /// Calls on the loop's stack that go through the list.
    walkers: u32,
    /// What they go on with, whichever is the innermost: the next watcher, the signals that have come, and the
    /// latest watcher that they are for.
    next: *mut Watcher,
    arrived: u64,
    newest: u64,
    has_dead: bool,
}

pub unsafe extern "C" fn yolanda_signal_start(
    eventLoop: *mut event_loop,
    number: c_int,
    callback: yolanda_signal_callback,
    data: *mut c_void,
) -> yolanda_signal {
    // SAFETY: a loop on its own thread; a fresh watcher is filled before it is listed.
    unsafe {
        if !mine("yolanda_signal_start", eventLoop) {
            return 0;
        }
        if callback.is_none() || !handler::is_watchable(number) {
            errno::set(libc::EINVAL);
            return 0;
        }
        let own = &raw mut (*of(eventLoop)).signals;
        if (*own).node.is_null() {
            (*own).node = handler::enlist(eventLoop);
        }
        let watcher = pool::alloc(size_of::<Watcher>()).cast::<Watcher>();
        if (*own).node.is_null() || watcher.is_null() {
            if !watcher.is_null() {
                pool::free(watcher.cast(), size_of::<Watcher>());
            }
            errno::set(libc::ENOMEM);
            return 0;
        }
        // Wanted before it can arrive.
        handler::want((*own).node, number, true);
        if !handler::take(number) {
            let _keep = errno::Keep::new();
            pool::free(watcher.cast(), size_of::<Watcher>());
            drop_if_unwanted(own, number);
            return 0;
        }
        let id = registry::new_id();
        watcher.write(Watcher { next: ptr::null_mut(), id, number, dead: false, callback, data });
        let mut end = &raw mut (*own).first;
        while !(*end).is_null() {
            end = &raw mut (**end).next;
        }
        *end = watcher;
        id
    }
}

pub unsafe extern "C" fn yolanda_signal_stop(
    eventLoop: *mut event_loop,
    signal: yolanda_signal,
) -> c_int {
    // SAFETY: a loop on its own thread.
    unsafe {
        if !mine("yolanda_signal_stop", eventLoop) {
            return -1;
        }
        let own = &raw mut (*of(eventLoop)).signals;
        let mut watcher = (*own).first;
        while !watcher.is_null() && ((*watcher).id != signal || (*watcher).dead) {
            watcher = (*watcher).next;
        }
        if watcher.is_null() {
            return errno::fail(libc::ENOENT);
        }
        end(own, watcher);
        0
    }
}

/// Ends a watcher; its memory goes when nobody walks the list.
unsafe fn end(own: *mut Watchers, watcher: *mut Watcher) {
    // SAFETY: a live watcher of the loop, on its thread.
    unsafe {
        (*watcher).dead = true;
        (*own).has_dead = true;
        drop_if_unwanted(own, (*watcher).number);
        handler::give_back((*watcher).number);
        sweep(own);
    }
}

/// The loop doesn't want a signal any more that has no watcher on it.
unsafe fn drop_if_unwanted(own: *mut Watchers, number: c_int) {
    // SAFETY: the list is this thread's.
    unsafe {
        let mut watcher = (*own).first;
        while !watcher.is_null() {
            if (*watcher).number == number && !(*watcher).dead {
                return;
            }
            watcher = (*watcher).next;
        }
        handler::want((*own).node, number, false);
    }
}

/// Frees the dead, unless somebody walks the list.
unsafe fn sweep(own: *mut Watchers) {
    // SAFETY: the list is this thread's.
    unsafe {
        if (*own).walkers > 0 || !(*own).has_dead {
            return;
        }
        (*own).has_dead = false;
        let mut link = &raw mut (*own).first;
        while !(*link).is_null() {
            let watcher = *link;
            if (*watcher).dead {
                *link = (*watcher).next;
                pool::free(watcher.cast(), size_of::<Watcher>());
            } else {
                link = &raw mut (*watcher).next;
            }
        }
    }
}

/// Calls the watchers of the signals that have come. Those that a callback starts wait for the next
/// signal. A callback may run the loop, whose pass then goes on with the watchers that are left.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn deliver(l: *mut event_loop) {
    // SAFETY: watchers stay in the list while it is walked through.
    unsafe {
        let own = &raw mut (*of(l)).signals;
        if (*own).node.is_null() {
            return;
        }
        if (*own).next.is_null() {
            (*own).arrived = handler::take_arrived((*own).node);
            if (*own).arrived == 0 {
                return;
            }
            (*own).newest = registry::last_id();
            (*own).next = (*own).first;
        }
        (*own).walkers += 1;
        while !(*own).next.is_null() {
            let Watcher { id, number, dead, callback, data, next } = *(*own).next;
            (*own).next = next;
            if !dead && id <= (*own).newest && handler::has((*own).arrived, number) {
                count(&(*of(l)).counts.callbacks, 1);
                if let Some(callback) = callback {
                    callback(l, number, data);
                }
            }
        }
        (*own).walkers -= 1;
        sweep(own);
    }
}

/// Whether watchers are left of signals that are being delivered.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn is_delivering(l: *mut event_loop) -> bool {
    // SAFETY: a live loop, whose watchers are this thread's.
    unsafe { !(*of(l)).signals.next.is_null() }
}

/// Ends all watchers of a loop.
///
/// # Safety
/// On the loop's thread, outside of its callbacks.
pub unsafe fn forget_loop(l: *mut event_loop) {
    // SAFETY: as said; the list is emptied one by one.
    unsafe {
        let own = &raw mut (*of(l)).signals;
        while !(*own).first.is_null() {
            end(own, (*own).first);
        }
        if !(*own).node.is_null() {
            handler::leave((*own).node);
            (*own).node = ptr::null_mut();
        }
    }
}
