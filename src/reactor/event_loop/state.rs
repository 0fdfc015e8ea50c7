//! What stands behind the public `struct event_loop`.

use crate::abi::types::{channel, channel_map, event_loop};
use crate::reactor::event_loop::budget::Budget;
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
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Acquire, Ordering::Relaxed};

/// A loop of this library: the public struct first, so that the pointers are the same.
#[repr(C)]
pub struct Loop {
    pub public: event_loop,
    pub map: channel_map,
    pub wake_channel: channel,
    /// Outgrown arrays of the map, one per doubling.
    pub outgrown: [Cell<*mut *mut c_void>; 32],
    /// By descriptor.
    pub registrations: Array<Registration>,
    /// What it calls of the parts above it.
    pub parts: &'static Parts,
    /// Calls on this thread's stack that run callbacks; what they may still use is not freed.
    pub depth: Cell<u32>,
    /// The back end's flags of the event being delivered (`delivery`); 0: only readiness is known.
    pub event_bits: Cell<u32>,
    /// The connection being taken off is closed right after.
    pub closes_next: Cell<bool>,
    pub counts: Counts,
    /// The block that connections read into, lent for the callback.
    pub shared_read_buffer: Cell<*mut u8>,
    /// The back end, where it reads from connections by itself.
    pub source: Cell<Option<&'static Source>>,
    /// A place of the connections': answers that wait to be sent together; NULL before the first.
    pub batch: Cell<*mut c_void>,
    /// How many they are.
    pub batched: Cell<usize>,
    /// An empty string, for buffers that hold nothing; also of connections that outlive the loop.
    pub empty: Cell<*mut u8>,
    /// What a protocol keeps here for its connections, what frees it when the loop ends, and its timer.
    pub attachment: Cell<*mut c_void>,
    pub on_free_attachment: Cell<Option<unsafe fn(*mut c_void)>>,
    pub attachment_timer: Cell<u64>,
    pub roster: Places,
    /// Connections with work left for an iteration, and those whose turn has come in this one.
    pub ready: Head,
    pub turning: Head,
    /// A place of the back end's: what its calls on this thread's stack have still to deliver.
    pub delivering: Cell<*const c_void>,
    /// Connections whose closed callback ran.
    pub dead: Head,
    /// Half-closed connections that wait for the peer's end.
    pub lingering: Head,
    /// Connections whose reading was put off, the oldest first.
    pub held: Head,
    /// The servers and the thread pools whose main loop this is.
    pub servers: Head,
    pub pools: Head,
    /// The sockets that accept here, and how many of them are out of descriptors.
    pub listeners: Head,
    pub backing_off: Cell<u32>,
    /// There are connections whose server is ending.
    pub draining: Cell<bool>,
    /// The clients that were made here, and the names that they have asked for.
    pub clients: Head,
    pub jobs: Head,
    pub next_tick: Cell<i64>,
    /// Milliseconds of the coarse monotonic clock, as of this iteration's events.
    pub now_ms: Cell<i64>,
    /// Which time callbacks may take (`budget`).
    pub budget: Budget,
    /// When a callback was last run, and whether the pools were trimmed since.
    pub last_busy: Cell<i64>,
    pub trimmed: Cell<bool>,
    pub timers: Timers,
    pub signals: Watchers,
    /// Tasks that were queued and are being carried out.
    pub taken: Taken,
    /// The loop's own copy of its name, or NULL.
    pub name: Cell<*mut libc::c_char>,
    /// The process that made the loop, or made it its own (`inherit`).
    pub process: Cell<libc::pid_t>,
    /// The back end's data as last seen, and whether its init ran again since.
    pub backend_seen: Cell<*mut c_void>,
    pub backend_again: Cell<bool>,
    /// What other threads use.
    pub shared: Shared,
}

/// What `yolanda_loop_get_stats` tells. Written on the loop's thread only, read on any.
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
    /// The library made it, and its memory is kept for all of `'a`.
    pub unsafe fn from_c<'a>(l: *mut event_loop) -> &'a Loop {
        // SAFETY: the public struct is the first field of every loop of the library.
        unsafe { &*l.cast::<Loop>() }
    }

    /// Memory for a loop, zeroed, with one reference. None, with errno, when memory is out.
    pub fn allocate(parts: &'static Parts) -> Option<&'static Loop> {
        // SAFETY: the block has the struct's size, and all zeroes are a valid value of it, apart from what is
        // written here.
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

    /// Gives the owner's reference back.
    ///
    /// # Safety
    /// Only who frees the loop, once.
    pub unsafe fn give_up(l: NonNull<Loop>) {
        // SAFETY: the owner's reference keeps the memory until it is counted off. If it was the last, nobody has the
        // pointer.
        unsafe {
            if l.as_ref().shared.refs.let_go() == Released::Last {
                dispose(l);
            }
        }
    }

    /// Whether C or the library asked the loop to stop, from whatever thread.
    pub fn quits(&self) -> bool {
        // SAFETY: the field is an aligned int of a live struct; the library's other uses are atomic, too.
        let quit = unsafe { AtomicI32::from_ptr(self.public.quit.as_ptr()) };
        quit.load(Acquire) != 0 || self.shared.ends.load(Relaxed)
    }

    /// The table of channels, which C may read.
    pub fn channels(&self) -> &channel_map {
        // SAFETY: it points to `map` from the making of the loop on.
        unsafe { &*self.public.channelMap.get() }
    }

    /// The registered channel of `fd`.
    pub fn channel_at(&self, fd: c_int) -> Option<&channel> {
        let map = self.channels();
        if fd < 0 || fd >= map.nentries.get() {
            return None;
        }
        // SAFETY: the array has `nentries` entries, each NULL or a registered channel. Those stay where they
        // are until they were removed.
        unsafe { (*map.entries.get().add(fd as usize)).cast::<channel>().as_ref() }
    }

    /// Frees what a protocol keeps here.
    pub fn free_attachment(&self) {
        let kept = self.attachment.replace(ptr::null_mut());
        if let Some(free) = self.on_free_attachment.get()
            && !kept.is_null()
        {
            // SAFETY: who set the attachment set this function for it.
            unsafe { free(kept) };
        }
    }
}

// SAFETY: `allocate` puts every loop into a block of its own, and only `dispose` frees it, behind the last reference.
unsafe impl Counted for Loop {
    type Face = RemoteLoop;

    fn face(&self) -> &RemoteLoop {
        self
    }

    fn retain(&self) -> bool {
        self.shared.refs.retain()
    }

    unsafe fn release(l: NonNull<Loop>) {
        // SAFETY: the reference keeps the memory until it is counted off. Behind the last one nobody has the pointer.
        unsafe {
            if l.as_ref().shared.refs.release() == Released::Last {
                dispose(l);
            }
        }
    }
}

/// # Safety
/// Nobody has a reference.
unsafe fn dispose(l: NonNull<Loop>) {
    // SAFETY: `allocate` made the block and the empty string, and the name is a copy of strdup(3) or NULL.
    unsafe {
        let own = l.as_ref();
        pool::free(own.empty.get(), EMPTY);
        libc::free(own.name.get().cast());
        libc::free(l.as_ptr().cast());
    }
}

/// Adds to a count of the loop's own thread: no lock prefix is needed.
pub fn count(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(n), Relaxed);
}

const EMPTY: usize = 16;
