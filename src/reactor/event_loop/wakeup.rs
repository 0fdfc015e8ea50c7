//! Waking a loop that waits: a byte through its socket pair.

use crate::abi::types::event_loop;
use crate::log::CText;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::{errno, fd};
use libc::{c_int, c_void};
use std::mem::MaybeUninit;

impl event_loop {
    /// Writes the byte. Async-signal-safe; a full pipe already holds a wake-up. False when there is none now:
    /// the loop looks by itself within a second.
    pub fn wake(&self) -> bool {
        let _keep = errno::Keep::new();
        let n = fd::send(self.socketPair.get()[0], b"a", fd::More::Nothing);
        n >= 0 || errno::get() == libc::EAGAIN
    }
}

impl RemoteLoop {
    /// Wakes the loop unless a wake-up is on its way: many posts, one byte. A byte that can't be written (the
    /// kernel is out of memory, say) is written by the next who wakes.
    pub fn wake_once(&self) {
        if self.wake.raise() && !self.wake() {
            self.wake.failed();
        }
    }
}

impl Loop {
    /// The order is `wake_flag`'s: the bytes are taken, the flag falls, and the iteration looks at the queue.
    fn woken(&self) {
        let mut bytes = [MaybeUninit::uninit(); 256];
        let own_end = self.public.socketPair.get()[1];
        while fd::recv(own_end, &mut bytes) == bytes.len() as isize {}
        self.shared.wake.fall();
        count(&self.counts.wakeups, 1);
        log_msg!("wakeup, {}", CText(self.public.thread_name.get()));
    }
}

/// The read callback of the loop's own end.
pub unsafe extern "C-unwind" fn on_wake(data: *mut c_void) -> c_int {
    // SAFETY: `data` is the loop whose `wake_channel` this is, on its thread.
    unsafe { Loop::from_c(data.cast()) }.woken();
    0
}
