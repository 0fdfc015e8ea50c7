//! The loop's side of a back end (`struct event_dispatcher`), through which a loop waits for its channels. A
//! program may provide its own, so the contract is that of C:
//!
//! - All functions are called only on the loop's thread. The loop reads `eventDispatcher` for each call. A
//!   program may replace the back end or its data between two iterations; before the next one, every channel of
//!   the map is added to the new one (`resync`).
//! - `init` makes the back end's data for one loop; NULL on failure. It may be called again, for a loop that a
//!   child process has inherited. `clear` frees the data.
//! - `add`, `update` and `del` use `channel->fd` and `channel->events` at the time of the call: 0, or -1 with
//!   errno. A descriptor is added once, unless it was closed and its number reused: then `add` replaces the old
//!   one. After `del` the channel isn't used and no event is delivered for it, even if events have already been
//!   reported.
//! - `dispatch` waits until a channel is ready, at most for the given time, and delivers events in the order in
//!   which they were reported. A delivery may call the program, which may do anything that it may do elsewhere:
//!   remove any channel, change the back end, and run the loop, which calls `dispatch` again. So after a delivery
//!   everything has to be looked up again. An interrupted wait (EINTR) isn't a failure.
//! - Readiness is level-triggered: data that is left unread is reported again. Errors and the end of the stream
//!   are reported as readiness for reading if that is wanted, else for writing.
//!
//! A program's back end delivers events through `channel_event_activate`. The library's own use
//! `backend::deliver`, which also passes the registration's number, so that an event never reaches the successor
//! of a closed descriptor, and the kernel's flags. They may register the library's own connections edge-triggered
//! (`Member::may_be_edge`).

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
    /// The back end's name, which belongs to the back end.
    pub fn back_end_name(&self) -> *const c_char {
        self.back_end().name
    }

    /// The same for log lines.
    pub fn shown_back_end(&self) -> CText {
        // SAFETY: the name is NULL or a string that the back end keeps valid while loops use it; the library's are
        // literals.
        unsafe { CText::new(self.back_end_name()) }
    }
}

impl Loop {
    /// New data of the back end; NULL with errno on failure. None if the back end has no `init`.
    pub fn init_back_end(&self) -> Option<*mut c_void> {
        // SAFETY: the back end's function gets a loop, as it expects.
        self.back_end().init.map(|init| unsafe { init(self.as_c()) })
    }

    /// Frees the back end's data, if it has any.
    pub fn clear_back_end(&self) {
        if !self.public.event_dispatcher_data.get().is_null()
            && let Some(clear) = self.back_end().clear
        {
            // SAFETY: the back end's function gets a loop with the data of its `init`.
            unsafe { clear(self.as_c()) };
        }
    }

    /// Calls one of the functions for channels. None if the back end doesn't have it.
    fn tell(&self, call: Option<ChannelCall>, ch: &channel) -> Option<c_int> {
        // SAFETY: the back end's function gets a registered channel, on the loop's thread.
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

    /// Waits and delivers events. -1 with errno if the back end fails.
    pub fn dispatch(&self, limit: &mut timeval) -> c_int {
        // SAFETY: the back end's function is called on the loop's thread; nothing else uses the time during the
        // call.
        self.back_end().dispatch.map_or(0, |dispatch| unsafe { dispatch(self.as_c(), limit) })
    }

    /// Called when `init` of a library back end runs for the loop: its channels are added before the next
    /// iteration.
    pub fn back_end_is_new(&self) {
        self.backend_again.set(true);
    }

    /// Adds every channel of the map to a new back end. Called before an iteration and before each change of a
    /// channel, so that the back end gets each channel once.
    pub fn resync(&self) {
        let data = self.public.event_dispatcher_data.get();
        if data == self.backend_seen.get() && !self.backend_again.get() {
            return;
        }
        self.backend_seen.set(data);
        self.backend_again.set(false);
        // The map is read again for each channel, because `add` may be code of the program.
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

    /// The events of a channel for which a library back end asks the kernel.
    pub fn asked_events(&self, fd: c_int, events: c_int) -> c_int {
        match self.registration(fd) {
            Some(reg) if reg.read_deferred => events & !EVENT_READ,
            _ => events,
        }
    }

    /// Calls the callbacks of a channel for its events, within an iteration. 0, or -1 with errno.
    pub fn activate(&self, fd: c_int, revents: c_int) -> c_int {
        let Some(ch) = self.channel_at(fd) else {
            return errno::fail(if fd < 0 { libc::EBADF } else { libc::ENOENT });
        };
        log_msg!("activate channel fd == {}, revents={}, {}", fd, revents, self.shown_name());
        let id = self.registration(fd).map_or(0, |reg| reg.id);
        if !ptr::eq(ch, &self.wake_channel) {
            count(&self.counts.callbacks, 1);
        }
        if revents & EVENT_READ != 0
            && let Some(callback) = ch.eventReadCallback.get()
        {
            // SAFETY: the channel is registered, so its owner keeps the data valid for the callback.
            unsafe { callback(ch.data.get()) };
        }
        // The callback may have removed and freed the channel.
        let still = || {
            self.channel_at(fd).is_some_and(|now| ptr::eq(now, ch))
                && self.registration(fd).is_some_and(|reg| reg.id == id)
        };
        if revents & EVENT_WRITE != 0
            && still()
            && let Some(callback) = ch.eventWriteCallback.get()
        {
            // SAFETY: the same registration still exists, so the channel and its data are valid.
            unsafe { callback(ch.data.get()) };
        }
        0
    }
}
