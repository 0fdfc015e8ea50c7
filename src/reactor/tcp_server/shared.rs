//! What every thread that accepts for a server, or has connections of it, may use.

use super::life::State;
use super::listener::Listener;
use super::reserve::Reserve;
use crate::reactor::tcp_connection::settings::Settings;
use crate::sync::refs::RefCount;
use crate::sys::lock::Lock;
use crate::sys::pool;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64};
use std::{iter, ptr, slice};

pub struct Shared {
    pub state: State,
    /// Connections that may be open at a time; 0: any number.
    pub max: AtomicI32,
    /// Connections that are open, places taken for those about to be accepted, and clients that a stop
    /// has taken from the kernel's queues.
    pub live: AtomicI64,
    /// A listener waits for a connection to close.
    pub full: AtomicBool,
    /// What new connections get, besides what the listening socket passes on.
    pub settings: Lock<Settings>,
    /// Clients are turned away with it where descriptors are out. Without it they wait.
    pub reserve: Option<Reserve>,
    pub listeners: Listeners,
    pub(super) refs: RefCount,
}

impl Shared {
    pub fn new(turns_away: bool) -> Shared {
        Shared {
            state: State::new(),
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

    /// Gives the descriptor in reserve up.
    pub fn give_up_reserve(&self) {
        if let Some(reserve) = &self.reserve {
            reserve.give_up();
        }
    }
}

/// The listeners of a server. Each belongs to the thread of its loop. The array doesn't change while other threads
/// know of it: it is set before the server runs, and freed with the server.
pub struct Listeners {
    /// Of the server's own loop.
    pub own: Listener,
    /// With a socket per thread: those of the threads, in the pools' memory.
    others: Cell<*mut Listener>,
    len: Cell<usize>,
}

impl Listeners {
    /// Those of the threads.
    pub fn others(&self) -> &[Listener] {
        if self.others.get().is_null() {
            return &[];
        }
        // SAFETY: `set_others` was given that many listeners, which are freed with the server.
        unsafe { slice::from_raw_parts(self.others.get(), self.len.get()) }
    }

    pub fn all(&self) -> impl Iterator<Item = &Listener> {
        iter::once(&self.own).chain(self.others())
    }

    /// # Safety
    /// Before the server runs; `len` listeners in a block of the pools, which is the server's from now on.
    pub unsafe fn set_others(&self, others: *mut Listener, len: usize) {
        self.others.set(others);
        self.len.set(len);
    }

    /// Lets go what the listeners have, and the block of those of the threads.
    ///
    /// # Safety
    /// Nobody uses the listeners any more, whose sockets are closed.
    pub unsafe fn dispose(&self) {
        for listener in self.all() {
            // SAFETY: each listener lets its loop go once, here.
            unsafe { listener.dispose() };
        }
        let others = self.others.replace(ptr::null_mut());
        if !others.is_null() {
            // SAFETY: the block has the size with which it was allocated for them.
            unsafe { pool::free(others.cast(), self.len.get() * size_of::<Listener>()) };
        }
    }
}
