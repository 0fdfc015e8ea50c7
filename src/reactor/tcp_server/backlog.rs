//! Clients that wait in the kernel's queue when their server stops. Closing the socket would reset
//! them, so they are taken from it before; their listener's thread makes connections of them then.

use super::accept;
use super::life::Life;
use super::listener::Listener;
use super::listeners;
use super::reserve::Turned;
use super::server_events::{self, ENDING};
use crate::reactor::event_loop::state::Loop;
use crate::sys::lock::Lock;
use crate::sys::pool::array::Array;
use crate::sys::{errno, fd as sys_fd};
use libc::c_int;

/// Clients that are taken at most: some may come faster than they are taken.
const MOST: usize = 1 << 16;
/// Connections made of them per iteration.
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
    clients: Array<Client>,
    /// How many of them have left.
    first: usize,
}

// SAFETY: the array's memory is the queue's own.
unsafe impl Send for Queue {}

impl Queue {
    const fn new() -> Queue {
        Queue { taken: false, clients: Array::new(), first: 0 }
    }

    /// Whether there is room for one more.
    fn has_room(&self) -> bool {
        self.clients.len() < MOST && self.clients.reserve(self.clients.len() + 1)
    }

    fn pop(&mut self) -> Option<Client> {
        let client = self.clients.get(self.first)?;
        self.first += 1;
        Some(client)
    }
}

/// What a listener has of it. The lock also keeps the socket open while another thread uses it.
pub struct Backlog(Lock<Queue>);

impl Backlog {
    pub const fn none() -> Backlog {
        Backlog(Lock::new(Queue::new()))
    }

    /// Does `f` while no other thread closes the listener's socket, or takes clients from it.
    pub fn while_open<R>(&self, f: impl FnOnce() -> R) -> R {
        let _queue = self.0.lock();
        f()
    }

    pub fn is_empty(&self) -> bool {
        let queue = self.0.lock();
        queue.first == queue.clients.len()
    }

    pub fn is_taken(&self) -> bool {
        self.0.lock().taken
    }

    fn next(&self) -> Option<Client> {
        self.0.lock().pop()
    }

    /// Lets the memory go.
    pub fn dispose(&self) {
        self.0.lock().clients.clear();
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
                queue.clients.push(Client { fd: client, fate });
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
    /// Makes connections of the clients of the loop's listeners, some per iteration.
    pub(super) fn serve_backlogs(&self) {
        let mut left = BATCH;
        // A callback may free any server, so the list is begun anew after each.
        while let Some(waiting) = listeners::first_with_backlog(self) {
            if left == 0 {
                return server_events::call(self, ENDING);
            }
            let listener = waiting.listener();
            if waiting.server.life() == Life::Stopping {
                left -= 1;
                listener.serve_one();
            } else {
                listener.drop_backlog();
            }
        }
    }
}
