//! Changes of channels that a program requests, on any thread.

use super::posts;
use crate::abi::types::channel;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::sys::errno;
use libc::c_int;

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

/// Whether `kind` is one of the changes of a channel.
pub fn is_change(kind: c_int) -> bool {
    (posts::ADD..=posts::UPDATE).contains(&kind)
}
