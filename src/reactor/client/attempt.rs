//! An attempt to connect: from a name to addresses, and from those to a connected socket.
//!
//! The addresses are tried as in RFC 8305: the next one when one has failed, or while earlier ones are still
//! connecting after a delay. The first that connects wins.

#![forbid(unsafe_code)]

use super::{Client, Event, resolver};
use crate::reactor::client::candidate::{Candidate, Progress};
use crate::reactor::kept::Kept;
use crate::sys::address::{Address, Parsed};
use crate::sys::clock::now_ms;
use crate::sys::errno;
use libc::c_int;

/// The time limit for resolving and connecting, unless the program sets another.
pub const LIMIT_MS: i64 = 30_000;

/// The delay between the starts of two addresses (RFC 8305, section 5). It is shorter if the time limit is.
const DELAY_MS: i64 = 250;
const LEAST_DELAY_MS: i64 = 10;

impl Client {
    /// Begins an attempt, if there is neither an attempt nor a connection. The result is reported to the program
    /// in a later iteration. False if out of memory; the client is then idle.
    pub(super) fn begin(&self) -> bool {
        let limit = self.limit_ms.get();
        self.deadline.set(now_ms().saturating_add(limit));
        self.error.set(libc::EHOSTUNREACH);
        self.tried.set(0);
        match Address::parse(self.text()) {
            Ok(Parsed::Socket(address)) => {
                self.address.set(address);
                self.connect()
            }
            Ok(Parsed::Name { host, .. }) => match resolver::ask(self, host) {
                Ok(job) => {
                    self.job.set(Some(job));
                    self.advance(Event::LookUp);
                    limit == 0 || self.arm(limit) || self.give_up()
                }
                Err(e) => self.fail(e),
            },
            // It was valid when the client was made, but the interface of its scope doesn't exist any more.
            _ => self.fail(libc::ENODEV),
        }
    }

    /// The number of addresses that haven't been tried.
    fn left(&self) -> usize {
        let count = self.with_job(|job| job.map_or(1, |job| job.count()));
        count.saturating_sub(self.tried.get())
    }

    fn address(&self, i: usize) -> Address {
        let found = self.with_job(|job| job.and_then(|job| job.address(i)));
        let Some(mut address) = found else { return self.address.get() };
        if let Ok(Parsed::Name { port, .. }) = Address::parse(self.text()) {
            address.set_port(port);
        }
        address
    }

    fn is_connecting(&self) -> bool {
        self.candidates.iter().any(Candidate::is_connecting)
    }

    /// Tries the next address that doesn't fail at once, in addition to those that are connecting. False if out
    /// of memory.
    fn connect(&self) -> bool {
        self.advance(Event::Connect);
        while self.left() > 0 {
            let delay = self.delay();
            let i = self.tried.get();
            self.tried.set(i + 1);
            match self.candidates[i].open(self, &self.address(i)) {
                Ok(()) => return self.wait_for_next(delay),
                Err(e) => self.error.set(e),
            }
        }
        if self.is_connecting() { self.wait_for_next(0) } else { self.fail(self.error.get()) }
    }

    /// How long to wait before the next address is tried. If the limit is short, each address gets its share.
    fn delay(&self) -> i64 {
        if self.limit_ms.get() == 0 {
            return DELAY_MS;
        }
        let share = self.time_left() / self.left().max(1) as i64;
        share.clamp(LEAST_DELAY_MS, DELAY_MS)
    }

    /// Milliseconds until the time limit.
    fn time_left(&self) -> i64 {
        (self.deadline.get() - now_ms()).max(0)
    }

    /// Starts the timer for the next address, after `delay`, or for the time limit. False if out of memory.
    fn wait_for_next(&self, delay: i64) -> bool {
        let next = if self.left() > 0 { delay } else { i64::MAX };
        let end = if self.limit_ms.get() > 0 { self.time_left() } else { i64::MAX };
        match next.min(end) {
            i64::MAX => {
                self.disarm();
                true
            }
            ms => self.arm(ms) || self.give_up(),
        }
    }

    /// Ends an attempt, or the wait for one, without a callback.
    pub(super) fn abandon(&self) {
        self.disarm();
        self.candidates.iter().for_each(Candidate::close);
        if let Some(job) = self.job.take() {
            resolver::leave(job);
        }
    }

    /// Gives up, because there is no memory for a timer. Always false, with errno.
    fn give_up(&self) -> bool {
        self.abandon();
        self.advance(Event::GiveUp);
        self.error.set(libc::ENOMEM);
        errno::set(libc::ENOMEM);
        false
    }

    /// An attempt has failed, which is reported to the program in the next iteration. False if out of memory.
    pub(super) fn fail(&self, e: c_int) -> bool {
        self.abandon();
        self.error.set(e);
        self.advance(Event::Fail);
        self.arm(0) || self.give_up()
    }
}

impl Kept<Client> {
    /// The name was looked up.
    pub(super) fn resolved(&self) {
        // Time during which the answer waited for the loop's thread doesn't count.
        let waited = self.with_job(|job| job.and_then(|job| job.since_found()));
        self.deadline.set(self.deadline.get() + waited.unwrap_or(0));
        let e = self.with_job(|job| job.map_or(0, |job| job.error()));
        let going = if e == 0 { self.connect() } else { self.fail(e) };
        if !going {
            self.report();
        }
    }

    /// The time of `wait_for_next` is over. False if out of memory.
    pub(super) fn go_on(&self) -> bool {
        // An address may have connected while the loop's thread was busy.
        for candidate in &self.candidates {
            match candidate.look() {
                Progress::Connected => {
                    self.connected(candidate);
                    return true;
                }
                Progress::Failed(e) => {
                    candidate.close();
                    self.error.set(e);
                }
                Progress::Open => {}
            }
        }
        if self.limit_ms.get() > 0 && self.time_left() == 0 {
            let waits = self.is_connecting() || self.left() > 0;
            return self.fail(if waits { libc::ETIMEDOUT } else { self.error.get() });
        }
        self.connect()
    }

    /// A candidate has connected: the others are abandoned.
    pub(super) fn connected(&self, winner: &Candidate) {
        if let Some(fd) = winner.take_socket() {
            self.establish(fd);
        }
    }

    /// A candidate has failed: tries the next, unless all have been tried and others are connecting.
    pub(super) fn failed(&self, loser: &Candidate, e: c_int) {
        loser.close();
        self.error.set(e);
        if !self.connect() {
            self.report();
        }
    }
}
