//! Changes of channels: adding, removing, updating one, by the numbers that C has for them. A change is requested on any
//! thread and made on the loop's (`registration`).

use crate::abi::types::channel;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use libc::c_int;

pub const ADD: c_int = 1;
pub const REMOVE: c_int = 2;
pub const UPDATE: c_int = 3;

impl RemoteLoop {
    /// Makes a change of a channel at once on the loop's thread, else queues it. Returns what the public
    /// functions do: 1 done, 0 queued or nothing to do, -1 with errno.
    ///
    /// # Safety
    /// The channel is live and stays valid until the change is made, or, if it is added, until it is removed.
    pub unsafe fn request_change(&self, fd: c_int, ch: &channel, kind: c_int) -> c_int {
        // A queued change uses the channel only if it is still registered.
        if fd < 0 || ch.fd.get() != fd {
            log_err!("not the channel of fd {}", fd);
            return errno::fail(if fd < 0 { libc::EBADF } else { libc::EINVAL });
        }
        let ch = std::ptr::from_ref(ch).cast_mut();
        if let Some(l) = self.here() {
            // SAFETY: by contract the channel is live, and an added one stays valid until it is removed.
            return unsafe { l.change(fd, ch, kind) };
        }
        self.post_change(fd, ch, kind)
    }
}

impl Loop {
    /// Makes one of the three changes by its public number, and logs a failure.
    ///
    /// # Safety
    /// As for `add`; for the two others as for `remove`.
    pub unsafe fn change(&self, fd: c_int, ch: *mut channel, kind: c_int) -> c_int {
        self.resync();
        let (result, what) = match kind {
            // SAFETY: by contract the channel is live and stays valid until it is removed.
            ADD => (unsafe { self.add(fd, &*ch) }, "add"),
            REMOVE => (self.remove_channel(fd, ch), "remove"),
            UPDATE => (self.update_channel(fd, ch), "update"),
            _ => (errno::fail(libc::EINVAL), "change"),
        };
        if result < 0 {
            let e = errno::get();
            log_err!("can't {} channel fd == {}: {}", what, fd, errno::Text(e));
        }
        result
    }
}

/// Whether `kind` is one of the changes of a channel.
pub fn is_change(kind: c_int) -> bool {
    (ADD..=UPDATE).contains(&kind)
}
