//! The results of an attempt: a failure that is reported, a wait, or a connection and its end.

use super::{Client, Event, State};
use crate::abi::types::event_loop;
use crate::reactor::kept::Kept;
use crate::reactor::tcp_connection::kept::Fresh;
use crate::reactor::tcp_connection::lifecycle::register;
use crate::sys::address::{Address, Parsed};
use crate::sys::clock::now_ms;
use crate::sys::explained::{Lossy, explain};
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd};
use libc::{c_int, c_void};

impl Kept<Client> {
    /// Decides what follows a failure, and reports it to the program.
    pub(super) fn report(&self) {
        let e = self.error.get();
        log_msg!("client of {}: {}", self.name(), errno::Text(e));
        self.failures.set(self.failures.get().saturating_add(1));
        self.advance(Event::GiveUp);
        if self.attempts.get() == 0 || self.failures.get() < self.attempts.get() {
            self.wait();
        }
        if let Some(callback) = self.failed.callback.get() {
            let _data = self.failed.keep();
            errno::set(self.explain(e));
            // SAFETY: the program set the callback for this client together with the data, which isn't destroyed
            // while there is a reference to it.
            unsafe { callback(self.as_public(), e, self.failed.data.get()) };
        }
    }

    /// Names the address with the error.
    fn explain(&self, e: c_int) -> c_int {
        let text = self.text();
        match (e, Address::parse(text)) {
            (libc::ENOENT, Ok(Parsed::Name { host, .. })) => {
                explain!(e, "no such host: {}", Lossy(host))
            }
            _ => explain!(e, "{}: {}", Lossy(text), errno::Text(e)),
        }
    }

    /// Makes a connection from the socket that has won.
    pub(super) fn establish(&self, fd: c_int) {
        self.abandon();
        let Some(conn) = self.make_connection(fd) else {
            log_err!("no memory for the connection on socket {}", fd);
            sys_fd::close(fd);
            if !self.fail(libc::ENOMEM) {
                self.report();
            }
            return;
        };
        self.advance(Event::Establish);
        self.conn.set(Some(conn.as_ptr()));
        self.since.set(now_ms());
        self.failures.set(0);
        log_msg!("client of {}: connected, socket == {}", self.name(), fd);
        register::hand_over(conn, false);
    }
}

impl Client {
    /// Waits for the next attempt, if there is to be one.
    fn wait(&self) {
        if !self.backoff.is_on() {
            return;
        }
        if self.arm(self.backoff.next()) {
            self.advance(Event::Wait);
        } else {
            log_err!("client of {}: no memory to try again", self.name());
        }
    }

    fn make_connection(&self, fd: c_int) -> Option<Fresh> {
        let l = self.event_loop();
        // SAFETY: the client owns the socket.
        let conn = unsafe { register::create(fd, l, self.data.get(), Kind::of(fd)) }?;
        if !conn.apply(&self.settings.get()) {
            return None;
        }
        self.callbacks.give(&conn);
        if let Some(handlers) = self.handlers.get()
            && conn.set_handlers(&handlers).is_err()
        {
            return None;
        }
        conn.made_by.set(self.made_by());
        Some(conn)
    }
}

/// The client's timer, whose meaning depends on the client's state.
pub unsafe extern "C-unwind" fn on_time(_: *mut event_loop, _: u64, data: *mut c_void) {
    // SAFETY: the timer was started for its client, and is stopped before that is freed.
    let Some(client) = unsafe { &*data.cast::<Client>() }.keep() else { return };
    client.timer.set(0);
    let going = match client.state.get() {
        State::Waiting => client.begin(),
        // The answer may have arrived while the loop's thread was busy.
        State::Resolving
            if client.with_job(|job| job.is_some_and(|job| job.since_found().is_some())) =>
        {
            true
        }
        State::Resolving => client.fail(libc::ETIMEDOUT),
        State::Connecting => client.go_on(),
        _ => false,
    };
    if !going {
        client.report();
    }
}

/// The client's connection has ended. Its closed callback is called next, when the client's new state is already
/// visible. `received`: at least one byte was received.
pub fn ended(client: &Client, received: bool) {
    client.conn.set(None);
    let state = client.state.get();
    client.advance(Event::End);
    match state {
        State::Closing => {}
        State::Restarting => {
            if !client.begin() {
                log_err!("client of {}: no memory to start", client.name());
            }
        }
        _ => {
            // A server that accepts connections only to close them doesn't count as available.
            let lived = now_ms() - client.since.get();
            if received || lived >= client.backoff.longest() {
                client.backoff.reset();
            }
            client.wait();
        }
    }
}
