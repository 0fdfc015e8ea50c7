//! A listening socket on a loop: watching it, pausing while nothing can be accepted, closing it.

use super::backlog::Backlog;
use super::life::Life;
use super::listeners;
use super::shared::Shared;
use super::{Server, accept};
use crate::abi::types::{EVENT_READ, acceptor, channel, event_loop};
use crate::reactor::event_loop::posts;
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

/// Why a listener accepts nothing for now.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It accepts.
    No,
    /// accept(2) has failed: descriptors may become free.
    BackOff,
    /// As many connections are open as may be: one has to close.
    Room,
}

/// Belongs to the thread of its loop. Lives within its server's memory. Other threads use the loop, the socket's
/// number and identity, `accepting` and the backlog.
pub struct Listener {
    pub channel: channel,
    server: Cell<*const Server>,
    /// The loop that accepts; its memory is kept.
    l: Cell<*mut event_loop>,
    /// Among the listeners of its loop, or of those that are to come to it.
    pub(super) link: Link,
    /// The socket's number and what it refers to, so that closing never hits a successor. They
    /// don't change while the listener has a loop.
    pub fd: Cell<c_int>,
    identity: Cell<Option<u64>>,
    /// Of the socket, and hence of those that it accepts.
    pub kind: Cell<Kind>,
    /// Its server may be freed on another thread than the loop's.
    keeps: Cell<Option<Kept<Server>>>,
    pub waits: Cell<Wait>,
    /// Said that accept(2) fails; silent until somebody was accepted again.
    pub complained: Cell<bool>,
    /// Clients that were lost one after the other while they were accepted.
    pub failures: Cell<u32>,
    /// Its thread is accepting: a stop isn't over meanwhile.
    pub accepting: AtomicBool,
    /// Clients that wait to be accepted when the server stops.
    pub backlog: Backlog,
}

/// Makes a listener without a socket.
///
/// # Safety
/// `at` lies in the server's memory, or in a block that becomes a part of it.
pub unsafe fn init(at: *mut Listener, server: *const Server, l: Kept<Loop>) {
    // SAFETY: the place is the listener's own; its reference to the loop is given back by `dispose` or `give_up`.
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

    /// Gives the listener its socket, before it comes to its loop.
    pub fn set_socket(&self, fd: c_int) {
        self.fd.set(fd);
        self.identity.set(sys_fd::identity(fd));
        self.kind.set(Kind::of(fd));
    }

    /// Whether the loop has the listener's channel.
    fn is_watched(&self, fd: c_int) -> bool {
        self.event_loop().registered(fd, &self.channel).is_some()
    }

    /// A server that runs was started again: the program may have taken the channel off the loop, and
    /// have another socket by now.
    pub fn renew(&self, acceptor: Option<&acceptor>) {
        if !self.is_watched(self.fd.get())
            && let Some(acceptor) = acceptor
            && self.fd.get() >= 0
        {
            // A bad number is reported by what adds it to the loop.
            sys_fd::set_nonblocking(acceptor.listen_fd.get());
            self.set_socket(acceptor.listen_fd.get());
        }
    }

    /// Accepts from now on; from another thread than the loop's that is queued. 0, or -1 with errno.
    pub fn watch(&self) -> c_int {
        let fd = self.fd.get();
        self.channel.fd.set(fd);
        if self.remote_loop().on_owner() {
            self.enlist();
        }
        // SAFETY: a live loop; the channel is taken off it before the listener's memory goes.
        unsafe { self.remote_loop().request_change(fd, &self.channel, posts::ADD) }.min(0)
    }

    /// Takes the channel off the loop.
    pub fn unwatch(&self, fd: c_int) {
        self.event_loop().remove_channel(fd, &self.channel);
    }

    /// The listener has come to its loop. What it returns kept the server until now.
    #[must_use]
    pub fn arrive(&self) -> Option<Kept<Server>> {
        match self.shared().state.get() {
            Life::Running if self.watch() == 0 => None,
            // The server's thread is about to take those who wait.
            Life::Stopping if !self.backlog.is_taken() => {
                self.enlist();
                None
            }
            // A socket that nobody accepts on would keep its share of the clients.
            _ => self.end(),
        }
    }

    /// Whether the number still names the socket. Any thread.
    pub fn is_open(&self) -> bool {
        self.identity.get().is_some() && sys_fd::identity(self.fd.get()) == self.identity.get()
    }

    /// Has the loop find the listener.
    pub fn enlist(&self) {
        listeners::add(self);
    }

    /// Accepts no more, and closes the socket unless its number has passed to somebody else.
    pub fn close(&self) {
        self.wait(Wait::No);
        listeners::remove(self);
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

    /// Closes the socket of a listener that never came to its loop, and forgets that loop.
    ///
    /// # Safety
    /// As for `dispose`.
    pub unsafe fn give_up(&self) {
        if self.is_open() {
            sys_fd::close(self.fd.get());
        }
        // SAFETY: a listener that is given up is never disposed of besides.
        unsafe { self.dispose() };
    }

    /// Lets go what the listener has.
    ///
    /// # Safety
    /// Once, at the end: the listener's loop may be gone afterwards.
    pub unsafe fn dispose(&self) {
        self.backlog.dispose();
        if let Some(l) = NonNull::new(self.l.get().cast::<Loop>()) {
            // SAFETY: the reference of `init`, which is given back once.
            drop(unsafe { Kept::from_raw(l) });
        }
    }

    /// Changes what the listener waits for, which its loop counts.
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

    /// Has the channel's events follow what the listener waits for.
    pub fn refresh(&self) {
        let ch = &self.channel;
        ch.events.set(if self.waits.get() == Wait::No { EVENT_READ } else { 0 });
        if self.is_watched(ch.fd.get()) {
            self.event_loop().update_channel(ch.fd.get(), ch);
        }
    }

    /// accept(2) fails: accepts nothing for a moment, instead of spinning. Clients wait in the kernel's queue.
    pub fn back_off(&self) {
        if self.waits.get() != Wait::BackOff {
            self.wait(Wait::BackOff);
            self.refresh();
        }
    }

    /// As many connections are open as may be: accepts nothing until one closes. False where one just has.
    pub fn wait_for_room(&self) -> bool {
        let full = !self.shared().has_room_after_notice();
        self.wait(if full { Wait::Room } else { Wait::No });
        self.refresh();
        full
    }

    /// Closes the listener, which stays where its loop finds it as long as it has clients. Otherwise it returns what
    /// kept the server: without that the listener's memory may go.
    #[must_use]
    pub fn end(&self) -> Option<Kept<Server>> {
        self.close();
        if self.backlog.is_empty() {
            return self.keeps.take();
        }
        self.enlist();
        None
    }

    /// Keeps the server's memory, and with it the listener's own, until `end`. False when it is kept too often.
    #[must_use]
    pub fn keep_server(&self) -> bool {
        let kept = self.server().keep();
        let is_kept = kept.is_some();
        self.keeps.set(kept);
        is_kept
    }

    /// Ends what `keep_server` began.
    #[must_use]
    pub fn take_server(&self) -> Option<Kept<Server>> {
        self.keeps.take()
    }
}
