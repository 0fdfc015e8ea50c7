//! The object of a public `struct event_loop`.

use crate::abi::types::{channel, channel_map, event_loop};
use crate::reactor::event_loop::budget::Budget;
use crate::reactor::event_loop::interrupts::Interrupts;
use crate::reactor::event_loop::parts::Parts;
use crate::reactor::event_loop::posts::Taken;
use crate::reactor::event_loop::registration::Registration;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::roster::Places;
use crate::reactor::event_loop::shared::Shared;
use crate::reactor::event_loop::signals::Watchers;
use crate::reactor::event_loop::source::Source;
use crate::reactor::event_loop::timers::Timers;
use crate::reactor::kept::Counted;
use crate::reactor::list::Head;
use crate::sync::refs::{RefCount, Released};
use crate::sys::pool::array::Array;
use crate::sys::{errno, pool};
use libc::{c_int, c_void};
use std::cell::{Cell, UnsafeCell};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A loop of this library. The public struct comes first, so that the pointers are the same.
#[repr(C)]
pub struct Loop {
    pub public: event_loop,
    pub map: channel_map,
    pub wake_channel: channel,
    /// The map's former arrays, one per doubling.
    pub outgrown: [Cell<*mut *mut c_void>; 32],
    /// Indexed by descriptor.
    pub registrations: Array<Registration>,
    /// Whether a signal ends a run.
    pub interrupts: Interrupts,
    /// The functions of the folders above.
    pub parts: &'static Parts,
    /// The number of calls on this thread's stack that run callbacks. Objects that these may use aren't freed.
    pub depth: Cell<u32>,
    /// The back end's flags for the event being delivered (`delivery`); 0 if only readiness is known.
    pub event_bits: Cell<u32>,
    /// The connection whose channel is being removed is closed right after that.
    pub closes_next: Cell<bool>,
    pub counts: Counts,
    /// The block into which connections read, lent for the callback.
    pub shared_read_buffer: Cell<*mut u8>,
    /// The back end, if it reads from connections by itself.
    pub source: Cell<Option<&'static Source>>,
    /// A pointer for the connections: responses that wait to be sent together; NULL before the first.
    pub batch: Cell<*mut c_void>,
    /// The number of those responses.
    pub batched: Cell<usize>,
    /// An empty string for buffers without content, also of connections that outlive the loop.
    pub empty: Cell<*mut u8>,
    /// A protocol's data for its connections, the function that frees it when the loop ends, and its timer.
    pub attachment: Cell<*mut c_void>,
    pub on_free_attachment: Cell<Option<unsafe fn(*mut c_void)>>,
    pub attachment_timer: Cell<u64>,
    pub roster: Places,
    /// Connections with work left for an iteration, and those that get their turn in this one.
    pub ready: Head,
    pub turning: Head,
    /// A pointer for the back end: the events that its calls on this thread's stack have yet to deliver.
    pub delivering: Cell<*const c_void>,
    /// Connections whose closed callback was called.
    pub dead: Head,
    /// Half-closed connections that wait for the peer to end its side.
    pub lingering: Head,
    /// Connections with deferred reading, the longest deferred first.
    pub deferred: Head,
    /// The servers and the thread pools with this main loop.
    pub servers: Head,
    pub pools: Head,
    /// The listeners that accept on this loop, and how many of them have backed off for lack of descriptors.
    pub listeners: Head,
    pub backing_off: Cell<u32>,
    /// There are connections whose server is ending.
    pub draining: Cell<bool>,
    /// The clients made on this loop, and the names that they are looking up.
    pub clients: Places,
    pub jobs: Head,
    pub next_tick: Cell<i64>,
    /// The coarse monotonic clock in milliseconds when this iteration's events arrived.
    pub now_ms: Cell<i64>,
    /// The time that callbacks may take (`budget`).
    pub budget: Budget,
    /// When a callback was last run, and whether the pools have been trimmed since.
    pub last_busy: Cell<i64>,
    pub trimmed: Cell<bool>,
    pub timers: Timers,
    pub signals: Watchers,
    /// Tasks that were taken from the queue and are being run.
    pub taken: Taken,
    /// The loop's own copy of its name, or NULL.
    pub name: Cell<*mut libc::c_char>,
    /// The process that created the loop or has taken it over (`inherit`).
    pub process: Cell<libc::pid_t>,
    /// The back end's data when last checked, and whether its `init` has run since.
    pub backend_seen: Cell<*mut c_void>,
    pub backend_again: Cell<bool>,
    /// The part that other threads use.
    pub shared: Shared,
}

/// The counters of `yolanda_loop_get_stats`. Written only on the loop's thread, read on any.
#[derive(Default)]
pub struct Counts {
    pub passes: AtomicU64,
    pub wakeups: AtomicU64,
    pub callbacks: AtomicU64,
    pub posts: AtomicU64,
    pub timers: AtomicU64,
    pub connections: AtomicU64,
    pub connections_total: AtomicU64,
    pub bytes_read: AtomicU64,
    pub bytes_written: AtomicU64,
}

impl Loop {
    /// The loop behind a public pointer.
    ///
    /// # Safety
    /// The library made it, and its memory is valid for all of `'a`.
    pub unsafe fn from_c<'a>(l: *mut event_loop) -> &'a Loop {
        // SAFETY: the public struct is the first field of every loop of the library.
        unsafe { &*l.cast::<Loop>() }
    }

    /// Zeroed memory for a loop, with one reference. None with errno if out of memory.
    pub fn allocate(parts: &'static Parts) -> Option<&'static Loop> {
        // SAFETY: the block has the struct's size, and all zeroes are valid for it, except for the fields that
        // are set here.
        unsafe {
            let own = libc::calloc(1, size_of::<Loop>()).cast::<Loop>();
            let empty = pool::alloc(EMPTY);
            if own.is_null() || empty.is_null() {
                libc::free(own.cast());
                if !empty.is_null() {
                    pool::free(empty, EMPTY);
                }
                errno::set(libc::ENOMEM);
                return None;
            }
            empty.write_bytes(0, EMPTY);
            (&raw mut (*own).parts).write(parts);
            (&raw mut (*own).shared.refs).write(RefCount::new());
            (&raw mut (*own).public.mutex).write(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));
            (&raw mut (*own).public.cond).write(UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER));
            (*own).empty.set(empty);
            Some(&*own)
        }
    }

    /// Releases the owner's reference.
    ///
    /// # Safety
    /// Called once, by the function that frees the loop.
    pub unsafe fn give_up(l: NonNull<Loop>) {
        // SAFETY: the owner's reference keeps the memory until it is released. If it was the last, nothing refers to
        // the loop afterwards.
        unsafe {
            if l.as_ref().shared.refs.let_go() == Released::Last {
                dispose(l);
            }
        }
    }

    /// The table of channels, which C code may read.
    pub fn channels(&self) -> &channel_map {
        // SAFETY: it points to `map` from the creation of the loop on.
        unsafe { &*self.public.channelMap.get() }
    }

    /// The registered channel for `fd`.
    pub fn channel_at(&self, fd: c_int) -> Option<&channel> {
        let map = self.channels();
        if fd < 0 || fd >= map.nentries.get() {
            return None;
        }
        // SAFETY: the array has `nentries` entries, each NULL or a registered channel, which stays valid and in
        // place until it is removed.
        unsafe { (*map.entries.get().add(fd as usize)).cast::<channel>().as_ref() }
    }

    /// Frees a protocol's data.
    pub fn free_attachment(&self) {
        let kept = self.attachment.replace(ptr::null_mut());
        if let Some(free) = self.on_free_attachment.get()
            && !kept.is_null()
        {
            // SAFETY: the function was set together with the attachment, for freeing it.
            unsafe { free(kept) };
        }
    }
}

// SAFETY: `allocate` puts each loop into its own block, and only `dispose` frees it, after the last reference.
unsafe impl Counted for Loop {
    type Face = RemoteLoop;

    fn face(&self) -> &RemoteLoop {
        self
    }

    fn retain(&self) -> bool {
        self.shared.refs.retain()
    }

    unsafe fn release(l: NonNull<Loop>) {
        // SAFETY: the reference keeps the memory until it is released. After the last one nothing refers to the loop.
        unsafe {
            if l.as_ref().shared.refs.release() == Released::Last {
                dispose(l);
            }
        }
    }
}

/// # Safety
/// There are no references.
unsafe fn dispose(l: NonNull<Loop>) {
    // SAFETY: `allocate` made the block and the empty string; the name comes from strdup(3) or is NULL.
    unsafe {
        let own = l.as_ref();
        pool::free(own.empty.get(), EMPTY);
        libc::free(own.name.get().cast());
        libc::free(l.as_ptr().cast());
    }
}

/// Increments a counter that only the loop's own thread writes, so no atomic read-modify-write is needed.
pub fn count(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(n), Relaxed);
}

const EMPTY: usize = 16;
