//! Waking a loop that waits: a byte through its socket pair.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::{errno, fd};
use libc::{c_int, c_void};
use std::mem::MaybeUninit;

impl event_loop {
    /// Writes the byte. Async-signal-safe. A full socket already contains a wake-up. False on failure; the loop
    /// then notices the change within a second.
    pub fn wake(&self) -> bool {
        let _keep = errno::Keep::new();
        let n = fd::send(self.socketPair.get()[0], b"a", fd::More::Nothing);
        n >= 0 || errno::get() == libc::EAGAIN
    }
}

impl RemoteLoop {
    /// Wakes the loop unless a wake-up is already pending: many posts write one byte. If the byte can't be
    /// written (for example because the kernel is out of memory), the next call writes it.
    pub fn wake_once(&self) {
        if self.wake.raise() && !self.wake() {
            self.wake.failed();
        }
    }
}

impl Loop {
    /// The order is that of `wake_flag`: the bytes are read, the flag is cleared, and the iteration looks at the
    /// queue.
    fn woken(&self) {
        let mut bytes = [MaybeUninit::uninit(); 256];
        let own_end = self.public.socketPair.get()[1];
        while fd::recv(own_end, &mut bytes) == bytes.len() as isize {}
        self.shared.wake.fall();
        count(&self.counts.wakeups, 1);
        log_msg!("wakeup, {}", self.shown_name());
    }
}

/// The read callback of the loop's own end.
pub unsafe extern "C-unwind" fn on_wake(data: *mut c_void) -> c_int {
    // SAFETY: `data` is the loop to which this `wake_channel` belongs, and this is its thread.
    unsafe { Loop::from_c(data.cast()) }.woken();
    0
}
