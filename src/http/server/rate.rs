//! The least rate of a request's body: the time that a client gets grows with what it sends. Otherwise a
//! byte every now and then would hold a connection, and what its request has taken so far, for ever.
#![forbid(unsafe_code)]

use core::cell::Cell;
use core::sync::atomic::Ordering::Relaxed;

use crate::http::server::connection::Http;
use crate::http::server::phase::Phase;
use crate::http::server::server_state::HttpServer;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;

/// Who looks this much later than it should was kept from reading as well.
const AWAY_MS: u32 = 2000;

/// How the body of a connection's request comes on. Times are low bits of the clock's milliseconds.
#[derive(Default)]
pub struct Rate {
    /// How long what has come is enough; None: for ever.
    enough_until: Cell<Option<u32>>,
    /// Bytes that don't make a millisecond.
    rest: Cell<u32>,
    /// Since when nothing is read, by the program's wish or the library's.
    stopped: Cell<Option<u32>>,
    /// The latest look.
    looked: Cell<u32>,
    /// Bytes that were left unread, and those that have come since.
    unread: Cell<u32>,
    fresh: Cell<u32>,
}

impl Rate {
    /// The input is looked at: so many bytes are there.
    pub fn finds(&self, readable: usize) {
        self.fresh.set((readable as u32).saturating_sub(self.unread.get()));
    }

    /// So many are left.
    pub fn leaves(&self, readable: usize) {
        self.unread.set(readable as u32);
    }

    fn begins(&self, grace: u32, least: u32, now: u32) {
        self.enough_until.set((least > 0).then(|| now.wrapping_add(grace)));
        self.rest.set(0);
        self.stopped.set(None);
        self.looked.set(now);
    }

    /// The fresh bytes are good for their time, but for no more than `longest` from now on: what came fast
    /// at first doesn't make up for hours.
    fn goes_on(&self, least: u32, longest: u32, now: u32) {
        if least > 0
            && let Some(until) = self.enough_until.get()
        {
            let bytes = u64::from(self.rest.get()) + u64::from(self.fresh.get());
            let ms = bytes * 1000 / u64::from(least);
            self.rest.set((bytes - ms * u64::from(least) / 1000) as u32);
            let ahead = i64::from(until.wrapping_sub(now) as i32).saturating_add(ms as i64);
            self.enough_until.set(Some(now.wrapping_add(ahead.min(i64::from(longest)) as u32)));
        }
    }

    /// Time in which the client couldn't send isn't its loss.
    fn gives(&self, ms: u32) {
        if let Some(until) = self.enough_until.get() {
            self.enough_until.set(Some(until.wrapping_add(ms)));
        }
    }

    /// Reading stops, or goes on.
    fn stops(&self, stopped: bool, now: u32) {
        match self.stopped.get() {
            None if stopped => self.stopped.set(Some(now)),
            Some(since) if !stopped => {
                self.stopped.set(None);
                self.looked.set(now);
                self.gives(now.wrapping_sub(since));
            }
            _ => {}
        }
    }

    fn is_over(&self, slack: u32, now: u32) -> bool {
        let away = now.wrapping_sub(self.looked.replace(now));
        if away > AWAY_MS && self.stopped.get().is_none() {
            self.gives(away);
        }
        let is_past = |until: u32| now.wrapping_sub(until) as i32 > slack as i32;
        self.stopped.get().is_none() && self.enough_until.get().is_some_and(is_past)
    }
}

/// A request was read from; `before` is what the connection had waited for, and whether a request was answered
/// meanwhile.
pub fn note(conn: &Connection, http: &Http, before: Phase, answered: bool) {
    let Some(server) = HttpServer::of(conn).filter(|_| http.phase.get() == Phase::Body) else {
        return;
    };
    let now = clock::now_ms() as u32;
    let terms = &server.body_rate;
    let (grace, least) = (terms.grace.load(Relaxed), terms.least.load(Relaxed));
    let rate = &http.rate;
    if before != Phase::Body || answered {
        rate.begins(grace, least, now);
    } else {
        rate.goes_on(least, grace.max(server.deadlines.body.load(Relaxed)), now);
    }
    rate.stops(conn.is_paused(), now);
}

/// Whether a body comes too slowly.
pub fn is_over(http: &Http, server: &HttpServer, slack: u32, now: u32) -> bool {
    server.body_rate.least.load(Relaxed) > 0 && http.rate.is_over(slack, now)
}

/// Reading from a connection was stopped, or goes on.
pub fn paused(conn: &Connection, stopped: bool) {
    let Some(http) = Http::of(conn) else { return };
    let now = clock::now_ms() as u32;
    http.rate.stops(stopped, now);
    if http.phase.get() == Phase::Body {
        http.since.set(now);
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
        let rate = Rate::default();
        rate.begins(20_000, 500, now);
        rate
    }

    fn comes(rate: &Rate, bytes: usize, now: u32) {
        rate.finds(bytes);
        rate.goes_on(500, 60_000, now);
        rate.leaves(0);
    }

    /// When it is over, looked at each second, if it is within an hour.
    fn end(rate: &Rate, from: u32, mut at: impl FnMut(&Rate, u32)) -> Option<u32> {
        (1..3600).find(|s| {
            let now = from.wrapping_add(s * 1000);
            at(rate, now);
            rate.is_over(10, now)
        })
    }

    #[test]
    fn a_byte_now_and_then_is_too_slow() {
        for start in [0, u32::MAX - 10_000] {
            let rate = body(start);
            assert_eq!(end(&rate, start, |rate, now| comes(rate, 1, now)), Some(21));
        }
    }

    #[test]
    fn the_rate_is_enough_in_portions_of_any_size() {
        assert_eq!(end(&body(7), 7, |rate, now| comes(rate, 500, now)), None);
        assert_eq!(end(&body(7), 7, |rate, now| comes(rate, 495, now)), Some(2002));
        let drops = |rate: &Rate, now| (0..500).for_each(|_| comes(rate, 1, now));
        assert_eq!(end(&body(7), 7, drops), None);
    }

    #[test]
    fn a_fast_beginning_lasts_so_long() {
        let rate = body(0);
        comes(&rate, 1 << 30, 0);
        assert_eq!(end(&rate, 0, |_, _| {}), Some(61));
    }

    #[test]
    fn time_without_reading_does_not_count() {
        let rate = body(0);
        rate.stops(true, 5_000);
        assert!(!rate.is_over(10, 3_000_000));
        rate.stops(true, 3_000_000);
        rate.stops(false, 3_005_000);
        assert_eq!(end(&rate, 3_005_000, |_, _| {}), Some(16));
    }

    #[test]
    fn nor_does_time_in_which_nobody_looked() {
        let rate = body(0);
        assert!(!rate.is_over(10, 1_000_000));
        assert_eq!(end(&rate, 1_000_000, |_, _| {}), Some(21));
    }

    #[test]
    fn without_a_rate_nothing_is_over() {
        let rate = Rate::default();
        rate.begins(20_000, 0, 0);
        assert_eq!(end(&rate, 0, |_, _| {}), None);
    }

    #[test]
    fn only_what_is_new_counts() {
        let rate = Rate::default();
        rate.finds(10);
        rate.leaves(4);
        rate.finds(9);
        assert_eq!(rate.fresh.get(), 5);
    }
}
