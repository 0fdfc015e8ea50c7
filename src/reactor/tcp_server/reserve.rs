//! A descriptor in reserve. A server that is out of descriptors gives it up for a moment to accept a
//! client and close the connection at once, who would otherwise wait in the kernel's queue for nobody
//! knows how long.

use crate::sys::fd as sys_fd;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

/// The number, or -1.
pub(super) struct Reserve(AtomicI32);

impl Reserve {
    pub(super) const fn none() -> Reserve {
        Reserve(AtomicI32::new(-1))
    }

    /// Has a descriptor from now on, if there is one to be had.
    pub(super) fn keep(&self) {
        let fd = sys_fd::open_null();
        if fd >= 0 {
            self.put(fd);
        }
    }

    fn put(&self, fd: i32) {
        let before = self.0.swap(fd, SeqCst);
        if before >= 0 {
            sys_fd::close(before);
        }
    }

    pub(super) fn give_up(&self) {
        self.put(-1);
    }

    /// Turns the next client of a listening socket away. False when it can't be done: no reserve, or
    /// another thread had the descriptor first.
    pub(super) fn turn_away(&self, listening: i32) -> bool {
        if self.0.load(SeqCst) < 0 {
            // Lost to another thread earlier.
            self.keep();
        }
        let fd = self.0.swap(-1, SeqCst);
        if fd < 0 {
            return false;
        }
        sys_fd::close(fd);
        let client = sys_fd::accept(listening);
        if client >= 0 {
            sys_fd::close(client);
        }
        self.keep();
        client >= 0
    }
}
