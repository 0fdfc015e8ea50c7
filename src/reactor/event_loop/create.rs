//! Creating a loop.

use super::wakeup;
use crate::abi::types::{EVENT_READ, channel, event_dispatcher, event_loop};
use crate::reactor::event_loop::parts::Parts;
use crate::reactor::event_loop::state::Loop;
use crate::sys::clock::now_ms;
use crate::sys::{errno, socket};
use libc::{c_char, c_int};
use std::ptr;

impl Loop {
    /// Creates a loop of the calling thread. NULL with errno on failure.
    ///
    /// # Safety
    /// The name and the back end are valid as long as the loop.
    pub unsafe fn create(
        name: *mut c_char,
        backend: *const event_dispatcher,
        parts: &'static Parts,
    ) -> *mut event_loop {
        let Some(l) = Loop::allocate(parts) else { return ptr::null_mut() };
        match l.init(name, backend) {
            Ok(()) => l.as_c(),
            Err(e) => {
                l.release_parts();
                // SAFETY: nothing else refers to the loop.
                unsafe { Loop::give_up(l.into()) };
                errno::set(e);
                log_err!("event_loop_init failed: {}", errno::Text(e));
                ptr::null_mut()
            }
        }
    }

    fn init(&self, name: *mut c_char, backend: *const event_dispatcher) -> Result<(), c_int> {
        let public = &self.public;
        public.thread_name.set(name);
        public.socketPair.set([-1, -1]);
        self.take_over();
        // SAFETY: getpid has no preconditions.
        self.process.set(unsafe { libc::getpid() });
        public.channelMap.set(ptr::from_ref(&self.map).cast_mut());
        self.now_ms.set(now_ms());
        self.last_busy.set(self.now_ms.get());

        public.eventDispatcher.set(backend);
        log_msg!("set {} as dispatcher, {}", self.shown_back_end(), self.shown_name());
        let data = self.init_back_end().ok_or(libc::EINVAL)?;
        public.event_dispatcher_data.set(data);
        if data.is_null() {
            return Err(errno::get());
        }
        self.backend_seen.set(data);
        self.backend_again.set(false);

        public.socketPair.set(socket::pair()?);
        let own_end = public.socketPair.get()[1];
        let channel { fd, events, eventReadCallback, eventWriteCallback, data } =
            &self.wake_channel;
        fd.set(own_end);
        events.set(EVENT_READ);
        eventReadCallback.set(Some(wakeup::on_wake));
        eventWriteCallback.set(None);
        data.set(self.as_c().cast());
        // SAFETY: the channel is a field of the loop, and is removed before the loop is freed.
        match unsafe { self.add(own_end, &self.wake_channel) } {
            1 => Ok(()),
            _ => Err(errno::get()),
        }
    }
}
