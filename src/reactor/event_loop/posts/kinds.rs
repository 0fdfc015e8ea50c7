//! The loop's own tasks: changes of channels, calls of functions, and the end of a registration.

use super::task::{Call, Order, Posted, Task};
use crate::abi::types::channel;
use crate::reactor::event_loop::registry::Entry;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use libc::c_int;

/// Adds, removes or updates a channel, which must stay valid until the task has run.
pub struct Change {
    pub fd: c_int,
    pub channel: *mut channel,
    /// `changes::ADD`, `REMOVE` or `UPDATE`.
    pub kind: c_int,
}

// SAFETY: only the loop's thread uses a channel that was passed for a change; the program keeps it until then.
unsafe impl Send for Change {}

impl Posted for Change {
    const ORDER: Order = Order::InTurn;

    fn public(&self) -> (c_int, *mut channel) {
        (self.kind, self.channel)
    }

    fn run(&self, l: &Loop, _: &[u8]) {
        // SAFETY: the functions that queue a change require that the program keeps the channel until the task has
        // run.
        unsafe { l.change(self.fd, self.channel, self.kind) };
    }
}

impl Posted for Call {
    const ORDER: Order = Order::InTurn;

    fn call(&self) -> Option<Call> {
        Some(*self)
    }

    fn run(&self, _: &Loop, _: &[u8]) {}
}

/// Ends a registration whose number was found to belong to another file.
struct Expire {
    fd: c_int,
    /// The registration's number.
    id: u64,
}

impl Posted for Expire {
    const ORDER: Order = Order::Any;

    fn run(&self, l: &Loop, _: &[u8]) {
        if l.registration(self.fd).is_some_and(|reg| reg.id == self.id as u32) {
            l.expire(self.fd);
        }
    }
}

impl Entry {
    /// Tells the loop of an older registration that its number was reused.
    pub fn expire(&self, fd: c_int) {
        // SAFETY: the loop was in the table, from which it is removed before it is freed.
        let l = unsafe { RemoteLoop::from_c(self.owner) };
        if let Some(task) = Task::new(Expire { fd, id: self.id }) {
            l.post(task);
        }
    }
}
