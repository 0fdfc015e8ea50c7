//! Channels: a descriptor, the events that are wanted, and the callbacks.

use super::{changes, registry};
use crate::abi::types::{EVENT_WRITE, channel, event_read_callback, event_write_callback};
use crate::reactor::event_loop::member::Standing;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::sys::errno;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::ptr;

impl channel {
    /// A channel in memory from malloc(3). NULL if out of memory.
    pub fn allocate(
        fd: c_int,
        events: c_int,
        on_read: event_read_callback,
        on_write: event_write_callback,
        data: *mut c_void,
    ) -> *mut channel {
        // SAFETY: the block has the struct's size, and is initialised at once.
        unsafe {
            let ch = libc::malloc(size_of::<channel>()).cast::<channel>();
            if !ch.is_null() {
                ch.write(channel {
                    fd: Cell::new(fd),
                    events: Cell::new(events),
                    eventReadCallback: Cell::new(on_read),
                    eventWriteCallback: Cell::new(on_write),
                    data: Cell::new(data),
                });
            }
            ch
        }
    }

    /// The loop to which the channel was added.
    fn event_loop(&self) -> Option<&RemoteLoop> {
        let entry = registry::get(self.fd.get())?;
        // SAFETY: a registration is removed from the table before its loop is freed.
        let l = unsafe { RemoteLoop::from_c(entry.owner) };
        // Another channel for the same descriptor may have been registered later, with another loop.
        let added = ptr::eq(entry.channel, self)
            || l.here().is_some_and(|l| l.registered(self.fd.get(), self).is_some());
        added.then_some(l)
    }

    /// Whether the channel is registered with a loop.
    pub fn is_registered(&self) -> bool {
        self.event_loop().is_some()
    }

    /// Sets or clears EVENT_WRITE and updates the loop. 0, or -1 with errno.
    pub fn set_write(&self, on: bool) -> c_int {
        let Some(l) = self.event_loop() else { return errno::fail(libc::ENOENT) };
        let member = l.here().and_then(|l| l.member(self));
        let standing = member.map(|member| member.standing());
        if standing == Some(Standing::Closed) {
            return errno::fail(libc::ENOENT);
        }
        let before = self.events.get();
        self.events.set(if on { before | EVENT_WRITE } else { before & !EVENT_WRITE });
        if standing == Some(Standing::Off) {
            // It takes effect when the connection is added.
            return 0;
        }
        // SAFETY: the channel is live, and a queued update uses it only if it is still registered.
        unsafe { l.request_change(self.fd.get(), self, changes::UPDATE).min(0) }
    }
}
