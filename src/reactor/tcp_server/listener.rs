//! A listening socket on a loop: watching it, pausing while nothing can be accepted, closing it.

use super::backlog;
use super::{RUNNING, STOPPING, Server, accept, limit};
use crate::abi::types::{EVENT_READ, acceptor, channel, event_loop};
use crate::reactor::event_loop::create::event_loop_add_channel_event;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::event_loop::registration;
use crate::reactor::event_loop::state;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::tcp_server::backlog::Backlog;
use crate::sys::fd as sys_fd;
use crate::sys::kind::Kind;
use libc::c_int;
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Belongs to the thread of its loop. Lives within its server's memory.
pub struct Listener {
    pub channel: channel,
    pub server: Cell<*mut Server>,
    /// The loop that accepts; its memory is kept.
    pub l: Cell<*mut event_loop>,
    /// Among the listeners of its loop, or of those that are to come to it.
    pub next: Cell<*mut Listener>,
    /// The socket's number and what it refers to, so that closing never hits a successor. They
    /// don't change while the listener has a loop.
    pub fd: Cell<c_int>,
    identity: Cell<Option<u64>>,
    /// Of the socket, and hence of those that it accepts.
    pub kind: Cell<Kind>,
    listed: Cell<bool>,
    /// It has a reference to its server, which may be freed on another thread than the loop's.
    keeps_server: Cell<bool>,
    /// Waits a moment, because accept(2) failed: descriptors may become free.
    pub resting: Cell<bool>,
    /// Waits for a connection to close.
    pub full: Cell<bool>,
    /// Said that accept(2) fails; silent until somebody was accepted again.
    pub complained: Cell<bool>,
    /// Clients that were lost one after the other while they were accepted.
    pub failures: Cell<u32>,
    /// Its thread is accepting: a stop isn't over meanwhile.
    pub accepting: AtomicBool,
    /// Clients that wait to be accepted when the server stops.
    pub backlog: Backlog,
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
            server: Cell::new(ptr::null_mut()),
            l: Cell::new(ptr::null_mut()),
            next: Cell::new(ptr::null_mut()),
            fd: Cell::new(-1),
            identity: Cell::new(None),
            kind: Cell::new(Kind::Stream),
            listed: Cell::new(false),
            keeps_server: Cell::new(false),
            resting: Cell::new(false),
            full: Cell::new(false),
            complained: Cell::new(false),
            failures: Cell::new(0),
            accepting: AtomicBool::new(false),
            backlog: Backlog::none(),
        }
    }
}

/// Makes a listener without a socket.
///
/// # Safety
/// `at` lies in the server's memory, and `l` is live.
pub unsafe fn init(at: *mut Listener, server: *mut Server, l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        at.write(Listener { server: Cell::new(server), l: Cell::new(l), ..Listener::none() });
        (*at).channel.eventReadCallback.set(Some(accept::on_acceptable));
        (*at).channel.data.set(at.cast());
        state::retain(l);
    }
}

/// Gives a listener its socket.
///
/// # Safety
/// A live listener that isn't on its loop.
pub unsafe fn set_socket(listener: *mut Listener, fd: c_int) {
    // SAFETY: as said.
    unsafe {
        (*listener).fd.set(fd);
        (*listener).identity.set(sys_fd::identity(fd));
        (*listener).kind.set(Kind::of(fd));
    }
}

/// A server that runs was started again: the program may have taken the channel off the loop, and
/// have another socket by now.
///
/// # Safety
/// On the loop's thread; `acceptor` is NULL or live.
pub unsafe fn renew(listener: *mut Listener, acceptor: *const acceptor) {
    // SAFETY: as said.
    unsafe {
        let ch = &raw mut (*listener).channel;
        let watched = state::channel_at((*listener).l.get(), (*listener).fd.get()) == ch;
        if !watched && !acceptor.is_null() && (*listener).fd.get() >= 0 {
            // A bad number is reported by what adds it to the loop.
            sys_fd::set_nonblocking((*acceptor).listen_fd.get());
            set_socket(listener, (*acceptor).listen_fd.get());
        }
    }
}

/// Accepts from now on. 0, or -1 with errno.
///
/// # Safety
/// On the loop's thread; elsewhere it is queued.
pub unsafe fn watch(listener: *mut Listener) -> c_int {
    // SAFETY: a live listener.
    unsafe {
        let fd = (*listener).fd.get();
        (*listener).channel.fd.set(fd);
        if on_owner((*listener).l.get()) {
            enlist(listener);
        }
        event_loop_add_channel_event((*listener).l.get(), fd, &raw mut (*listener).channel)
    }
}

/// The listener has come to its loop.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn arrive(listener: *mut Listener) {
    // SAFETY: as said.
    unsafe {
        match (*(*listener).server.get()).state.load(SeqCst) {
            RUNNING if watch(listener) == 0 => {}
            // The server's thread is about to take those who wait.
            STOPPING if !(*listener).backlog.is_taken() => enlist(listener),
            // A socket that nobody accepts on would keep its share of the clients.
            _ => end(listener),
        }
    }
}

/// Whether the number still names the socket.
///
/// # Safety
/// A live listener.
pub unsafe fn is_open(listener: *const Listener) -> bool {
    // SAFETY: as said; neither field changes any more.
    unsafe {
        (*listener).identity.get().is_some()
            && sys_fd::identity((*listener).fd.get()) == (*listener).identity.get()
    }
}

/// Has the loop find the listener.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn enlist(listener: *mut Listener) {
    // SAFETY: the list is this thread's.
    unsafe {
        if !(*listener).listed.replace(true) {
            let own = loop_of((*listener).l.get());
            (*listener).next.set((*own).listeners.get());
            (*own).listeners.set(listener);
        }
    }
}

unsafe fn unlist(listener: *mut Listener) {
    // SAFETY: the list is this thread's.
    unsafe {
        let own = loop_of((*listener).l.get());
        if (*listener).resting.replace(false) {
            (*own).resting.set((*own).resting.get() - 1);
        }
        if !(*listener).listed.replace(false) {
            return;
        }
        let mut link = (*own).listeners.as_ptr();
        while !(*link).is_null() && *link != listener {
            link = (**link).next.as_ptr();
        }
        if !(*link).is_null() {
            *link = (*listener).next.get();
        }
    }
}

/// Accepts no more, and closes the socket unless its number has passed to somebody else.
///
/// # Safety
/// On the loop's thread, or after that has ended.
pub unsafe fn close(listener: *mut Listener) {
    // SAFETY: a live listener.
    unsafe {
        unlist(listener);
        let ch = &raw mut (*listener).channel;
        let fd = (*listener).fd.get();
        if state::channel_at((*listener).l.get(), fd) == ch {
            (*ch).fd.set(fd);
            registration::remove((*listener).l.get(), fd, ch);
        }
        (*ch).fd.set(-1);
        (*listener).backlog.while_open(|| {
            if is_open(listener) {
                sys_fd::close(fd);
            }
        });
    }
}

/// Closes the socket of a listener that never came to its loop, and forgets that loop.
///
/// # Safety
/// Nobody else has the listener.
pub unsafe fn give_up(listener: *mut Listener) {
    // SAFETY: as said.
    unsafe {
        if is_open(listener) {
            sys_fd::close((*listener).fd.get());
        }
        state::release((*listener).l.get());
    }
}

/// Has the channel's events follow what the listener waits for.
unsafe fn refresh(listener: *mut Listener) {
    // SAFETY: a live listener on its loop's thread.
    unsafe {
        let ch = &raw mut (*listener).channel;
        let waits = (*listener).resting.get() || (*listener).full.get();
        (*ch).events.set(if waits { 0 } else { EVENT_READ });
        if state::channel_at((*listener).l.get(), (*ch).fd.get()) == ch {
            registration::update((*listener).l.get(), (*ch).fd.get(), ch);
        }
    }
}

/// accept(2) can't be had: accepts nothing for a moment, instead of spinning. Clients wait in the kernel's
/// queue.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn rest(listener: *mut Listener) {
    // SAFETY: as said.
    unsafe {
        if !(*listener).resting.replace(true) {
            (*loop_of((*listener).l.get()))
                .resting
                .set((*loop_of((*listener).l.get())).resting.get() + 1);
            refresh(listener);
        }
    }
}

/// Lets listeners that rested try again.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn wake_resting(l: *mut event_loop) {
    // SAFETY: listed listeners are live; an update takes none off the list.
    unsafe {
        (*loop_of(l)).resting.set(0);
        let mut listener = (*loop_of(l)).listeners.get();
        while !listener.is_null() {
            if (*listener).resting.replace(false) {
                refresh(listener);
            }
            listener = (*listener).next.get();
        }
    }
}

/// As many connections are open as may be: accepts nothing until one closes.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn wait_for_room(listener: *mut Listener) {
    // SAFETY: as said.
    unsafe {
        (*listener).full.set(true);
        if limit::has_room_after_notice((*listener).server.get()) {
            (*listener).full.set(false);
        }
        refresh(listener);
    }
}

/// Lets listeners go on for which there is room again.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn go_on(l: *mut event_loop) {
    // SAFETY: as in `wake_resting`.
    unsafe {
        let mut listener = (*loop_of(l)).listeners.get();
        while !listener.is_null() {
            if (*listener).full.get() {
                wait_for_room(listener);
            }
            listener = (*listener).next.get();
        }
    }
}

/// Closes a listener, which stays where its loop finds it as long as it has clients.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn end(listener: *mut Listener) {
    // SAFETY: a live listener, whose list only this thread changes.
    unsafe {
        close(listener);
        if (*listener).backlog.is_empty() {
            let_server_go(listener);
        } else {
            enlist(listener);
        }
    }
}

/// Keeps the server's memory, and with it the listener's own.
///
/// # Safety
/// A listener of a live server; nobody else has it.
pub unsafe fn keep_server(listener: *mut Listener) {
    // SAFETY: as said.
    unsafe {
        limit::hold((*listener).server.get());
        (*listener).keeps_server.set(true);
    }
}

/// Ends what `keep_server` began, if it did. The listener isn't used afterwards where nothing else keeps the
/// server.
///
/// # Safety
/// A listener in no list, on its loop's thread, or that hasn't come to its loop.
pub unsafe fn let_server_go(listener: *mut Listener) {
    // SAFETY: as said.
    unsafe {
        if (*listener).keeps_server.replace(false) {
            limit::release((*listener).server.get());
        }
    }
}

/// Closes the listeners of servers that accept no more.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn close_ending(l: *mut event_loop) {
    // SAFETY: listed listeners are live; closing takes just the one off the list.
    unsafe {
        let mut listener = (*loop_of(l)).listeners.get();
        while !listener.is_null() {
            let following = (*listener).next.get();
            match (*(*listener).server.get()).state.load(SeqCst) {
                ..=RUNNING => {}
                // The server's thread is about to take those who wait.
                STOPPING if !(*listener).backlog.is_taken() => {}
                _ => end(listener),
            }
            listener = following;
        }
    }
}

/// Closes all listeners of a loop that ends.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn close_all(l: *mut event_loop) {
    // SAFETY: closing takes a listener off the list.
    unsafe {
        while !(*loop_of(l)).listeners.get().is_null() {
            let listener = (*loop_of(l)).listeners.get();
            close(listener);
            backlog::drop_all(listener);
            let_server_go(listener);
        }
    }
}
