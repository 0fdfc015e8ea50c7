//! A descriptor in reserve. A server that is out of descriptors gives it up for a moment to accept a
//! client and close the connection at once, who would otherwise wait in the kernel's queue for nobody
//! knows how long.

#![forbid(unsafe_code)]

use crate::sys::{errno, fd as sys_fd};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

/// What became of turning a client away.
pub enum Turned {
    Client,
    /// None waits. accept(2) looks for a descriptor first, so it doesn't say that by itself.
    Nobody,
    /// There is no reserve, or another thread had the descriptor first.
    Failed,
}

/// The number, or -1.
pub struct Reserve(AtomicI32);

impl Reserve {
    pub const fn none() -> Reserve {
        Reserve(AtomicI32::new(-1))
    }

    /// Has a descriptor from now on; false where the process is out of them.
    pub fn keep(&self) -> bool {
        if self.0.load(SeqCst) >= 0 {
            return true;
        }
        let fd = sys_fd::spare();
        if fd >= 0 {
            self.put(fd);
        }
        fd >= 0 || !matches!(errno::get(), libc::EMFILE | libc::ENFILE)
    }

    fn put(&self, fd: i32) {
        let before = self.0.swap(fd, SeqCst);
        if before >= 0 {
            sys_fd::close(before);
        }
    }

    pub fn give_up(&self) {
        self.put(-1);
    }

    /// Turns the next client of a listening socket away.
    pub fn turn_away(&self, listening: i32) -> Turned {
        // It may have been lost to another thread earlier.
        self.keep();
        let fd = self.0.swap(-1, SeqCst);
        if fd < 0 {
            return Turned::Failed;
        }
        sys_fd::close(fd);
        let client = sys_fd::accept(listening);
        let nobody = client < 0 && errno::get() == libc::EAGAIN;
        if client >= 0 {
            sys_fd::close(client);
        }
        self.keep();
        match client {
            0.. => Turned::Client,
            _ if nobody => Turned::Nobody,
            _ => Turned::Failed,
        }
    }
}
