//! The part of a server that all threads may use that accept for it or have its connections.

use super::listener::Listener;
use super::phase::Life;
use super::reserve::Reserve;
use crate::reactor::tcp_connection::settings::Settings;
use crate::sync::refs::RefCount;
use crate::sys::lock::Lock;
use crate::sys::pool;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64};
use std::{iter, ptr, slice};

pub struct Shared {
    pub life: Life,
    /// The maximum number of open connections; 0 means any number.
    pub max: AtomicI32,
    /// The number of open connections, of places for those about to be accepted, and of clients that a stop has
    /// accepted from the kernel's queues.
    pub live: AtomicI64,
    /// A listener waits for a connection to close.
    pub full: AtomicBool,
    /// The settings of new connections, in addition to the options that they inherit from the listening socket.
    pub settings: Lock<Settings>,
    /// Used to refuse clients when descriptors run out. Without it they wait.
    pub reserve: Option<Reserve>,
    pub listeners: Listeners,
    pub(super) refs: RefCount,
}

impl Shared {
    pub fn new(turns_away: bool) -> Shared {
        Shared {
            life: Life::new(),
            max: AtomicI32::new(0),
            live: AtomicI64::new(0),
            full: AtomicBool::new(false),
            settings: Lock::new(Settings::DEFAULT),
            reserve: turns_away.then(Reserve::none),
            listeners: Listeners {
                own: Listener::none(),
                others: Cell::new(ptr::null_mut()),
                len: Cell::new(0),
            },
            refs: RefCount::new(),
        }
    }

    /// Closes the descriptor in reserve.
    pub fn give_up_reserve(&self) {
        if let Some(reserve) = &self.reserve {
            reserve.give_up();
        }
    }
}

/// The listeners of a server. Each belongs to the thread of its loop. The array doesn't change while other
/// threads use it: it is set before the server runs, and freed with the server.
pub struct Listeners {
    /// That of the server's own loop.
    pub own: Listener,
    /// With one socket per thread: those of the threads, in pool memory.
    others: Cell<*mut Listener>,
    len: Cell<usize>,
}

impl Listeners {
    /// Those of the threads.
    pub fn others(&self) -> &[Listener] {
        if self.others.get().is_null() {
            return &[];
        }
        // SAFETY: `set_others` got that many listeners, which are freed with the server.
        unsafe { slice::from_raw_parts(self.others.get(), self.len.get()) }
    }

    pub fn all(&self) -> impl Iterator<Item = &Listener> {
        iter::once(&self.own).chain(self.others())
    }

    /// # Safety
    /// The server doesn't run yet. `others` is a pool block of `len` listeners, which the server then owns.
    pub unsafe fn set_others(&self, others: *mut Listener, len: usize) {
        self.others.set(others);
        self.len.set(len);
    }

    /// Releases everything that the listeners have, and frees the block of those of the threads.
    ///
    /// # Safety
    /// Nothing uses the listeners any more, and their sockets are closed.
    pub unsafe fn dispose(&self) {
        for listener in self.all() {
            // SAFETY: each listener is disposed of once, here.
            unsafe { listener.dispose() };
        }
        let others = self.others.replace(ptr::null_mut());
        if !others.is_null() {
            // SAFETY: the block has the size with which it was allocated.
            unsafe { pool::free(others.cast(), self.len.get() * size_of::<Listener>()) };
        }
    }
}
