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
    eventLoop: *mut event_loop,
    next: *mut Client,
    previous: *mut Client,
    state: State,
    connectionCompletedCallBack: connection_completed_call_back,
    messageCallBack: message_call_back,
    writeCompletedCallBack: write_completed_call_back,
    connectionClosedCallBack: connection_closed_call_back,
    data: *mut c_void,
    failed: yolanda_client_failed_callback,
    failed_data: *mut c_void,
    settings: Settings,
    /// For a whole attempt, in milliseconds; 0: no limit.
    limit_ms: i64,
    backoff: Backoff,
    /// Attempts in a row that may fail; 0: any number. And how many did.
    attempts: c_int,
    failures: c_int,
    /// The time limit, the wait, or the report of a failure; 0: none.
    timer: u64,
    /// When the time is up (CLOCK_MONOTONIC, milliseconds).
    deadline: i64,
    job: *mut Job,
    /// The only address, where there is no name to look up.
    address: Address,
    /// One for each address; and how many of them were tried in this attempt.
    candidates: [Candidate; ADDRESSES],
    tried: usize,
    /// Why the last attempt, or address, failed.
    error: c_int,
    conn: *mut Connection,
    since: i64,
    text_len: usize,
}

impl Client {
    /// The address as the program gave it.
    ///
    /// # Safety
    /// A live client, which outlives the slice.
    unsafe fn text<'a>(client: *const Client) -> &'a [u8] {
        // SAFETY: the text was copied there, and never changes.
        unsafe { std::slice::from_raw_parts(client.add(1).cast(), (*client).text_len) }
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
        let first = (*loop_of(l)).clients;
        client.write(Client {
            eventLoop: l,
            next: first,
            previous: ptr::null_mut(),
            state: State::Idle,
            connectionCompletedCallBack: None,
            messageCallBack: None,
            writeCompletedCallBack: None,
            connectionClosedCallBack: None,
            data: ptr::null_mut(),
            failed: None,
            failed_data: ptr::null_mut(),
            settings,
            limit_ms: attempt::LIMIT_MS,
            backoff: Backoff::new(),
            attempts: 0,
            failures: 0,
            timer: 0,
            deadline: 0,
            job: ptr::null_mut(),
            address: Address::none(),
            candidates: array::from_fn(|_| Candidate::none()),
            tried: 0,
            error: 0,
            conn: ptr::null_mut(),
            since: 0,
            text_len: text.len(),
        });
        let name = client.add(1).cast::<u8>();
        ptr::copy_nonoverlapping(text.as_ptr(), name, text.len());
        name.add(text.len()).write(0);
        if !first.is_null() {
            (*first).previous = client;
        }
        (*loop_of(l)).clients = client;
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
        (*client).failures = 0;
        if (*client).conn.is_null() {
            (*client).state = State::Idle;
        } else {
            if (*client).state == State::Connected {
                tcp_connection::close_in_pass((*client).conn, libc::ECANCELED);
            }
            (*client).state = State::Closing;
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
        if !(*client).conn.is_null() {
            (*(*client).conn).owner = Owner::NOBODY;
        }
        let (previous, next) = ((*client).previous, (*client).next);
        if previous.is_null() {
            (*loop_of((*client).eventLoop)).clients = next;
        } else {
            (*previous).next = next;
        }
        if !next.is_null() {
            (*next).previous = previous;
        }
        pool::free(client.cast(), size((*client).text_len));
    }
}

/// Frees the clients of a loop that is being freed, after its connections have been closed.
///
/// # Safety
/// On the loop's thread; none of its callbacks is running.
pub unsafe fn free_all_of(l: *mut event_loop) {
    // SAFETY: as said.
    unsafe {
        while !(*loop_of(l)).clients.is_null() {
            free((*loop_of(l)).clients);
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
        (*client).timer = timers::start((*client).eventLoop, delay_ms, 0, on_time, client.cast());
        (*client).timer != 0
    }
}

/// Stops the client's timer, where it has one.
///
/// # Safety
/// As `arm`.
unsafe fn disarm(client: *mut Client) {
    // SAFETY: as said.
    unsafe {
        let timer = std::mem::replace(&mut (*client).timer, 0);
        if timer != 0 {
            timers::stop((*client).eventLoop, timer);
        }
    }
}
