//! Clients: connections that are made without blocking, and optionally made again.
//!
//! `state` has the states of a client. `attempt` is one attempt, `candidate` an address that is tried in it.
//! `resolver` turns a name into addresses: a look-up is a `job`, on which resolver threads work with `look_up`.
//! `outcome` handles the result of an attempt, `failed` is the callback for failures, `backoff` computes the wait before the next. `setters` has the
//! functions for a program's settings, `maker` those that the connection calls, and `kept` counts the references
//! to a client's memory.
//!
//! A client belongs to its loop's thread. Everything that refers to it (its timer, its channels, its connection's
//! owner, its job) is cleared when it is freed.
//!
//! Imports: abi, event_loop, kept, list, log, sync, sys, tcp_connection.

mod attempt;
mod backoff;
mod candidate;
mod failed;
mod job;
mod kept;
mod look_up;
mod maker;
mod outcome;
mod resolver;
mod setters;
mod state;

use crate::abi::types::yolanda_client;
use crate::log;
use crate::reactor::client::backoff::Backoff;
use crate::reactor::client::candidate::Candidate;
use crate::reactor::client::failed::Failed;
use crate::reactor::client::job::Job;
use crate::reactor::client::maker::CLIENT;
use crate::reactor::client::state::{Event, State};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::roster::{Placed, Roster};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::{Kept, Slot};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::handlers::Handlers;
use crate::reactor::tcp_connection::lifecycle::ready;
use crate::reactor::tcp_connection::maker::{Header, MadeBy};
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::address::{Address, Parsed};
use crate::sys::explained::{Lossy, explain};
use crate::sys::pool::Bytes;
use libc::{c_int, c_void};
use std::array;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// The maximum number of a host's addresses that are tried.
const ADDRESSES: usize = 8;

pub struct Client {
    header: Header,
    refs: Cell<u32>,
    event_loop: NonNull<Loop>,
    /// Its position in the table of its loop's clients, counted from 1; 0 if it isn't there.
    place: Cell<u32>,
    state: Cell<State>,
    callbacks: Callbacks,
    /// Callbacks with data, which go before the others.
    handlers: Slot<Handlers>,
    data: Cell<*mut c_void>,
    failed: Failed,
    settings: Cell<Settings>,
    /// For a whole attempt, in milliseconds; 0 means no limit.
    limit_ms: Cell<i64>,
    backoff: Backoff,
    /// The maximum number of failed attempts in a row, 0 for any number; and how many have failed.
    attempts: Cell<c_int>,
    failures: Cell<c_int>,
    /// For the time limit, the wait, or the report of a failure; 0 if there is none.
    timer: Cell<u64>,
    /// When the time limit is reached (CLOCK_MONOTONIC, milliseconds).
    deadline: Cell<i64>,
    /// The look-up for which the attempt waits, or which has its addresses.
    job: Cell<Option<Kept<Job>>>,
    /// The only address, if there is no name to look up.
    address: Cell<Address>,
    /// One for each address; and the number of those that were tried in this attempt.
    candidates: [Candidate; ADDRESSES],
    tried: Cell<usize>,
    /// Why the last attempt or address failed.
    error: Cell<c_int>,
    /// Set in the states `Connected`, `Closing` and `Restarting`.
    conn: Cell<Option<NonNull<Connection>>>,
    since: Cell<i64>,
    /// The address as the program passed it, followed by a NUL.
    text: Bytes,
}

/// Whether a client can connect to this address: a host and a port, or a path.
fn check(text: &[u8]) -> Result<(), c_int> {
    let fits = match Address::parse(text) {
        Ok(Parsed::Socket(address)) => address.port() != Some(0),
        Ok(Parsed::Name { port, .. }) => port != 0,
        Ok(Parsed::Any(_)) => false,
        Err(e) => return Err(explain!(e, "not an address: \"{}\"", Lossy(text))),
    };
    fits.then_some(())
        .ok_or_else(|| explain!(libc::EINVAL, "no address to connect to: \"{}\"", Lossy(text)))
}

impl Client {
    /// Makes an idle client and adds it to its loop's table, which keeps it until it is freed. The error is an errno
    /// value.
    pub fn create(l: &Loop, text: &[u8], callbacks: Callbacks) -> Result<NonNull<Client>, c_int> {
        check(text)?;
        let mut copy = Bytes::new();
        copy.append(text).and_then(|()| copy.append(b"\0")).ok_or(libc::ENOMEM)?;
        let client = Client {
            header: Header::new(&CLIENT),
            refs: Cell::new(1),
            event_loop: NonNull::from(l),
            place: Cell::new(0),
            state: Cell::new(State::Idle),
            callbacks,
            handlers: Slot::empty(),
            data: Cell::new(ptr::null_mut()),
            failed: Failed::none(),
            settings: Cell::new(Settings { nodelay: true, ..Settings::DEFAULT }),
            limit_ms: Cell::new(attempt::LIMIT_MS),
            backoff: Backoff::new(),
            attempts: Cell::new(0),
            failures: Cell::new(0),
            timer: Cell::new(0),
            deadline: Cell::new(0),
            job: Cell::new(None),
            address: Cell::new(Address::none()),
            candidates: array::from_fn(|_| Candidate::none()),
            tried: Cell::new(0),
            error: Cell::new(0),
            conn: Cell::new(None),
            since: Cell::new(0),
            text: copy,
        };
        Client::place(client).and_then(Kept::list).ok_or(libc::ENOMEM)
    }

    /// The client behind a public pointer. None for NULL.
    ///
    /// # Safety
    /// `create` made it, and it isn't freed during `'a`.
    pub unsafe fn from_public<'a>(client: *mut yolanda_client) -> Option<&'a Client> {
        // SAFETY: the public type stands for pointers to clients.
        unsafe { client.cast::<Client>().as_ref() }
    }

    /// The pointer for C.
    fn as_public(&self) -> *mut yolanda_client {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The loop, on its thread.
    fn event_loop(&self) -> &Loop {
        debug_assert!(self.is_mine());
        // SAFETY: a loop frees its clients before its memory is freed, and doesn't use them afterwards.
        unsafe { self.event_loop.as_ref() }
    }

    fn remote_loop(&self) -> &RemoteLoop {
        // SAFETY: a loop frees its clients before its memory is freed.
        unsafe { RemoteLoop::from_c(self.event_loop.as_ptr().cast()) }
    }

    /// Whether the calling thread may use the client.
    pub fn is_mine(&self) -> bool {
        self.remote_loop().on_owner()
    }

    /// The address as the program passed it.
    fn text(&self) -> &[u8] {
        self.text.bytes().strip_suffix(b"\0").unwrap_or_default()
    }

    /// The same for log lines.
    fn name(&self) -> log::Bytes<'_> {
        log::Bytes(self.text())
    }

    /// Calls `f` with the look-up for which the attempt waits, or which has its addresses.
    fn with_job<R>(&self, f: impl FnOnce(Option<&Job>) -> R) -> R {
        let job = self.job.take();
        let result = f(job.as_deref());
        self.job.set(job);
        result
    }

    fn advance(&self, event: Event) {
        let next = self.state.get().after(event);
        debug_assert!(next.is_some(), "{event:?} in {:?}", self.state.get());
        self.state.set(next.unwrap_or(self.state.get()));
    }

    /// Begins to connect, or will as soon as the old connection has closed. The error is an errno value.
    pub fn start(&self) -> Result<(), c_int> {
        match self.state.get() {
            State::Idle => {}
            State::Closing => {
                self.advance(Event::Restart);
                self.backoff.reset();
                return Ok(());
            }
            State::Connected => return Err(explain!(libc::EISCONN, "the client is connected")),
            _ => return Err(explain!(libc::EALREADY, "the client is connecting, or waits to")),
        }
        self.failures.set(0);
        self.backoff.reset();
        if self.begin() { Ok(()) } else { Err(libc::ENOMEM) }
    }

    /// Ends all of the client's work. Its connection is closed in the iteration. The error is an errno value.
    pub fn stop(&self) -> Result<(), c_int> {
        if !self.is_active() {
            return Err(libc::EALREADY);
        }
        self.halt();
        Ok(())
    }

    /// Whether the client has a connection, or will try to make one.
    pub fn is_active(&self) -> bool {
        self.state.get().is_active()
    }

    /// The connection, until it is closing.
    pub fn connection(&self) -> Option<&Connection> {
        if self.state.get() != State::Connected {
            return None;
        }
        self.unfinished()
    }

    /// The connection, until its closed callback.
    fn unfinished(&self) -> Option<&Connection> {
        // SAFETY: a connection removes itself from its client when it closes (`outcome::ended`), before it can be
        // freed.
        self.conn.get().map(|conn| unsafe { conn.as_ref() })
    }

    /// Ends everything except the connection, whose end is still to be reported.
    fn halt(&self) {
        self.abandon();
        self.failures.set(0);
        if let Some(conn) = self.connection() {
            ready::close_in_iteration(conn, CloseReason::Canceled);
        }
        self.advance(Event::Stop);
    }

    /// Separates the connection from the client.
    fn leave_connection(&self) {
        if let Some(conn) = self.unfinished() {
            conn.made_by.set(MadeBy::NOBODY);
            self.conn.set(None);
        }
    }

    /// Starts the client's only timer. False if out of memory.
    fn arm(&self, delay_ms: i64) -> bool {
        self.disarm();
        let data = ptr::from_ref(self).cast_mut().cast();
        self.timer.set(self.event_loop().start_timer(delay_ms, 0, Some(outcome::on_time), data));
        self.timer.get() != 0
    }

    /// Stops the client's timer, if it has one.
    fn disarm(&self) {
        let timer = self.timer.replace(0);
        if timer != 0 {
            self.event_loop().stop_timer(timer);
        }
    }

    /// The table that contains the client.
    fn clients(&self) -> Roster<'_, Client> {
        clients(self.event_loop())
    }
}

// SAFETY: the table keeps the clients in it. A caller that removes a client has its own reference, and `last` is
// called to take one.
unsafe impl Placed for Client {
    fn place(&self) -> &Cell<u32> {
        &self.place
    }
}

/// The clients of a loop, which has a reference to each.
fn clients(l: &Loop) -> Roster<'_, Client> {
    // SAFETY: only this function uses the table.
    unsafe { l.clients.of() }
}

/// Frees the clients of a loop that is being freed, after its connections have been closed.
pub fn free_all(l: &Loop) {
    while let Some(client) = clients(l).last(Client::keep).flatten() {
        client.free();
    }
    resolver::forget_all_of(l);
}
