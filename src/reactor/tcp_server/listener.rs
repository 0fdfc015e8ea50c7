//! A listening socket on a loop: registering it, pausing while no client can be accepted, closing it.

use super::backlog::Backlog;
use super::loop_listeners;
use super::phase::Phase;
use super::shared::Shared;
use super::{Server, accept};
use crate::abi::types::{EVENT_READ, acceptor, channel, event_loop};
use crate::reactor::event_loop::changes;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use crate::reactor::list::Link;
use crate::sys::fd as sys_fd;
use crate::sys::kind::Kind;
use libc::c_int;
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicBool;

/// Why a listener doesn't accept at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It accepts.
    No,
    /// accept(2) has failed: descriptors may become available.
    BackOff,
    /// The maximum number of connections is open: one has to close.
    Room,
}

/// It belongs to the thread of its loop, and is stored in its server's memory. Other threads use the loop, the
/// socket's number and identity, `accepting` and the backlog.
pub struct Listener {
    pub channel: channel,
    server: Cell<*const Server>,
    /// The loop that accepts; its memory is kept.
    l: Cell<*mut event_loop>,
    /// In the list of its loop's listeners, or of those that are to be added to the loop.
    pub(super) link: Link,
    /// The socket's number and identity, so that closing never affects a successor. They don't change while the
    /// listener has a loop.
    pub fd: Cell<c_int>,
    identity: Cell<Option<u64>>,
    /// The kind of the socket, and therefore of those that it accepts.
    pub kind: Cell<Kind>,
    /// Keeps its server, which may be freed on another thread than the loop's.
    keeps: Cell<Option<Kept<Server>>>,
    pub waits: Cell<Wait>,
    /// The failure of accept(2) was logged. It isn't logged again until a client was accepted.
    pub complained: Cell<bool>,
    /// The number of clients in a row that were lost during accept(2).
    pub failures: Cell<u32>,
    /// Its thread is accepting; a stop isn't complete until it has finished.
    pub accepting: AtomicBool,
    /// Clients that were waiting to be accepted when the server stopped.
    pub backlog: Backlog,
}

/// Makes a listener without a socket.
///
/// # Safety
/// `at` is in the server's memory, or in a block that becomes a part of it.
pub unsafe fn init(at: *mut Listener, server: *const Server, l: Kept<Loop>) {
    // SAFETY: by contract the memory belongs to the listener. Its reference to the loop is released by `dispose`
    // or `give_up`.
    unsafe {
        at.write(Listener {
            server: Cell::new(server),
            l: Cell::new(l.into_raw().as_ptr().cast()),
            ..Listener::none()
        });
        (*at).channel.eventReadCallback.set(Some(accept::on_acceptable));
        (*at).channel.data.set(at.cast());
    }
}

impl Listener {
    pub const fn none() -> Listener {
        Listener {
            channel: channel {
                fd: Cell::new(-1),
                events: Cell::new(EVENT_READ),
                eventReadCallback: Cell::new(None),
                eventWriteCallback: Cell::new(None),
                data: Cell::new(ptr::null_mut()),
            },
            server: Cell::new(ptr::null()),
            l: Cell::new(ptr::null_mut()),
            link: Link::new(),
            fd: Cell::new(-1),
            identity: Cell::new(None),
            kind: Cell::new(Kind::Stream),
            keeps: Cell::new(None),
            waits: Cell::new(Wait::No),
            complained: Cell::new(false),
            failures: Cell::new(0),
            accepting: AtomicBool::new(false),
            backlog: Backlog::none(),
        }
    }

    pub fn server(&self) -> &Server {
        // SAFETY: the listener is a part of its server's memory.
        unsafe { &*self.server.get() }
    }

    pub fn shared(&self) -> &Shared {
        &self.server().shared
    }

    /// The loop that accepts, on its thread.
    pub fn event_loop(&self) -> &Loop {
        debug_assert!(self.remote_loop().on_owner());
        // SAFETY: `init` has kept the loop's memory.
        unsafe { Loop::from_c(self.l.get()) }
    }

    /// The same on any thread.
    pub fn remote_loop(&self) -> &RemoteLoop {
        // SAFETY: `init` has kept the loop's memory.
        unsafe { RemoteLoop::from_c(self.l.get()) }
    }

    /// Sets the listener's socket, before it is added to its loop.
    pub fn set_socket(&self, fd: c_int) {
        self.fd.set(fd);
        self.identity.set(sys_fd::identity(fd));
        self.kind.set(Kind::of(fd));
    }

    /// Whether the listener's channel is registered.
    fn is_watched(&self, fd: c_int) -> bool {
        self.event_loop().registered(fd, &self.channel).is_some()
    }

    /// Called when a running server is started again: the program may have removed the channel from the loop, or
    /// replaced the socket.
    pub fn renew(&self, acceptor: Option<&acceptor>) {
        if !self.is_watched(self.fd.get())
            && let Some(acceptor) = acceptor
            && self.fd.get() >= 0
        {
            // An invalid number is reported when it is added to the loop.
            sys_fd::set_nonblocking(acceptor.listen_fd.get());
            self.set_socket(acceptor.listen_fd.get());
        }
    }

    /// Registers the channel; on another thread than the loop's that is queued. 0, or -1 with errno.
    pub fn watch(&self) -> c_int {
        let fd = self.fd.get();
        self.channel.fd.set(fd);
        if self.remote_loop().on_owner() {
            self.enlist();
        }
        // SAFETY: the loop is live, and the channel is removed from it before the listener's memory is freed.
        unsafe { self.remote_loop().request_change(fd, &self.channel, changes::ADD) }.min(0)
    }

    /// Removes the channel from the loop.
    pub fn unwatch(&self, fd: c_int) {
        self.event_loop().remove_channel(fd, &self.channel);
    }

    /// The listener was added to its loop. Returns the reference that has kept the server.
    #[must_use]
    pub fn arrive(&self) -> Option<Kept<Server>> {
        match self.shared().life.phase() {
            Phase::Running if self.watch() == 0 => None,
            // The server's thread is about to accept the waiting clients.
            Phase::Stopping if !self.backlog.is_taken() => {
                self.enlist();
                None
            }
            // A socket on which nobody accepts would still get its share of the clients.
            _ => self.end(),
        }
    }

    /// Whether the number still refers to the socket. Any thread.
    pub fn is_open(&self) -> bool {
        self.identity.get().is_some() && sys_fd::identity(self.fd.get()) == self.identity.get()
    }

    /// Adds the listener to its loop's list.
    pub fn enlist(&self) {
        loop_listeners::add(self);
    }

    /// Stops accepting, and closes the socket unless its number was reused.
    pub fn close(&self) {
        self.wait(Wait::No);
        loop_listeners::remove(self);
        let fd = self.fd.get();
        if self.is_watched(fd) {
            self.channel.fd.set(fd);
            self.unwatch(fd);
        }
        self.channel.fd.set(-1);
        self.backlog.while_open(|| {
            if self.is_open() {
                sys_fd::close(fd);
            }
        });
    }

    /// Closes the socket of a listener that was never added to its loop, and releases the loop.
    ///
    /// # Safety
    /// As for `dispose`.
    pub unsafe fn give_up(&self) {
        if self.is_open() {
            sys_fd::close(self.fd.get());
        }
        // SAFETY: by contract a listener that is given up isn't disposed of in addition.
        unsafe { self.dispose() };
    }

    /// Releases everything that the listener has.
    ///
    /// # Safety
    /// Called once, at the end. The listener's loop may be gone afterwards.
    pub unsafe fn dispose(&self) {
        self.backlog.dispose();
        if let Some(l) = NonNull::new(self.l.get().cast::<Loop>()) {
            // SAFETY: the reference that `init` took, which is released once.
            drop(unsafe { Kept::from_raw(l) });
        }
    }

    /// Changes the reason for which the listener waits; its loop counts them.
    pub fn wait(&self, wait: Wait) {
        let before = self.waits.replace(wait);
        let count = &self.event_loop().backing_off;
        if before == Wait::BackOff {
            count.set(count.get() - 1);
        }
        if wait == Wait::BackOff {
            count.set(count.get() + 1);
        }
    }

    /// Sets the channel's events according to the reason for which the listener waits.
    pub fn refresh(&self) {
        let ch = &self.channel;
        ch.events.set(if self.waits.get() == Wait::No { EVENT_READ } else { 0 });
        if self.is_watched(ch.fd.get()) {
            self.event_loop().update_channel(ch.fd.get(), ch);
        }
    }

    /// accept(2) has failed: accepts nothing for a moment instead of spinning. Clients wait in the kernel's
    /// queue.
    pub fn back_off(&self) {
        if self.waits.get() != Wait::BackOff {
            self.wait(Wait::BackOff);
            self.refresh();
        }
    }

    /// The maximum number of connections is open: accepts nothing until one closes. False if one has just closed.
    pub fn wait_for_room(&self) -> bool {
        let full = !self.shared().has_room_after_notice();
        self.wait(if full { Wait::Room } else { Wait::No });
        self.refresh();
        full
    }

    /// Closes the listener. It stays in its loop's list as long as it has clients. Otherwise returns the
    /// reference that has kept the server: when it is dropped, the listener's memory may be freed.
    #[must_use]
    pub fn end(&self) -> Option<Kept<Server>> {
        self.close();
        if self.backlog.is_empty() {
            return self.keeps.take();
        }
        self.enlist();
        None
    }

    /// Keeps the server's memory, and with it the listener's own, until `end`. False if there are too many
    /// references.
    #[must_use]
    pub fn keep_server(&self) -> bool {
        let kept = self.server().keep();
        let is_kept = kept.is_some();
        self.keeps.set(kept);
        is_kept
    }

    /// Ends `keep_server`.
    #[must_use]
    pub fn take_server(&self) -> Option<Kept<Server>> {
        self.keeps.take()
    }
}
