//! The functions for a program's use of a loop, besides running it: changes of its channels, stopping, counters.

use super::posts;
use crate::abi::types::{channel, yolanda_loop_stats};
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use libc::c_int;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed, Ordering::Release};

impl Loop {
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
        if self.on_owner() {
            // SAFETY: by contract the channel is live, and an added one stays valid until it is removed.
            return unsafe { self.change(fd, ch, kind) };
        }
        self.post_change(fd, ch, kind)
    }

    /// Ends `run` at the end of the current iteration. Any thread and any signal handler may call it.
    pub fn quit(&self) {
        // SAFETY: the field is an aligned int of a live struct; the library's other accesses are atomic, too.
        let quit = unsafe { AtomicI32::from_ptr(self.public.quit.as_ptr()) };
        // Release, so that the caller's earlier accesses happen before the end of the loop.
        quit.store(1, Release);
        // Always writes a byte, because an earlier wake-up may be consumed by the current iteration.
        self.public.wake();
    }

    pub fn stats(&self) -> yolanda_loop_stats {
        let counts = &self.counts;
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        yolanda_loop_stats {
            passes: read(&counts.passes),
            wakeups: read(&counts.wakeups),
            callbacks: read(&counts.callbacks),
            posts: read(&counts.posts),
            timers: read(&counts.timers),
            connections: read(&counts.connections),
            connections_total: read(&counts.connections_total),
            bytes_read: read(&counts.bytes_read),
            bytes_written: read(&counts.bytes_written),
        }
    }
}

/// Whether `kind` is one of the changes of a channel.
pub fn is_change(kind: c_int) -> bool {
    (posts::ADD..=posts::UPDATE).contains(&kind)
}
