//! A descriptor in reserve. A server that has run out of descriptors closes it for a moment to accept a client
//! and close its connection at once. Otherwise the client would wait in the kernel's queue for an unknown time.

#![forbid(unsafe_code)]

use crate::sys::{errno, fd as sys_fd};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

/// The result of refusing a client.
pub enum Turned {
    Client,
    /// No client waits. accept(2) needs a descriptor before it can report that.
    Nobody,
    /// There is no reserve, or another thread got the descriptor first.
    Failed,
}

/// The descriptor, or -1.
pub struct Reserve(AtomicI32);

impl Reserve {
    pub const fn none() -> Reserve {
        Reserve(AtomicI32::new(-1))
    }

    /// Opens the reserve if there is none. False if the process is out of descriptors.
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

    /// Refuses the next client of a listening socket.
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
