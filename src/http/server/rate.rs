//! The least rate of a request's body: the time that a client gets grows with what it sends. Otherwise a
//! byte every now and then would hold a connection, and what its request has taken so far, for ever.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::connection;
use super::server_state;
use crate::abi::types::tcp_connection;
use crate::http::server::connection::{Http, Phase};
use crate::http::server::server_state::HttpServer;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;

const GRACE_MS: u32 = 20_000;
const BYTES_PER_SECOND: u32 = 500;
/// Who looks this much later than it should was kept from reading as well.
const AWAY_MS: u32 = 2000;

/// What a server asks for.
pub struct Terms {
    /// Milliseconds that a body has before its rate counts.
    pub grace: AtomicU32,
    /// Bytes per second; 0: any rate.
    pub least: AtomicU32,
}

impl Terms {
    pub const fn default() -> Terms {
        Terms { grace: AtomicU32::new(GRACE_MS), least: AtomicU32::new(BYTES_PER_SECOND) }
    }
}

/// How the body of a connection's request comes on. Times are low bits of the clock's milliseconds.
#[derive(Default)]
pub struct Rate {
    /// How long what has come is enough; None: for ever.
    enough_until: Option<u32>,
    /// Bytes that don't make a millisecond.
    rest: u32,
    /// Since when nothing is read, by the program's wish or the library's.
    stopped: Option<u32>,
    /// The latest look.
    looked: u32,
    /// Bytes that were left unread, and those that have come since.
    unread: u32,
    fresh: u32,
}

impl Rate {
    /// The input is looked at: so many bytes are there.
    pub fn finds(&mut self, readable: usize) {
        self.fresh = (readable as u32).saturating_sub(self.unread);
    }

    /// So many are left.
    pub fn leaves(&mut self, readable: usize) {
        self.unread = readable as u32;
    }

    fn begins(&mut self, grace: u32, least: u32, now: u32) {
        self.enough_until = (least > 0).then(|| now.wrapping_add(grace));
        self.rest = 0;
        self.stopped = None;
        self.looked = now;
    }

    /// The fresh bytes are good for their time, but for no more than `longest` from now on: what came fast
    /// at first doesn't make up for hours.
    fn goes_on(&mut self, least: u32, longest: u32, now: u32) {
        if least > 0
            && let Some(until) = &mut self.enough_until
        {
            let bytes = u64::from(self.rest) + u64::from(self.fresh);
            let ms = bytes * 1000 / u64::from(least);
            self.rest = (bytes - ms * u64::from(least) / 1000) as u32;
            let ahead = i64::from(until.wrapping_sub(now) as i32).saturating_add(ms as i64);
            *until = now.wrapping_add(ahead.min(i64::from(longest)) as u32);
        }
    }

    /// Time in which the client couldn't send isn't its loss.
    fn gives(&mut self, ms: u32) {
        if let Some(until) = &mut self.enough_until {
            *until = until.wrapping_add(ms);
        }
    }

    /// Reading stops, or goes on.
    fn stops(&mut self, stopped: bool, now: u32) {
        match self.stopped {
            None if stopped => self.stopped = Some(now),
            Some(since) if !stopped => {
                self.stopped = None;
                self.looked = now;
                self.gives(now.wrapping_sub(since));
            }
            _ => {}
        }
    }

    fn is_over(&mut self, slack: u32, now: u32) -> bool {
        let away = now.wrapping_sub(core::mem::replace(&mut self.looked, now));
        if away > AWAY_MS && self.stopped.is_none() {
            self.gives(away);
        }
        self.stopped.is_none()
            && self.enough_until.is_some_and(|until| now.wrapping_sub(until) as i32 > slack as i32)
    }
}

/// A request was read from; `before` is what the connection had waited for, and whether a request was answered
/// meanwhile.
///
/// # Safety
/// A live connection of an HTTP server with its state, on its thread.
pub unsafe fn note(conn: *mut tcp_connection, before: Phase, answered: bool) {
    // SAFETY: as said; the connection keeps its server.
    unsafe {
        let (server, http) = (server_state::of(conn), connection::of(conn));
        if server.is_null() || (*http).phase.get() != Phase::Body {
            return;
        }
        let now = clock::now_ms() as u32;
        let terms = &(*server).body_rate;
        let (grace, least) = (terms.grace.load(Relaxed), terms.least.load(Relaxed));
        let rate = &mut (*http).rate;
        if before != Phase::Body || answered {
            rate.begins(grace, least, now);
        } else {
            rate.goes_on(least, grace.max((*server).deadlines.body.load(Relaxed)), now);
        }
        rate.stops(Connection::from_c(conn).is_paused(), now);
    }
}

/// Whether a body comes too slowly.
///
/// # Safety
/// `http` is a live connection's state, on its thread.
pub unsafe fn is_over(http: *mut Http, server: &HttpServer, slack: u32, now: u32) -> bool {
    // SAFETY: as said.
    unsafe { server.body_rate.least.load(Relaxed) > 0 && (*http).rate.is_over(slack, now) }
}

/// Reading from a connection was stopped, or goes on.
///
/// # Safety
/// A live connection of an HTTP server, on its thread.
pub unsafe fn paused(conn: *mut tcp_connection, stopped: bool) {
    // SAFETY: as said.
    unsafe {
        let http = connection::of(conn);
        if http.is_null() {
            return;
        }
        let now = clock::now_ms() as u32;
        (*http).rate.stops(stopped, now);
        if (*http).phase.get() == Phase::Body {
            (*http).since.set(now);
        }
    }
}

/// How often to look, in milliseconds; None without a rate.
pub fn pause_of(server: &HttpServer) -> Option<u32> {
    let terms = &server.body_rate;
    (terms.least.load(Relaxed) > 0).then(|| terms.grace.load(Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(now: u32) -> Rate {
        let mut rate = Rate::default();
        rate.begins(20_000, 500, now);
        rate
    }

    fn comes(rate: &mut Rate, bytes: usize, now: u32) {
        rate.finds(bytes);
        rate.goes_on(500, 60_000, now);
        rate.leaves(0);
    }

    /// When it is over, looked at each second, if it is within an hour.
    fn end(rate: &mut Rate, from: u32, mut at: impl FnMut(&mut Rate, u32)) -> Option<u32> {
        (1..3600).find(|s| {
            let now = from.wrapping_add(s * 1000);
            at(rate, now);
            rate.is_over(10, now)
        })
    }

    #[test]
    fn a_byte_now_and_then_is_too_slow() {
        for start in [0, u32::MAX - 10_000] {
            let mut rate = body(start);
            assert_eq!(end(&mut rate, start, |rate, now| comes(rate, 1, now)), Some(21));
        }
    }

    #[test]
    fn the_rate_is_enough_in_portions_of_any_size() {
        assert_eq!(end(&mut body(7), 7, |rate, now| comes(rate, 500, now)), None);
        assert_eq!(end(&mut body(7), 7, |rate, now| comes(rate, 495, now)), Some(2002));
        let drops = |rate: &mut Rate, now| (0..500).for_each(|_| comes(rate, 1, now));
        assert_eq!(end(&mut body(7), 7, drops), None);
    }

    #[test]
    fn a_fast_beginning_lasts_so_long() {
        let mut rate = body(0);
        comes(&mut rate, 1 << 30, 0);
        assert_eq!(end(&mut rate, 0, |_, _| {}), Some(61));
    }

    #[test]
    fn time_without_reading_does_not_count() {
        let mut rate = body(0);
        rate.stops(true, 5_000);
        assert!(!rate.is_over(10, 3_000_000));
        rate.stops(true, 3_000_000);
        rate.stops(false, 3_005_000);
        assert_eq!(end(&mut rate, 3_005_000, |_, _| {}), Some(16));
    }

    #[test]
    fn nor_does_time_in_which_nobody_looked() {
        let mut rate = body(0);
        assert!(!rate.is_over(10, 1_000_000));
        assert_eq!(end(&mut rate, 1_000_000, |_, _| {}), Some(21));
    }

    #[test]
    fn without_a_rate_nothing_is_over() {
        let mut rate = Rate::default();
        rate.begins(20_000, 0, 0);
        assert_eq!(end(&mut rate, 0, |_, _| {}), None);
    }

    #[test]
    fn only_what_is_new_counts() {
        let mut rate = Rate::default();
        rate.finds(10);
        rate.leaves(4);
        rate.finds(9);
        assert_eq!(rate.fresh, 5);
    }
}
