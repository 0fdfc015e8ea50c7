//! Clients that wait in the kernel's queue when their server stops. Closing the socket would reset
//! them, so they are taken from it before; their listener's thread makes connections of them then.

use super::listener;
use super::server_events;
use super::{STOPPING, accept, limit};
use crate::abi::types::event_loop;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::tcp_server::listener::Listener;
use crate::reactor::tcp_server::reserve::Turned;
use crate::reactor::tcp_server::server_events::ENDING;
use crate::sys::lock::Lock;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::c_int;
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;

/// Clients that are taken at most: some may come faster than they are taken.
const MOST: usize = 1 << 16;
/// Connections made of them per pass.
const BATCH: u32 = 256;

#[derive(Clone, Copy)]
enum Fate {
    Serve,
    /// As many connections were open as may be.
    Refuse,
}

/// A client that is counted as a connection, but isn't one yet.
#[derive(Clone, Copy)]
struct Client {
    fd: c_int,
    fate: Fate,
}

/// Clients in their order.
struct Queue {
    /// Those who waited are here: the socket may be closed.
    taken: bool,
    clients: *mut Client,
    room: usize,
    first: usize,
    end: usize,
}

// SAFETY: the block is the queue's own.
unsafe impl Send for Queue {}

impl Queue {
    const NONE: Queue = Queue { taken: false, clients: ptr::null_mut(), room: 0, first: 0, end: 0 };

    /// Whether there is room for one more. It grows to hold MOST.
    fn has_room(&mut self) -> bool {
        if self.end < self.room {
            return true;
        }
        let room = (self.room * 2).max(64);
        if self.end >= MOST {
            return false;
        }
        let block = pool::alloc(room * size_of::<Client>()).cast::<Client>();
        if block.is_null() {
            return false;
        }
        // SAFETY: the new block is larger than the old one, of which `end` places are filled.
        unsafe { ptr::copy_nonoverlapping(self.clients, block, self.end) };
        self.dispose();
        (self.clients, self.room) = (block, room);
        true
    }

    fn push(&mut self, client: Client) {
        // SAFETY: `has_room` has made room.
        unsafe { self.clients.add(self.end).write(client) };
        self.end += 1;
    }

    fn pop(&mut self) -> Option<Client> {
        if self.first == self.end {
            return None;
        }
        self.first += 1;
        // SAFETY: a place that was filled.
        Some(unsafe { self.clients.add(self.first - 1).read() })
    }

    fn dispose(&mut self) {
        if !self.clients.is_null() {
            // SAFETY: the block has that size, and nobody else has it.
            unsafe { pool::free(self.clients.cast(), self.room * size_of::<Client>()) };
        }
    }
}

/// What a listener has of it. The lock also keeps the socket open while another thread uses it.
pub struct Backlog(Lock<Queue>);

impl Backlog {
    pub const fn none() -> Backlog {
        Backlog(Lock::new(Queue::NONE))
    }

    /// Does `f` while no other thread closes the listener's socket, or takes clients from it.
    pub fn while_open<R>(&self, f: impl FnOnce() -> R) -> R {
        let _queue = self.0.lock();
        f()
    }

    pub fn is_empty(&self) -> bool {
        let queue = self.0.lock();
        queue.first == queue.end
    }

    pub fn is_taken(&self) -> bool {
        self.0.lock().taken
    }

    fn next(&self) -> Option<Client> {
        self.0.lock().pop()
    }

    /// Lets the memory go.
    pub fn dispose(&self) {
        std::mem::replace(&mut *self.0.lock(), Queue::NONE).dispose();
    }
}

/// Takes the clients that wait on a listener's socket.
///
/// # Safety
/// A listener of a live server that accepts no more, on the server's thread.
pub unsafe fn take(listener: *mut Listener) {
    // SAFETY: the server is live, and its listeners with it; the lock keeps the listener's own thread from
    // closing the socket.
    unsafe {
        let server = (*listener).server.get();
        let mut queue = (*listener).backlog.0.lock();
        queue.taken = true;
        if !listener::is_open(listener) {
            return;
        }
        for _ in 0..MOST {
            if !queue.has_room() {
                log_err!("no room for the clients that wait on socket {}", (*listener).fd.get());
                break;
            }
            let fd = sys_fd::accept((*listener).fd.get());
            if fd >= 0 {
                let fate = match limit::take_place(server) {
                    Some(place) => {
                        place.keep(server);
                        Fate::Serve
                    }
                    None => {
                        (*server).live.fetch_add(1, SeqCst);
                        Fate::Refuse
                    }
                };
                queue.push(Client { fd, fate });
                continue;
            }
            match errno::get() {
                libc::EMFILE | libc::ENFILE if (*server).turns_away.get() => {
                    match (*server).reserve.turn_away((*listener).fd.get()) {
                        Turned::Client => {}
                        Turned::Nobody | Turned::Failed => break,
                    }
                }
                libc::EAGAIN
                | libc::EMFILE
                | libc::ENFILE
                | libc::ENOBUFS
                | libc::ENOMEM
                | libc::EBADF
                | libc::EINVAL
                | libc::ENOTSOCK => break,
                // That client is lost, others may wait.
                _ => {}
            }
        }
    }
}

/// Makes connections of the clients of a loop's listeners, some per pass.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn serve(l: *mut event_loop) {
    // SAFETY: a callback may free any server, so the list is begun anew after each; the reference
    // keeps the listener.
    unsafe {
        let mut left = BATCH;
        while let Some(listener) = first(l) {
            if left == 0 {
                return server_events::call(l, ENDING);
            }
            let server = (*listener).server.get();
            limit::hold(server);
            if (*server).state.load(SeqCst) == STOPPING {
                left -= 1;
                serve_one(listener);
            } else {
                drop_all(listener);
            }
            limit::release(server);
        }
    }
}

/// A listener of the loop that has clients.
unsafe fn first(l: *mut event_loop) -> Option<*mut Listener> {
    // SAFETY: listed listeners are live.
    unsafe {
        let mut listener = (*loop_of(l)).listeners.get();
        while !listener.is_null() {
            if !(*listener).backlog.is_empty() {
                return Some(listener);
            }
            listener = (*listener).next.get();
        }
        None
    }
}

unsafe fn serve_one(listener: *mut Listener) {
    // SAFETY: a listener of a live server on its loop's thread, kept by the caller.
    unsafe {
        match (*listener).backlog.next() {
            Some(Client { fd, fate: Fate::Serve }) => accept::serve(listener, fd),
            Some(Client { fd, fate: Fate::Refuse }) => accept::refuse(listener, fd),
            None => {}
        }
    }
}

/// Closes the clients that are left, whose time is up. Any thread.
///
/// # Safety
/// A listener of a server whose memory is kept.
pub unsafe fn drop_all(listener: *mut Listener) {
    // SAFETY: the server's memory is kept, and each of these clients was counted by `take`.
    unsafe {
        while let Some(client) = (*listener).backlog.next() {
            sys_fd::close(client.fd);
            limit::left((*listener).server.get());
        }
    }
}
