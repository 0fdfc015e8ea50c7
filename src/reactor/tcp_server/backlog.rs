//! Clients that wait in the kernel's queue when their server stops. Closing the socket would reset them, so they
//! are accepted first; the thread of their listener makes connections for them afterwards.

use super::accept;
use super::listener::Listener;
use super::loop_listeners;
use super::phase::Phase;
use super::reserve::Turned;
use super::server_events::{self, ENDING};
use crate::reactor::event_loop::state::Loop;
use crate::sys::lock::Lock;
use crate::sys::pool::array::Array;
use crate::sys::{errno, fd as sys_fd};
use libc::c_int;

/// The maximum number of clients that are accepted, because some may arrive faster.
const MOST: usize = 1 << 16;
/// The number of connections made for them per iteration.
const BATCH: u32 = 256;

#[derive(Clone, Copy)]
enum Action {
    Serve,
    /// The maximum number of connections was open.
    Refuse,
}

/// A client that is counted as a connection but isn't one yet.
#[derive(Clone, Copy)]
struct Client {
    fd: c_int,
    action: Action,
}

/// Clients in order.
struct Queue {
    /// The waiting clients were accepted, so the socket may be closed.
    taken: bool,
    clients: Array<Client>,
    /// The number of clients that were removed.
    first: usize,
}

// SAFETY: the queue owns the array's memory.
unsafe impl Send for Queue {}

impl Queue {
    const fn new() -> Queue {
        Queue { taken: false, clients: Array::new(), first: 0 }
    }

    /// Whether there is room for another client.
    fn has_room(&self) -> bool {
        self.clients.len() < MOST && self.clients.reserve(self.clients.len() + 1)
    }

    fn pop(&mut self) -> Option<Client> {
        let client = self.clients.get(self.first)?;
        self.first += 1;
        Some(client)
    }
}

/// A listener's backlog. The lock also keeps the socket open while another thread uses it.
pub struct Backlog(Lock<Queue>);

impl Backlog {
    pub const fn none() -> Backlog {
        Backlog(Lock::new(Queue::new()))
    }

    /// Runs `f` while no other thread closes the listener's socket or accepts its waiting clients.
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

    /// Frees the memory.
    pub fn dispose(&self) {
        self.0.lock().clients.clear();
    }
}

impl Listener {
    /// Accepts the clients that wait on the listener's socket. Called on its server's thread, which keeps the
    /// server; the lock prevents the listener's own thread from closing the socket.
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
                log_err!("no memory for the clients that wait on socket {}", fd);
                break;
            }
            let client = sys_fd::accept(fd);
            if client >= 0 {
                let action = match server.take_place() {
                    Some(place) => {
                        place.keep(server);
                        Action::Serve
                    }
                    None => {
                        server.count();
                        Action::Refuse
                    }
                };
                queue.clients.push(Client { fd: client, action });
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
                // This client is lost, but others may wait.
                _ => {}
            }
        }
    }

    fn serve_one(&self) {
        match self.backlog.next() {
            Some(Client { fd, action: Action::Serve }) => accept::serve(self, fd),
            Some(Client { fd, action: Action::Refuse }) => accept::refuse(self, fd),
            None => {}
        }
    }

    /// Closes the remaining clients, whose time is over. Any thread that keeps the server may call it.
    pub fn drop_backlog(&self) {
        while let Some(client) = self.backlog.next() {
            sys_fd::close(client.fd);
            self.shared().left();
        }
    }
}

impl Loop {
    /// Makes connections for the clients of the loop's listeners, a limited number per iteration.
    pub(super) fn serve_backlogs(&self) {
        let mut left = BATCH;
        // A callback may free any server, so the iteration over the list is restarted after each.
        while let Some(waiting) = loop_listeners::first_with_backlog(self) {
            if left == 0 {
                return server_events::notify(self, ENDING);
            }
            let listener = waiting.listener();
            if waiting.server.phase() == Phase::Stopping {
                left -= 1;
                listener.serve_one();
            } else {
                listener.drop_backlog();
            }
        }
    }
}
