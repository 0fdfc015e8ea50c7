//! Clients: a connection that is made without blocking, and made again where that is wanted.
//!
//! `state` has the states of a client. `attempt` is one attempt from its beginning to its end, `candidate` an address
//! that is tried in it. `resolver` goes from a name to addresses: a look-up is a `job`, and threads of its own work on
//! it with `look_up`. `outcome` is what comes of an attempt, `backoff` says how long to wait for the next. `setters`
//! are what a program sets, `maker` is what the connection calls, `kept` says how long a client's memory stays.
//!
//! All of a client belongs to its loop's thread. Whatever may lead back to it (its timer, its channels, its
//! connection's owner, its job) is taken away when it is freed.
//!
//! Imports: abi, event_loop, kept, list, log, sync, sys, tcp_connection.

mod attempt;
mod backoff;
mod candidate;
mod job;
mod kept;
mod look_up;
mod maker;
mod outcome;
mod resolver;
mod setters;
mod state;

use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back, yolanda_client, yolanda_client_failed_callback,
};
use crate::log::CText;
use crate::reactor::client::backoff::Backoff;
use crate::reactor::client::candidate::Candidate;
use crate::reactor::client::job::Job;
use crate::reactor::client::maker::CLIENT;
use crate::reactor::client::state::{Event, State};
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::kept::Kept;
use crate::reactor::list::{Counting, KeptList, Link, places};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::lifecycle::ready;
use crate::reactor::tcp_connection::owner::{Header, Owner};
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::address::{Address, Parsed};
use crate::sys::pool::Bytes;
use libc::{c_int, c_void};
use std::array;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// Addresses of a host that are tried.
const ADDRESSES: usize = 8;

/// What a program gives a client for its connections.
#[derive(Clone, Copy)]
pub struct Callbacks {
    pub completed: connection_completed_call_back,
    pub message: message_call_back,
    pub write_completed: write_completed_call_back,
    pub closed: connection_closed_call_back,
}

pub struct Client {
    header: Header,
    refs: Cell<u32>,
    event_loop: NonNull<Loop>,
    link: Link,
    state: Cell<State>,
    callbacks: Callbacks,
    data: Cell<*mut c_void>,
    failed: Cell<yolanda_client_failed_callback>,
    failed_data: Cell<*mut c_void>,
    settings: Cell<Settings>,
    /// For a whole attempt, in milliseconds; 0: no limit.
    limit_ms: Cell<i64>,
    backoff: Backoff,
    /// Attempts in a row that may fail; 0: any number. And how many did.
    attempts: Cell<c_int>,
    failures: Cell<c_int>,
    /// The time limit, the wait, or the report of a failure; 0: none.
    timer: Cell<u64>,
    /// When the time is up (CLOCK_MONOTONIC, milliseconds).
    deadline: Cell<i64>,
    /// The look-up that the attempt waits for, or has its addresses from.
    job: Cell<Option<Kept<Job>>>,
    /// The only address, where there is no name to look up.
    address: Cell<Address>,
    /// One for each address; and how many of them were tried in this attempt.
    candidates: [Candidate; ADDRESSES],
    tried: Cell<usize>,
    /// Why the last attempt, or address, failed.
    error: Cell<c_int>,
    /// There is one in the states `Connected`, `Closing` and `Restarting`.
    conn: Cell<Option<NonNull<Connection>>>,
    since: Cell<i64>,
    /// The address as the program gave it, and a NUL.
    text: Bytes,
}

/// Whether a client can connect to this: a host or a path, and a port.
fn check(text: &[u8]) -> Result<(), c_int> {
    match Address::parse(text)? {
        Parsed::Socket(address) if address.port() == Some(0) => Err(libc::EINVAL),
        Parsed::Any(_) | Parsed::Name { port: 0, .. } => Err(libc::EINVAL),
        _ => Ok(()),
    }
}

impl Client {
    /// Makes an idle client and enters it in its loop's list, which keeps it until it is freed. The error is an errno.
    pub fn create(l: &Loop, text: &[u8], callbacks: Callbacks) -> Result<NonNull<Client>, c_int> {
        check(text)?;
        let mut copy = Bytes::new();
        copy.append(text).and_then(|()| copy.append(b"\0")).ok_or(libc::ENOMEM)?;
        let client = Client {
            header: Header::new(&CLIENT),
            refs: Cell::new(1),
            event_loop: NonNull::from(l),
            link: Link::new(),
            state: Cell::new(State::Idle),
            callbacks,
            data: Cell::new(ptr::null_mut()),
            failed: Cell::new(None),
            failed_data: Cell::new(ptr::null_mut()),
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
        Ok(Client::place(client).ok_or(libc::ENOMEM)?.list())
    }

    /// The client behind a public pointer; None for NULL.
    ///
    /// # Safety
    /// `create` made it, and it isn't freed during all of `'a`.
    pub unsafe fn from_public<'a>(client: *mut yolanda_client) -> Option<&'a Client> {
        // SAFETY: the public type is a name for pointers to clients.
        unsafe { client.cast::<Client>().as_ref() }
    }

    /// The pointer that C has.
    fn as_public(&self) -> *mut yolanda_client {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// The loop, on its thread.
    fn event_loop(&self) -> &Loop {
        debug_assert!(self.is_mine());
        // SAFETY: a loop frees its clients before its memory goes, and calls nothing of theirs afterwards.
        unsafe { self.event_loop.as_ref() }
    }

    fn remote_loop(&self) -> &RemoteLoop {
        // SAFETY: a loop frees its clients before its memory goes.
        unsafe { RemoteLoop::from_c(self.event_loop.as_ptr().cast()) }
    }

    /// Whether the calling thread may use the client.
    pub fn is_mine(&self) -> bool {
        self.remote_loop().on_owner()
    }

    /// The address as the program gave it.
    fn text(&self) -> &[u8] {
        self.text.bytes().strip_suffix(b"\0").unwrap_or_default()
    }

    /// The same for log lines.
    fn name(&self) -> CText {
        CText(self.text.as_ptr().cast())
    }

    /// Does `f` with the look-up that the attempt waits for, or has its addresses from.
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

    /// Begins to connect, or does so as soon as the old connection has closed. The error is an errno.
    pub fn start(&self) -> Result<(), c_int> {
        match self.state.get() {
            State::Idle => {}
            State::Closing => {
                self.advance(Event::Restart);
                self.backoff.reset();
                return Ok(());
            }
            State::Connected => return Err(libc::EISCONN),
            _ => return Err(libc::EALREADY),
        }
        self.failures.set(0);
        self.backoff.reset();
        if self.begin() { Ok(()) } else { Err(libc::ENOMEM) }
    }

    /// Ends all that the client does; its connection is closed in the iteration. The error is an errno.
    pub fn stop(&self) -> Result<(), c_int> {
        if !self.is_active() {
            return Err(libc::EALREADY);
        }
        self.halt();
        Ok(())
    }

    /// Whether the client has a connection, or is going to try for one.
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
        // SAFETY: a connection that closes takes itself from its client (`outcome::ended`) before it can be freed.
        self.conn.get().map(|conn| unsafe { conn.as_ref() })
    }

    /// What is left afterwards is the connection, which still has to tell when it has ended.
    fn halt(&self) {
        self.abandon();
        self.failures.set(0);
        if let Some(conn) = self.connection() {
            ready::close_in_pass(conn, CloseReason::Canceled);
        }
        self.advance(Event::Stop);
    }

    /// The connection goes on to its end alone.
    fn leave_connection(&self) {
        if let Some(conn) = self.unfinished() {
            conn.owner.set(Owner::NOBODY);
            self.conn.set(None);
        }
    }

    /// Starts the client's only timer. False when memory is out.
    fn arm(&self, delay_ms: i64) -> bool {
        self.disarm();
        let data = ptr::from_ref(self).cast_mut().cast();
        self.timer.set(self.event_loop().start_timer(delay_ms, 0, Some(outcome::on_time), data));
        self.timer.get() != 0
    }

    /// Stops the client's timer, where it has one.
    fn disarm(&self) {
        let timer = self.timer.replace(0);
        if timer != 0 {
            self.event_loop().stop_timer(timer);
        }
    }

    /// The list that the client is in.
    fn clients(&self) -> &KeptList<OfLoop> {
        clients(self.event_loop())
    }
}

places! {
    /// The clients of a loop.
    enum OfLoop: KeptList<Client> by link, kept by Counting, in clients;
}

/// Frees the clients of a loop that is being freed, after its connections have been closed.
pub fn free_all(l: &Loop) {
    while let Some(client) = clients(l).first() {
        client.free();
    }
    resolver::forget_all_of(l);
}
