//! A loop from the point of view of any thread. The shared part is atomic or protected by the public mutex; the rest
//! belongs to the loop's own thread, which gets the `Loop` here.

use crate::abi::types::{event_dispatcher, event_loop, yolanda_loop_stats};
use crate::log::CText;
use crate::reactor::event_loop::shared::{Accepts, Locked, Shared};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use libc::c_char;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{
    AtomicI32, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

/// A loop on any thread. Only this file accesses its fields: the atomic ones of the public struct, those that don't
/// change while others use the loop, and the shared part.
#[repr(transparent)]
pub struct RemoteLoop(Loop);

// SAFETY: the functions of this file use, on any thread, only fields that are atomic or were written before other
// threads got the loop. Everything else is in `Shared`, or is used only on the loop's thread.
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
        // SAFETY: a `RemoteLoop` has the layout of a loop.
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

    /// `Loop::guarded` on any thread; a thread that isn't the loop's can't free the loop.
    pub fn guarded_if_mine<R>(&self, f: impl FnOnce() -> R) -> R {
        match self.here() {
            Some(l) => l.guarded(f),
            None => f(),
        }
    }

    /// `event_loop::is_mine`.
    pub fn on_owner(&self) -> bool {
        self.0.public.is_mine()
    }

    /// `event_loop::require_owner`.
    pub fn require_owner(&self) {
        self.0.public.require_owner();
    }

    /// Keeps the loop's memory for something that may outlive the loop. None if there are too many references.
    pub fn keep(&self) -> Option<Kept<Loop>> {
        Kept::of(&self.0)
    }

    /// Locks the public mutex. The loop isn't freed while it is locked.
    pub fn lock(&self) -> Locked<'_> {
        let public = &self.0.public;
        self.0.shared.locked(&public.mutex, &public.pending_head, &public.pending_tail)
    }

    /// Writes a byte that wakes the loop; see `event_loop::wake`.
    pub fn wake(&self) -> bool {
        self.0.public.wake()
    }

    /// `quit` of the public struct, which C code writes, too.
    fn quit_flag(&self) -> &AtomicI32 {
        // SAFETY: the field is an aligned int of a live struct; the library's other accesses are atomic, too.
        unsafe { AtomicI32::from_ptr(self.0.public.quit.as_ptr()) }
    }

    /// Ends `run` at the end of the current iteration. Any signal handler may call it, too.
    pub fn quit(&self) {
        // Release, so that the caller's earlier accesses happen before the end of the loop.
        self.quit_flag().store(1, Release);
        // Always writes a byte, because an earlier wake-up may be consumed by the current iteration.
        self.wake();
    }

    /// Whether C or the library asked the loop to stop, from whatever thread.
    pub fn quits(&self) -> bool {
        self.quit_flag().load(Acquire) != 0 || self.0.shared.ends.load(Relaxed)
    }

    /// Takes back what `quit` has said, so that the loop can run again. On the loop's thread.
    pub fn clear_quit(&self) {
        self.quit_flag().store(0, Release);
    }

    /// Whether the loop was freed.
    pub fn was_freed(&self) -> bool {
        self.lock().accepts.get() == Accepts::Nothing
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

    /// The back end, which a program may replace on the loop's thread while no other thread uses it.
    pub fn back_end(&self) -> &event_dispatcher {
        // SAFETY: it is set before the loop is used, and a back end that a program sets must stay valid while a
        // loop uses it (`struct event_dispatcher`).
        unsafe { &*self.0.public.eventDispatcher.get() }
    }

    /// The name, for programs.
    pub fn name(&self) -> *const c_char {
        self.0.public.thread_name.get()
    }

    /// The name for log lines.
    pub fn shown_name(&self) -> CText {
        // SAFETY: `create` was given a name that is valid as long as the loop; a program that replaces it by another
        // or NULL keeps that as long.
        unsafe { CText::new(self.0.public.thread_name.get()) }
    }

    /// An empty string that is valid as long as the loop's memory.
    pub fn empty(&self) -> *mut u8 {
        self.0.empty.get()
    }
}

/// A loop is for one thread, a `RemoteLoop` for all; otherwise this doesn't compile.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<RemoteLoop>();
};
