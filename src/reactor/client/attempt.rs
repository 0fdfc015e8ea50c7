//! One attempt: from a name to addresses, from those to a connected socket.
//!
//! The addresses are tried as RFC 8305 has it: the next one when one has failed, or beside those
//! that are connecting when nothing has come of them for a while. The first that connects wins.

#![forbid(unsafe_code)]

use super::{Client, Event, resolver};
use crate::reactor::client::candidate::{Candidate, Progress};
use crate::reactor::kept::Kept;
use crate::sys::address::{Address, Parsed};
use crate::sys::clock::now_ms;
use crate::sys::errno;
use libc::c_int;

/// For resolving and connecting, unless the program sets another.
pub const LIMIT_MS: i64 = 30_000;

/// Between the beginnings of two addresses (RFC 8305, section 5), and the least where the limit is
/// too short for that.
const DELAY_MS: i64 = 250;
const LEAST_DELAY_MS: i64 = 10;

impl Client {
    /// Begins an attempt, where there is neither an attempt nor a connection. What comes of it the program hears in a
    /// later iteration. False when memory is out: then the client is idle.
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
            // It was good when the client was made: the interface of its scope has gone.
            _ => self.fail(libc::ENODEV),
        }
    }

    /// The addresses that haven't been tried.
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

    /// Tries the next address that doesn't fail at once, beside those that are connecting. False
    /// when memory is out.
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

    /// How long the next address gets alone. Where the limit is short, each has its share.
    fn delay(&self) -> i64 {
        if self.limit_ms.get() == 0 {
            return DELAY_MS;
        }
        let share = self.time_left() / self.left().max(1) as i64;
        share.clamp(LEAST_DELAY_MS, DELAY_MS)
    }

    /// Milliseconds until the limit.
    fn time_left(&self) -> i64 {
        (self.deadline.get() - now_ms()).max(0)
    }

    /// Has the client looked at when the next address is due, after `delay`, or the time is up. False
    /// when memory is out.
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

    /// Without memory for a timer nothing can be promised. Always false, with errno.
    fn give_up(&self) -> bool {
        self.abandon();
        self.advance(Event::GiveUp);
        self.error.set(libc::ENOMEM);
        errno::set(libc::ENOMEM);
        false
    }

    /// An attempt has failed; the program hears of it in the next iteration. False when memory is out.
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
        // What the answer had to wait for the loop's thread isn't the addresses' loss.
        let waited = self.with_job(|job| job.and_then(|job| job.since_found()));
        self.deadline.set(self.deadline.get() + waited.unwrap_or(0));
        let e = self.with_job(|job| job.map_or(0, |job| job.error()));
        let going = if e == 0 { self.connect() } else { self.fail(e) };
        if !going {
            self.report();
        }
    }

    /// The time of `wait_for_next` is over. False when memory is out.
    pub(super) fn go_on(&self) -> bool {
        // The loop's thread may have been elsewhere when one of them was connected.
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

    /// A candidate has its connection: the others are given up.
    pub(super) fn connected(&self, winner: &Candidate) {
        if let Some(fd) = winner.take_socket() {
            self.establish(fd);
        }
    }

    /// A candidate has failed: on to the next, unless others are connecting and there is none.
    pub(super) fn failed(&self, loser: &Candidate, e: c_int) {
        loser.close();
        self.error.set(e);
        if !self.connect() {
            self.report();
        }
    }
}
