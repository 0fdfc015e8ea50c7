//! Functions of the loop with references, where the loop has none yet.

use crate::abi::types::{EVENT_READ, channel, event_loop};
use crate::reactor::event_loop::state::{self, Loop, Registration, of};
use crate::reactor::event_loop::{budget, create, iteration, registration};
use crate::reactor::tcp_connection::{self, Connection};
use crate::sys::kind::Kind;
use libc::c_int;
use std::ptr;

pub struct MemberRef<'a>(&'a Connection);

impl MemberRef<'_> {
    pub fn may_be_edge(&self) -> bool {
        self.0.kind.get() == Kind::Tcp
    }

    pub fn hung_up(&self) {
        // SAFETY: the loop's thread, with a live connection.
        unsafe { tcp_connection::hung_up(self.0.raw()) }
    }
}

impl Loop {
    pub fn member<'a>(&self, ch: &'a channel) -> Option<MemberRef<'a>> {
        // SAFETY: the channel of a connection lives as long as that.
        unsafe { tcp_connection::of_channel(ptr::from_ref(ch).cast_mut()).as_ref().map(MemberRef) }
    }

    pub fn registration(&self, fd: c_int) -> Option<Registration> {
        // SAFETY: the loop's thread; the entry is read at once.
        unsafe { state::registration(self.as_c(), fd).as_ref().copied() }
    }

    pub fn change_registration(&self, fd: c_int, change: impl FnOnce(&mut Registration)) {
        // SAFETY: the loop's thread; the entry is written at once.
        if let Some(reg) = unsafe { state::registration(self.as_c(), fd).as_mut() } {
            change(reg);
        }
    }

    pub fn channel_at(&self, fd: c_int) -> Option<&channel> {
        // SAFETY: the loop's thread; a registered channel is live.
        unsafe { state::channel_at(self.as_c(), fd).as_ref() }
    }

    pub fn asked_events(&self, fd: c_int, events: c_int) -> c_int {
        match self.registration(fd) {
            Some(reg) if reg.held => events & !EVENT_READ,
            _ => events,
        }
    }

    pub fn back_end_is_new(&self) {
        self.backend_again.set(true);
    }

    pub fn expire(&self, fd: c_int) {
        // SAFETY: the loop's thread.
        unsafe { registration::expire(self.as_c(), fd) }
    }

    pub fn activate(&self, fd: c_int, revents: c_int) -> c_int {
        // SAFETY: the loop's thread.
        unsafe { create::activate(self.as_c(), fd, revents) }
    }

    pub fn within<R>(&self, f: impl FnOnce(()) -> R) -> R {
        // SAFETY: the loop's thread.
        unsafe { iteration::within(self.as_c(), || f(())) }
    }
}

/// # Safety
/// On the loop's thread.
pub unsafe fn resync(l: *mut event_loop) {
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
            let ch = state::channel_at(l, fd);
            if ch.is_null() {
                continue;
            }
            let reg = state::registration(l, fd);
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

pub fn between(l: &Loop) {
    // SAFETY: the loop's thread.
    unsafe { budget::between(l.as_c()) }
}
