//! One attempt: from a name to addresses, from those to a connected socket.
//!
//! The addresses are tried as RFC 8305 has it: the next one when one has failed, or beside those
//! that are on their way when nothing has come of them for a while. The first that connects wins.

use super::candidate;
use super::{ADDRESSES, Client, State, arm, disarm, resolver};
use crate::reactor::client::candidate::{Candidate, Way};
use crate::reactor::client::outcome::{establish, report};
use crate::reactor::event_loop::iteration;
use crate::sys::address::{Address, Parsed};
use crate::sys::errno;
use libc::c_int;
use std::ptr;

/// For resolving and connecting, unless the program sets another.
pub const LIMIT_MS: i64 = 30_000;

/// Between the beginnings of two addresses (RFC 8305, section 5), and the least where the limit is
/// too short for that.
const DELAY_MS: i64 = 250;
const LEAST_DELAY_MS: i64 = 10;

/// Begins an attempt. What comes of it the program hears in a later pass. False when memory is out:
/// then the client is idle.
///
/// # Safety
/// A live client that has neither an attempt nor a connection, on its loop's thread.
pub unsafe fn begin(client: *mut Client) -> bool {
    // SAFETY: the client is live on its loop's thread, which alone changes it.
    unsafe {
        let limit = (*client).limit_ms.get();
        (*client).deadline.set(iteration::now_ms().saturating_add(limit));
        (*client).error.set(libc::EHOSTUNREACH);
        (*client).tried.set(0);
        match Address::parse(Client::text(client)) {
            Ok(Parsed::Socket(address)) => {
                (*client).address = address;
                connect(client)
            }
            Ok(Parsed::Name { host, .. }) => {
                (*client).job.set(resolver::ask((*client).eventLoop.get(), client, host));
                if (*client).job.get().is_null() {
                    return fail(client, errno::get());
                }
                (*client).state.set(State::Resolving);
                limit == 0 || arm(client, limit) || give_up(client)
            }
            // It was good when the client was made: the interface of its scope has gone.
            _ => fail(client, libc::ENODEV),
        }
    }
}

/// The name was looked up.
///
/// # Safety
/// A live client that waits for its job, on its loop's thread, within a pass.
pub unsafe fn resolved(client: *mut Client) {
    // SAFETY: the client is live on its loop's thread, which alone changes it.
    unsafe {
        // What the answer had to wait for the loop's thread isn't the addresses' loss.
        (*client).deadline.set(
            (*client).deadline.get() + resolver::since_found((*client).job.get()).unwrap_or(0),
        );
        let e = (*(*client).job.get()).error;
        let going = if e == 0 { connect(client) } else { fail(client, e) };
        if !going {
            report(client);
        }
    }
}

/// The addresses that haven't been tried.
unsafe fn left(client: *const Client) -> usize {
    // SAFETY: a live client; a job that has arrived belongs to it alone.
    unsafe {
        let count = if (*client).job.get().is_null() { 1 } else { (*(*client).job.get()).count };
        count - (*client).tried.get().min(count)
    }
}

unsafe fn address(client: *const Client, i: usize) -> Address {
    // SAFETY: a live client; a job that has arrived belongs to it alone, and `i` is below its count.
    unsafe {
        let job = (*client).job.get();
        if job.is_null() {
            return (*client).address;
        }
        let mut address = (&(*job).addresses)[i];
        if let Ok(Parsed::Name { port, .. }) = Address::parse(Client::text(client)) {
            address.set_port(port);
        }
        address
    }
}

unsafe fn candidate(client: *mut Client, i: usize) -> *mut Candidate {
    // SAFETY: a live client; `i` is below ADDRESSES.
    unsafe { (&raw mut (*client).candidates).cast::<Candidate>().add(i) }
}

unsafe fn is_connecting(client: *const Client) -> bool {
    // SAFETY: a live client.
    let candidates = unsafe { &(*client).candidates };
    candidates.iter().any(Candidate::is_connecting)
}

/// Tries the next address that doesn't fail at once, beside those that are on their way. False
/// when memory is out.
unsafe fn connect(client: *mut Client) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        (*client).state.set(State::Connecting);
        while left(client) > 0 {
            let delay = delay(client);
            let i = (*client).tried.get();
            (*client).tried.set((*client).tried.get() + 1);
            match candidate::open(candidate(client, i), client, &address(client, i)) {
                Ok(()) => return wait(client, delay),
                Err(e) => (*client).error.set(e),
            }
        }
        if is_connecting(client) { wait(client, 0) } else { fail(client, (*client).error.get()) }
    }
}

/// How long the next address gets alone. Where the limit is short, each has its share.
unsafe fn delay(client: *const Client) -> i64 {
    // SAFETY: a live client.
    unsafe {
        if (*client).limit_ms.get() == 0 {
            return DELAY_MS;
        }
        let share = time_left(client) / left(client).max(1) as i64;
        share.clamp(LEAST_DELAY_MS, DELAY_MS)
    }
}

/// Milliseconds until the limit.
unsafe fn time_left(client: *const Client) -> i64 {
    // SAFETY: a live client.
    unsafe { ((*client).deadline.get() - iteration::now_ms()).max(0) }
}

/// Has the client looked at when the next address is due, after `delay`, or the time is up. False
/// when memory is out.
unsafe fn wait(client: *mut Client, delay: i64) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        let next = if left(client) > 0 { delay } else { i64::MAX };
        let end = if (*client).limit_ms.get() > 0 { time_left(client) } else { i64::MAX };
        match next.min(end) {
            i64::MAX => {
                disarm(client);
                true
            }
            ms => arm(client, ms) || give_up(client),
        }
    }
}

/// The time of `wait` is over. False when memory is out.
///
/// # Safety
/// A live client that is connecting, on its loop's thread, within a pass.
pub unsafe fn go_on(client: *mut Client) -> bool {
    // SAFETY: the client is live on its loop's thread, which alone changes it.
    unsafe {
        // The loop's thread may have been elsewhere when one of them was connected.
        for i in 0..ADDRESSES {
            match candidate::look(candidate(client, i)) {
                Way::Connected => {
                    connected(client, candidate(client, i));
                    return true;
                }
                Way::Failed(e) => {
                    candidate::close(candidate(client, i));
                    (*client).error.set(e);
                }
                Way::Open => {}
            }
        }
        if (*client).limit_ms.get() > 0 && time_left(client) == 0 {
            let waits = is_connecting(client) || left(client) > 0;
            return fail(client, if waits { libc::ETIMEDOUT } else { (*client).error.get() });
        }
        connect(client)
    }
}

/// A candidate has its connection: the others are given up.
///
/// # Safety
/// A live client on its loop's thread, within a pass; not touched afterwards.
pub unsafe fn connected(client: *mut Client, winner: *mut Candidate) {
    // SAFETY: the client is live on its loop's thread, which alone changes it.
    unsafe { establish(client, candidate::take_socket(winner)) };
}

/// A candidate has failed: on to the next, unless others are on their way and there is none.
///
/// # Safety
/// As `connected`.
pub unsafe fn failed(client: *mut Client, loser: *mut Candidate, e: c_int) {
    // SAFETY: the client is live on its loop's thread, which alone changes it.
    unsafe {
        candidate::close(loser);
        (*client).error.set(e);
        if !connect(client) {
            report(client);
        }
    }
}

/// Ends an attempt, or the wait for one, without a word.
///
/// # Safety
/// A live client on its loop's thread.
pub unsafe fn abandon(client: *mut Client) {
    // SAFETY: the client is live on its loop's thread, which alone changes it.
    unsafe {
        disarm(client);
        (0..ADDRESSES).for_each(|i| candidate::close(candidate(client, i)));
        let job = (*client).job.replace(ptr::null_mut());
        if !job.is_null() {
            resolver::leave(job);
        }
    }
}

/// Without memory for a timer nothing can be promised. Always false, with errno.
unsafe fn give_up(client: *mut Client) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        abandon(client);
        (*client).state.set(State::Idle);
        (*client).error.set(libc::ENOMEM);
        errno::set(libc::ENOMEM);
        false
    }
}

/// An attempt has failed; the program hears of it in the next pass. False when memory is out.
///
/// # Safety
/// A live client on its loop's thread.
pub unsafe fn fail(client: *mut Client, e: c_int) -> bool {
    // SAFETY: a live client on its loop's thread.
    unsafe {
        abandon(client);
        (*client).error.set(e);
        (*client).state.set(State::Failed);
        arm(client, 0) || give_up(client)
    }
}
