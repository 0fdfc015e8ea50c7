//! A loop as every thread may have it. What is shared is atomic or under the public mutex; the rest is for the loop's
//! own thread, which gets the `Loop` here.

use crate::abi::types::{event_dispatcher, event_loop, yolanda_loop_stats};
use crate::reactor::event_loop::shared::{Locked, Shared};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed, Ordering::Release};

/// A loop on any thread. Only this file looks into it: what is atomic of the public struct, what doesn't change while
/// others have the loop, and the shared part.
#[repr(transparent)]
pub struct RemoteLoop(Loop);

// SAFETY: functions of this file use on any thread what is atomic, or was written before others had the loop. All else
// is in `Shared`, or is given to the loop's thread only.
unsafe impl Sync for RemoteLoop {}

impl Deref for RemoteLoop {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0.shared
    }
}

impl Deref for Loop {
    type Target = RemoteLoop;

    fn deref(&self) -> &RemoteLoop {
        // SAFETY: a `RemoteLoop` is a loop, by its layout.
        unsafe { &*ptr::from_ref(self).cast() }
    }
}

impl RemoteLoop {
    /// The loop behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is kept for all of `'a`.
    pub unsafe fn from_c<'a>(l: *mut event_loop) -> &'a RemoteLoop {
        // SAFETY: the public struct is the first field of every loop of the library.
        unsafe { &*l.cast::<RemoteLoop>() }
    }

    /// The pointer that C has.
    pub fn as_c(&self) -> *mut event_loop {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The loop, on its own thread.
    pub fn here(&self) -> Option<&Loop> {
        self.on_owner().then_some(&self.0)
    }

    /// `event_loop::is_mine`.
    pub fn on_owner(&self) -> bool {
        self.0.public.is_mine()
    }

    /// `event_loop::require_owner`.
    pub fn require_owner(&self) {
        self.0.public.require_owner();
    }

    /// Keeps the loop's memory, for something that may outlive the loop. None when it is kept too often.
    pub fn keep(&self) -> Option<Kept<Loop>> {
        Kept::of(&self.0)
    }

    /// Locks the public mutex. While it is held the loop isn't taken down.
    pub fn lock(&self) -> Locked<'_> {
        let public = &self.0.public;
        self.0.shared.locked(&public.mutex, &public.pending_head, &public.pending_tail)
    }

    /// Writes a byte that wakes the loop: see `event_loop::wake`.
    pub fn wake(&self) -> bool {
        self.0.public.wake()
    }

    /// Ends `run` at the end of the iteration that runs. Any signal handler may call it, too.
    pub fn quit(&self) {
        // SAFETY: an aligned int of a live struct; the library's other uses are atomic, too.
        let quit = unsafe { AtomicI32::from_ptr(self.0.public.quit.as_ptr()) };
        // What the caller did before is seen by whoever finds the loop at its end.
        quit.store(1, Release);
        // With a byte of its own: a wake-up that is on its way may belong to the iteration that runs.
        self.wake();
    }

    pub fn stats(&self) -> yolanda_loop_stats {
        let counts = &self.0.counts;
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

    /// The back end, which a program may replace on the loop's thread while no other one has it.
    pub fn back_end(&self) -> &event_dispatcher {
        // SAFETY: set before anybody has the loop; a back end that a program puts in its place stays while a
        // loop uses it (`struct event_dispatcher`).
        unsafe { &*self.0.public.eventDispatcher.get() }
    }

    /// An empty string, which is there as long as the loop's memory.
    pub fn empty(&self) -> *mut u8 {
        self.0.empty.get()
    }
}

/// A loop is for one thread, a `RemoteLoop` for all: this doesn't compile otherwise.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<RemoteLoop>();
};
