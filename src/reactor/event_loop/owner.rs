//! Which thread a loop belongs to.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::Loop;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

impl event_loop {
    /// Whether the calling thread owns the loop, by the public field, which a program may change.
    pub fn is_mine(&self) -> bool {
        self.owner().load(Relaxed) == this_thread()
    }

    /// Ends the process unless the calling thread owns the loop, as the original does.
    pub fn require_owner(&self) {
        if !self.is_mine() {
            log_err!("not in the same thread");
            // SAFETY: exit runs what the program has registered with atexit(3), on a thread of its own choice.
            unsafe { libc::exit(-1) }
        }
    }

    /// Other threads ask whose a loop is while it changes hands.
    fn owner(&self) -> &AtomicU64 {
        // SAFETY: an aligned field of eight bytes, which lives as long as the loop. All of the library's uses
        // are atomic.
        unsafe { AtomicU64::from_ptr(self.owner_thread_id.as_ptr()) }
    }
}

impl Loop {
    /// Makes the calling thread the owner, once the old one doesn't use the loop any more.
    pub fn take_over(&self) {
        self.public.owner().store(this_thread(), Relaxed);
    }
}

fn this_thread() -> libc::pthread_t {
    // SAFETY: pthread_self has no preconditions.
    unsafe { libc::pthread_self() }
}
