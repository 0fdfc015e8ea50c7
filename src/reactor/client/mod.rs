//! Clients: a connection that is made without blocking, and made again where that is wanted.
//!
//! `exports` and `setters` are the C side, `attempt` is one attempt from its beginning to its end,
//! `candidate` an address that is tried in it; `resolver` goes from a name to addresses, on threads
//! that call getaddrinfo(3) (`look_up`); `outcome` is what comes of an attempt, `backoff` tells how long
//! to wait.
//!
//! All of a client belongs to its loop's thread. Whatever may lead back to it (its timer, its
//! channels, its connection's owner, its job) is taken away when it is freed; and its own code looks
//! at it no more once it has called the program, which may have freed it.

mod attempt;
mod backoff;
mod candidate;
mod exports;
mod look_up;
mod outcome;
mod resolver;
mod setters;

pub use crate::reactor::client::exports::*;
pub use crate::reactor::client::outcome::ended;
pub use crate::reactor::client::resolver::Job;
pub use crate::reactor::client::setters::*;

use super::tcp_connection;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, event_loop, message_call_back,
    write_completed_call_back, yolanda_client_failed_callback,
};
use crate::log::CText;
use crate::reactor::client::backoff::Backoff;
use crate::reactor::client::candidate::Candidate;
use crate::reactor::event_loop::state::of as loop_of;
use crate::reactor::event_loop::timers;
use crate::reactor::tcp_connection::settings::Settings;
use crate::reactor::tcp_connection::{Connection, Owner};
use crate::sys::address::Address;
use crate::sys::pool;
use libc::{c_int, c_void};
use std::cell::Cell;
use std::{array, ptr};

/// Addresses of a host that are tried.
const ADDRESSES: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not started, stopped, given up, or the connection has ended and no other is wanted.
    Idle,
    /// The name is being looked up.
    Resolving,
    /// Sockets are on their way.
    Connecting,
    /// An attempt failed; the program hears of it in the pass.
    Failed,
    /// For the next attempt.
    Waiting,
    Connected,
    /// Stopped, but the connection's closed callback is still to come.
    Closing,
    /// The same, and started again: it begins after that callback.
    Restarting,
}

/// The text of the address stands behind the struct, with a NUL.
pub struct Client {
    eventLoop: Cell<*mut event_loop>,
    next: Cell<*mut Client>,
    previous: Cell<*mut Client>,
    state: Cell<State>,
    connectionCompletedCallBack: Cell<connection_completed_call_back>,
    messageCallBack: Cell<message_call_back>,
    writeCompletedCallBack: Cell<write_completed_call_back>,
    connectionClosedCallBack: Cell<connection_closed_call_back>,
    data: Cell<*mut c_void>,
    failed: Cell<yolanda_client_failed_callback>,
    failed_data: Cell<*mut c_void>,
    settings: Settings,
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
    job: Cell<*mut Job>,
    /// The only address, where there is no name to look up.
    address: Address,
    /// One for each address; and how many of them were tried in this attempt.
    candidates: [Candidate; ADDRESSES],
    tried: Cell<usize>,
    /// Why the last attempt, or address, failed.
    error: Cell<c_int>,
    conn: Cell<*mut Connection>,
    since: Cell<i64>,
    text_len: Cell<usize>,
}

impl Client {
    /// The address as the program gave it.
    ///
    /// # Safety
    /// A live client, which outlives the slice.
    unsafe fn text<'a>(client: *const Client) -> &'a [u8] {
        // SAFETY: the text was copied there, and never changes.
        unsafe { std::slice::from_raw_parts(client.add(1).cast(), (*client).text_len.get()) }
    }

    /// The same for log lines.
    ///
    /// # Safety
    /// As `text`.
    unsafe fn name(client: *const Client) -> CText {
        // SAFETY: a NUL stands behind the text.
        CText(unsafe { client.add(1) }.cast())
    }
}

/// The size of a client's block.
fn size(text_len: usize) -> usize {
    size_of::<Client>() + text_len + 1
}

/// Makes an idle client and enters it in its loop's list; NULL when memory is out.
///
/// # Safety
/// On the loop's thread.
unsafe fn create(l: *mut event_loop, text: &[u8], settings: Settings) -> *mut Client {
    // SAFETY: the block is checked, and has room for the text behind the struct.
    unsafe {
        let client = pool::alloc(size(text.len())).cast::<Client>();
        if client.is_null() {
            return client;
        }
        let first = (*loop_of(l)).clients.get();
        client.write(Client {
            eventLoop: Cell::new(l),
            next: Cell::new(first),
            previous: Cell::new(ptr::null_mut()),
            state: Cell::new(State::Idle),
            connectionCompletedCallBack: Cell::new(None),
            messageCallBack: Cell::new(None),
            writeCompletedCallBack: Cell::new(None),
            connectionClosedCallBack: Cell::new(None),
            data: Cell::new(ptr::null_mut()),
            failed: Cell::new(None),
            failed_data: Cell::new(ptr::null_mut()),
            settings,
            limit_ms: Cell::new(attempt::LIMIT_MS),
            backoff: Backoff::new(),
            attempts: Cell::new(0),
            failures: Cell::new(0),
            timer: Cell::new(0),
            deadline: Cell::new(0),
            job: Cell::new(ptr::null_mut()),
            address: Address::none(),
            candidates: array::from_fn(|_| Candidate::none()),
            tried: Cell::new(0),
            error: Cell::new(0),
            conn: Cell::new(ptr::null_mut()),
            since: Cell::new(0),
            text_len: Cell::new(text.len()),
        });
        let name = client.add(1).cast::<u8>();
        ptr::copy_nonoverlapping(text.as_ptr(), name, text.len());
        name.add(text.len()).write(0);
        if !first.is_null() {
            (*first).previous.set(client);
        }
        (*loop_of(l)).clients.set(client);
        client
    }
}

/// Ends all that a client does; its connection is closed in the pass. What is left of it is the
/// connection, which still has to tell when it has ended.
///
/// # Safety
/// A live client on its loop's thread.
unsafe fn halt(client: *mut Client) {
    // SAFETY: as said.
    unsafe {
        attempt::abandon(client);
        (*client).failures.set(0);
        if (*client).conn.get().is_null() {
            (*client).state.set(State::Idle);
        } else {
            if (*client).state.get() == State::Connected {
                tcp_connection::close_in_pass((*client).conn.get(), libc::ECANCELED);
            }
            (*client).state.set(State::Closing);
        }
    }
}

/// Frees a client. Its connection goes on to its end alone.
///
/// # Safety
/// A live client on its loop's thread; nobody uses it any more.
unsafe fn free(client: *mut Client) {
    // SAFETY: whatever led to the client is taken away first.
    unsafe {
        halt(client);
        if !(*client).conn.get().is_null() {
            (*(*client).conn.get()).owner.set(Owner::NOBODY);
        }
        let (previous, next) = ((*client).previous.get(), (*client).next.get());
        if previous.is_null() {
            (*loop_of((*client).eventLoop.get())).clients.set(next);
        } else {
            (*previous).next.set(next);
        }
        if !next.is_null() {
            (*next).previous.set(previous);
        }
        pool::free(client.cast(), size((*client).text_len.get()));
    }
}

/// Frees the clients of a loop that is being freed, after its connections have been closed.
///
/// # Safety
/// On the loop's thread; none of its callbacks is running.
pub unsafe fn free_all_of(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        while !(*loop_of(l)).clients.get().is_null() {
            free((*loop_of(l)).clients.get());
        }
        resolver::forget_all_of(l);
    }
}

/// Starts the client's only timer. False when memory is out.
///
/// # Safety
/// A live client on its loop's thread.
unsafe fn arm(client: *mut Client, delay_ms: i64) -> bool {
    // SAFETY: the timer is stopped before the client is freed.
    unsafe {
        disarm(client);
        let on_time = Some(outcome::ON_TIME);
        (*client).timer.set(timers::start(
            (*client).eventLoop.get(),
            delay_ms,
            0,
            on_time,
            client.cast(),
        ));
        (*client).timer.get() != 0
    }
}

/// Stops the client's timer, where it has one.
///
/// # Safety
/// As `arm`.
unsafe fn disarm(client: *mut Client) {
    // SAFETY: as said.
    unsafe {
        let timer = (*client).timer.replace(0);
        if timer != 0 {
            timers::stop((*client).eventLoop.get(), timer);
        }
    }
}
