//! The thread to which a loop belongs.

use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::Loop;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

impl event_loop {
    /// Whether the calling thread owns the loop according to the public field, which a program may change.
    pub fn is_mine(&self) -> bool {
        self.owner().load(Relaxed) == this_thread()
    }

    /// Ends the process unless the calling thread owns the loop, as the original does.
    pub fn require_owner(&self) {
        if !self.is_mine() {
            log_err!("not in the same thread");
            // SAFETY: exit runs the handlers that the program registered with atexit(3), as the header documents.
            unsafe { libc::exit(-1) }
        }
    }

    /// Atomic, because other threads may read the owner while it changes.
    fn owner(&self) -> &AtomicU64 {
        // SAFETY: the field is aligned, has eight bytes, and lives as long as the loop. All accesses by the
        // library are atomic.
        unsafe { AtomicU64::from_ptr(self.owner_thread_id.as_ptr()) }
    }
}

impl Loop {
    /// Makes the calling thread the owner. The old owner must not use the loop any more.
    pub fn take_over(&self) {
        self.public.owner().store(this_thread(), Relaxed);
    }
}

fn this_thread() -> libc::pthread_t {
    // SAFETY: pthread_self has no preconditions.
    unsafe { libc::pthread_self() }
}
