//! What a program does with a loop besides running it: changes of its channels, stopping, figures.

use super::posts;
use crate::abi::types::{channel, yolanda_loop_stats};
use crate::reactor::event_loop::state::Loop;
use crate::sys::errno;
use libc::c_int;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed, Ordering::Release};

impl Loop {
    /// Does a change of a channel at once on the loop's thread, else queues it. As the public calls report it:
    /// 1 done, 0 queued or nothing to do, -1 with errno.
    ///
    /// # Safety
    /// The channel is live, and stays until the change was made; one that is added stays until it is removed.
    pub unsafe fn request_change(&self, fd: c_int, ch: &channel, kind: c_int) -> c_int {
        // A queued change looks at the channel only if it still is registered then.
        if fd < 0 || ch.fd.get() != fd {
            log_err!("no channel of fd {}", fd);
            return errno::fail(if fd < 0 { libc::EBADF } else { libc::EINVAL });
        }
        let ch = std::ptr::from_ref(ch).cast_mut();
        if self.on_owner() {
            // SAFETY: the channel is live, and one that is added stays until it is removed, by the caller's promise.
            return unsafe { self.change(fd, ch, kind) };
        }
        self.post_change(fd, ch, kind)
    }

    /// Ends `run` at the end of the iteration that runs. Any thread, and any signal handler.
    pub fn quit(&self) {
        // SAFETY: an aligned int of a live struct; the library's other uses are atomic, too.
        let quit = unsafe { AtomicI32::from_ptr(self.public.quit.as_ptr()) };
        // What the caller did before is seen by whoever finds the loop at its end.
        quit.store(1, Release);
        // With a byte of its own: a wake-up that is on its way may belong to the iteration that runs.
        self.public.wake();
    }

    /// Takes back what `quit` has said, so that the loop can run again. On the loop's thread.
    pub fn clear_quit(&self) {
        // SAFETY: an aligned int of a live struct; the library's other uses are atomic, too.
        let quit = unsafe { AtomicI32::from_ptr(self.public.quit.as_ptr()) };
        quit.store(0, Release);
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
