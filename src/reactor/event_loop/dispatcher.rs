//! The loop's side of a back end (`struct event_dispatcher`): how a loop waits for its channels. A program may
//! bring its own, so that the contract is C's:
//!
//! - All functions are called on the loop's thread only. The loop reads `eventDispatcher` for each call. A program
//!   may put another back end or new data in place of the old between two iterations; before the next one, every
//!   channel of the map is added to the new one (`resync`).
//! - `init` makes the back end's data for one loop, NULL where it can't. It may be called again, for a loop that a
//!   child process has inherited. `clear` undoes it.
//! - `add`, `update` and `del` follow `channel->fd` and `channel->events` as they are at the call: 0, or -1 with
//!   errno. A descriptor is added once, unless it was closed and given again: `add` then replaces what was left of
//!   the old one. After `del` the channel isn't touched and nothing is delivered for it, even if events of it have
//!   been reported by then.
//! - `dispatch` waits until a channel is ready, at most for the given time, and has what is ready delivered, in
//!   the order in which it was reported. What it delivers may call the program, which may do all that it does
//!   elsewhere: remove any channel, change the back end, and run the loop, hence `dispatch` again. So nothing is
//!   kept across a delivery but what is looked up anew. An interrupted wait (EINTR) is no failure.
//! - Readiness is level-triggered: what is left unread is reported again. Errors and the end of the stream are
//!   reported as readiness, for reading where that is wanted, else for writing.
//!
//! A program's back end delivers through `channel_event_activate`. The library's own use `backend::deliver`, which
//! knows more: the registration's number, so that an event never reaches the successor of a closed descriptor, and
//! the kernel's flags. They may register the library's own connections edge-triggered (`Member::may_be_edge`).

use crate::abi::types::{EVENT_READ, EVENT_WRITE, channel};
use crate::log::CText;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::errno;
use libc::{c_char, c_int, c_void, timeval};
use std::ptr;

type ChannelCall =
    unsafe extern "C-unwind" fn(*mut crate::abi::types::event_loop, *mut channel) -> c_int;

impl RemoteLoop {
    /// The back end's name, which is its own.
    pub fn back_end_name(&self) -> *const c_char {
        self.back_end().name
    }
}

impl Loop {
    /// New data of the back end; NULL with errno. None: the back end has no `init`.
    pub fn init_back_end(&self) -> Option<*mut c_void> {
        // SAFETY: the back end's function, called with a loop as it expects.
        self.back_end().init.map(|init| unsafe { init(self.as_c()) })
    }

    /// Gives the back end's data up, if it has any.
    pub fn clear_back_end(&self) {
        if !self.public.event_dispatcher_data.get().is_null()
            && let Some(clear) = self.back_end().clear
        {
            // SAFETY: the back end's function, with the data of its `init`.
            unsafe { clear(self.as_c()) };
        }
    }

    /// Calls one of the functions for channels. None: the back end doesn't have it.
    fn tell(&self, call: Option<ChannelCall>, ch: &channel) -> Option<c_int> {
        // SAFETY: the back end's function, on the loop's thread, with a channel of a registration.
        call.map(|call| unsafe { call(self.as_c(), ptr::from_ref(ch).cast_mut()) })
    }

    pub fn watch(&self, ch: &channel) -> Option<c_int> {
        self.tell(self.back_end().add, ch)
    }

    pub fn rewatch(&self, ch: &channel) -> Option<c_int> {
        self.tell(self.back_end().update, ch)
    }

    pub fn unwatch(&self, ch: &channel) -> Option<c_int> {
        self.tell(self.back_end().del, ch)
    }

    /// Waits and delivers. -1 with errno where the back end fails.
    pub fn dispatch(&self, limit: &mut timeval) -> c_int {
        // SAFETY: the back end's function, on the loop's thread; the time is ours until it returns.
        self.back_end().dispatch.map_or(0, |dispatch| unsafe { dispatch(self.as_c(), limit) })
    }

    /// A library back end's `init` ran for the loop: its channels are added before the next iteration.
    pub fn back_end_is_new(&self) {
        self.backend_again.set(true);
    }

    /// Adds every channel of the map to a back end that is new to the loop; before an iteration and before
    /// each change of a channel, so that the back end hears of each channel once.
    pub fn resync(&self) {
        let data = self.public.event_dispatcher_data.get();
        if data == self.backend_seen.get() && !self.backend_again.get() {
            return;
        }
        self.backend_seen.set(data);
        self.backend_again.set(false);
        // Slots are read afresh for each channel: `add` may be foreign code.
        for fd in 0..self.channels().nentries.get() {
            let Some(ch) = self.channel_at(fd) else { continue };
            self.change_registration(fd, |reg| reg.edge = false);
            if self.registration(fd).is_some_and(|reg| reg.parked) {
                continue;
            }
            if self.watch(ch).is_some_and(|result| result < 0) {
                log_err!("can't watch fd {} on the new dispatcher", fd);
            }
        }
    }

    /// The events of a channel that a library back end asks the kernel for.
    pub fn asked_events(&self, fd: c_int, events: c_int) -> c_int {
        match self.registration(fd) {
            Some(reg) if reg.held => events & !EVENT_READ,
            _ => events,
        }
    }

    /// Calls a channel for what it is ready for, within an iteration. 0, or -1 with errno.
    pub fn activate(&self, fd: c_int, revents: c_int) -> c_int {
        let Some(ch) = self.channel_at(fd) else {
            return errno::fail(if fd < 0 { libc::EBADF } else { libc::ENOENT });
        };
        log_msg!(
            "activate channel fd == {}, revents={}, {}",
            fd,
            revents,
            CText(self.public.thread_name.get())
        );
        let id = self.registration(fd).map_or(0, |reg| reg.id);
        if !ptr::eq(ch, &self.wake_channel) {
            count(&self.counts.callbacks, 1);
        }
        if revents & EVENT_READ != 0
            && let Some(callback) = ch.eventReadCallback.get()
        {
            // SAFETY: the channel is registered, so whoever added it keeps its data as the callback needs it.
            unsafe { callback(ch.data.get()) };
        }
        // The callback may have removed the channel, and freed it.
        let still = || {
            self.channel_at(fd).is_some_and(|now| ptr::eq(now, ch))
                && self.registration(fd).is_some_and(|reg| reg.id == id)
        };
        if revents & EVENT_WRITE != 0
            && still()
            && let Some(callback) = ch.eventWriteCallback.get()
        {
            // SAFETY: the same registration still stands, so channel and data are still there.
            unsafe { callback(ch.data.get()) };
        }
        0
    }
}
