//! Clients that wait in the kernel's queue when their server stops. Closing the socket would reset
//! them, so they are taken from it before; their listener's thread makes connections of them then.

use super::accept;
use super::life::Life;
use super::listener::{Listener, listeners};
use super::reserve::Turned;
use super::server_events::{self, ENDING};
use crate::reactor::event_loop::state::Loop;
use crate::sys::lock::Lock;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::c_int;
use std::ptr;

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

impl Listener {
    /// Takes the clients that wait on the listener's socket. On its server's thread, while that keeps it; the lock
    /// keeps the listener's own thread from closing the socket.
    pub fn take_backlog(&self) {
        let server = self.shared();
        let mut queue = self.backlog.0.lock();
        queue.taken = true;
        if !self.is_open() {
            return;
        }
        let fd = self.fd.get();
        for _ in 0..MOST {
            if !queue.has_room() {
                log_err!("no room for the clients that wait on socket {}", fd);
                break;
            }
            let client = sys_fd::accept(fd);
            if client >= 0 {
                let fate = match server.take_place() {
                    Some(place) => {
                        place.keep(server);
                        Fate::Serve
                    }
                    None => {
                        server.count();
                        Fate::Refuse
                    }
                };
                queue.push(Client { fd: client, fate });
                continue;
            }
            match (errno::get(), &server.reserve) {
                (libc::EMFILE | libc::ENFILE, Some(reserve)) => match reserve.turn_away(fd) {
                    Turned::Client => {}
                    Turned::Nobody | Turned::Failed => break,
                },
                (
                    libc::EAGAIN
                    | libc::EMFILE
                    | libc::ENFILE
                    | libc::ENOBUFS
                    | libc::ENOMEM
                    | libc::EBADF
                    | libc::EINVAL
                    | libc::ENOTSOCK,
                    _,
                ) => break,
                // That client is lost, others may wait.
                _ => {}
            }
        }
    }

    fn serve_one(&self) {
        match self.backlog.next() {
            Some(Client { fd, fate: Fate::Serve }) => accept::serve(self, fd),
            Some(Client { fd, fate: Fate::Refuse }) => accept::refuse(self, fd),
            None => {}
        }
    }

    /// Closes the clients that are left, whose time is up. Any thread that keeps the server.
    pub fn drop_backlog(&self) {
        while let Some(client) = self.backlog.next() {
            sys_fd::close(client.fd);
            self.shared().left();
        }
    }
}

impl Loop {
    /// Makes connections of the clients of the loop's listeners, some per pass.
    pub(super) fn serve_backlogs(&self) {
        let mut left = BATCH;
        // A callback may free any server, so the list is begun anew after each.
        while let Some(listener) = listeners(self).find(|listener| !listener.backlog.is_empty()) {
            if left == 0 {
                return server_events::call(self, ENDING);
            }
            let server = listener.server().keep();
            if server.life() == Life::Stopping {
                left -= 1;
                listener.serve_one();
            } else {
                listener.drop_backlog();
            }
        }
    }
}
