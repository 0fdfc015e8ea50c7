//! Accepting clients and making connections for them.

use super::listener::Listener;
use super::phase::Phase;
use super::reserve::Turned;
use super::server_events::{self, ENDED};
use super::{Server, maker};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lifecycle::register;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;

/// The maximum number of connections accepted per iteration; further clients stay in the kernel's queue.
const BATCH: u32 = 256;

/// The read callback of a listening channel.
pub unsafe extern "C-unwind" fn on_acceptable(data: *mut c_void) -> c_int {
    // SAFETY: the channel's data is its listener, which is live as long as the channel is registered.
    let listener = unsafe { &*data.cast::<Listener>() };
    // The callbacks may free the server, and with it the listener.
    let Some(server) = listener.server().keep() else { return 0 };
    listener.enlist();
    // Before the server's phase is checked, so that a thread that stops the server sees either this or no client.
    let nested = listener.accepting.swap(true, SeqCst);
    for _ in 0..BATCH {
        if !listener.accept_one() || listener.event_loop().is_spent_now() {
            break;
        }
    }
    listener.accepting.store(nested, SeqCst);
    if !server.runs() {
        server_events::notify(server.shared.listeners.own.remote_loop(), ENDED);
    }
    0
}

impl Server {
    /// Whether the server accepts clients.
    fn runs(&self) -> bool {
        self.phase() == Phase::Running
    }

    /// Restores a lost reserve. False if there should be one and it can't be restored.
    fn keeps_reserve(&self) -> bool {
        let Some(reserve) = &self.shared.reserve else { return true };
        let kept = reserve.keep();
        self.give_up_after_end();
        kept
    }

    /// Refuses the next client of a listening socket for lack of descriptors.
    fn turn_away(&self, listening: c_int) -> Turned {
        let Some(reserve) = &self.shared.reserve else { return Turned::Failed };
        let turned = reserve.turn_away(listening);
        self.give_up_after_end();
        turned
    }

    /// Releases the reserve again if the server has ended meanwhile, which released only the old one.
    fn give_up_after_end(&self) {
        if !self.runs() {
            self.shared.give_up_reserve();
        }
    }

    /// Closes a client that doesn't become a connection, and releases its place.
    fn discard(&self, fd: c_int) {
        sys_fd::close(fd);
        self.shared.left();
    }

    fn discard_for_memory(&self, fd: c_int) {
        log_err!("no memory for the connection on socket {}", fd);
        self.discard(fd);
    }
}

impl Listener {
    /// Accepts the next client. False if there is none at the moment.
    fn accept_one(&self) -> bool {
        let server = self.server();
        let fd = self.channel.fd.get();
        if fd < 0 || !server.runs() {
            return false;
        }
        let Some(place) = server.shared.take_place() else {
            return !self.wait_for_room();
        };
        let client = sys_fd::accept(fd);
        if client < 0 {
            let e = errno::get();
            place.give_back(&server.shared);
            return self.goes_on_after(e);
        }
        place.keep(&server.shared);
        if server.has_ended() {
            // Another thread has ended the server meanwhile.
            server.discard(client);
            return false;
        }
        self.complained.set(false);
        self.failures.set(0);
        if !server.keeps_reserve() {
            // It used the reserve of another thread, or the last descriptor.
            server.discard(client);
            server.keeps_reserve();
            return true;
        }
        serve(self, client);
        true
    }

    /// Whether to continue after a failed accept(2).
    fn goes_on_after(&self, e: c_int) -> bool {
        let fd = self.channel.fd.get();
        match e {
            libc::EAGAIN => {
                self.failures.set(0);
                return false;
            }
            // The thread that ends the server shuts down the socket.
            _ if !self.server().runs() => return false,
            libc::EMFILE | libc::ENFILE => {
                self.complain(e);
                match self.server().turn_away(fd) {
                    Turned::Client => return true,
                    Turned::Nobody => return false,
                    Turned::Failed => (),
                }
            }
            // An error of one client is no reason to refuse the next (accept(2)).
            libc::EINTR
            | libc::ECONNABORTED
            | libc::EPROTO
            | libc::ENETDOWN
            | libc::ENOPROTOOPT
            | libc::EHOSTDOWN
            | libc::ENONET
            | libc::EHOSTUNREACH
            | libc::EOPNOTSUPP
            | libc::ENETUNREACH
            | libc::ETIMEDOUT => {
                self.failures.set(self.failures.get() + 1);
                if self.failures.get() < BATCH {
                    return true;
                }
                self.complain(e);
            }
            // It isn't a listening socket any more.
            libc::EBADF | libc::ENOTSOCK | libc::EINVAL => {
                log_err!("accept failed, socket == {}: {}", fd, errno::Text(e));
                self.unwatch(fd);
                return false;
            }
            // Out of memory, or forbidden (EACCES, EPERM): both may be temporary.
            e => self.complain(e),
        }
        self.failures.set(0);
        self.back_off();
        false
    }

    /// Logs once why no client is accepted, until one is.
    fn complain(&self, e: c_int) {
        if !self.complained.replace(true) {
            let fd = self.channel.fd.get();
            log_err!("can't accept on socket {}: {}", fd, errno::Text(e));
        }
    }

    /// The loop for a new connection. None if the server has ended in between.
    fn choose_loop(&self, client: c_int) -> Option<&RemoteLoop> {
        let server = self.server();
        if !ptr::eq(self, &server.shared.listeners.own) {
            // Each thread has its own socket: clients stay on the thread that accepted them.
            return Some(self.remote_loop());
        }
        server.choose_loop(client)
    }
}

/// Makes a connection for an accepted client, whose place is counted. The caller keeps the server.
pub fn serve(listener: &Listener, fd: c_int) {
    let server = listener.server();
    log_msg!("new connection established, socket == {}", fd);
    let Some(l) = listener.choose_loop(fd) else { return server.discard(fd) };
    let data = server.public.data.get();
    establish(listener, fd, l, data, |conn| {
        server.callbacks().give(conn);
        let given = *server.shared.settings.lock();
        conn.apply(&given)
    });
}

/// Closes a client of a server that is stopping, without calling the program, but not abruptly: without callbacks
/// the received bytes are read and dropped, and the connection ends like an idle one. The caller keeps the
/// server.
pub fn refuse(listener: &Listener, fd: c_int) {
    establish(listener, fd, listener.event_loop(), ptr::null_mut(), |_| true);
}

/// Makes a connection and registers it with its loop, which may be another thread's. `prepare` returns false if
/// out of memory.
fn establish(
    listener: &Listener,
    fd: c_int,
    l: &RemoteLoop,
    data: *mut c_void,
    prepare: impl FnOnce(&Connection) -> bool,
) {
    let server = listener.server();
    // SAFETY: the descriptor was accepted for this connection, and nothing else uses it.
    let conn = unsafe { register::create(fd, l, data, listener.kind.get()) };
    let Some(conn) = conn else { return server.discard_for_memory(fd) };
    if prepare(&conn)
        && let Some(kept) = server.keep()
    {
        conn.made_by.set(maker::made_by(kept));
        if register::hand_over(conn, true) {
            return;
        }
    }
    server.discard_for_memory(fd);
}
