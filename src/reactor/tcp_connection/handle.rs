//! The functions of a connection that may be called on any thread, even after it has closed.

use super::Connection;
use super::cold_state::{Destroy, Tail};
use super::lifecycle::{open, shutdown};
use super::remote::Remote;
use crate::reactor::event_loop::registry;
use crate::sys::address::Address;
use crate::sys::errno;
use libc::{c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

impl Remote {
    /// The number of bytes that were sent and that the kernel hasn't accepted yet.
    pub fn unsent(&self) -> usize {
        self.intake.waiting() as usize
    }

    /// Whether closing has begun, for whatever reason, so that nothing is sent any more.
    pub fn is_closing(&self) -> bool {
        !open::is_open(self)
    }

    /// Sets what a peer that relies on the end of the stream still has to receive. If that isn't sent, the
    /// connection ends with a reset. False if out of memory.
    pub fn set_tail(&self, tail: Tail) -> bool {
        shutdown::set_tail(self, tail)
    }

    /// Whether the closed callback is about to be called, or was called.
    pub fn has_closed(&self) -> bool {
        self.life.is_closed()
    }

    /// Whether the connection is open from the calling thread's point of view.
    pub fn is_open_here(&self) -> bool {
        open::is_open_here(self)
    }

    /// Why it is closing or has closed: an errno value, 0 while it is open and after a normal end.
    pub fn error(&self) -> c_int {
        if open::is_open_here(self) {
            return 0;
        }
        self.decided().unwrap_or_else(|| self.intake.closing().map_or(0, c_int::from))
    }

    pub fn user_data(&self) -> *mut c_void {
        self.shared_cold().map_or(ptr::null_mut(), |cold| cold.user_data.load(Acquire))
    }

    /// Asks the kernel for an address of the descriptor, which isn't closed during the call.
    pub fn ask(&self, ask: fn(c_int) -> Result<Address, c_int>) -> Result<Address, c_int> {
        if !open::is_open_here(self) || !self.descriptor.enter() {
            return Err(libc::ENOTCONN);
        }
        let answer = ask(self.number());
        self.descriptor.leave();
        answer
    }
}

impl Connection {
    /// Replaces the program's data, and calls the destructor of the old data: 0, or -1 with ENOMEM.
    pub fn set_user_data(&self, data: *mut c_void, destroy: Destroy) -> c_int {
        let Some(cold) = self.make_cold() else {
            return errno::fail(libc::ENOMEM);
        };
        let old = cold.shared.user_data.swap(data, AcqRel);
        if let Some(destroy_old) = cold.destroy.replace(destroy) {
            // SAFETY: the program set the two together, and neither is stored any more.
            Remote::event_loop(self).guarded_if_mine(|| unsafe { destroy_old(old) });
        }
        0
    }

    /// The descriptor, for the program; None once it has been given up, or the number has become another one's.
    pub fn descriptor(&self) -> Option<c_int> {
        let fd = self.number.get();
        let entry = registry::get(fd)?;
        if entry.id != self.id.get() {
            return None;
        }
        // From now on the program may close it.
        open::identify_once(self);
        Some(fd)
    }
}
