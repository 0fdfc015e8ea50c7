//! The minimum rate of a request's body: the time that a client gets depends on the bytes that it sends.
//! Otherwise a client that sends a byte from time to time could occupy a connection and memory for ever.
#![forbid(unsafe_code)]

use core::cell::Cell;
use core::sync::atomic::Ordering::Relaxed;

use crate::http::server::connection::Http;
use crate::http::server::phase::Phase;
use crate::http::server::server_state::HttpServer;
use crate::reactor::tcp_connection::Connection;
use crate::sys::clock;

/// If a check is this much late, the thread was too busy to read as well.
const AWAY_MS: u32 = 2000;

/// The progress of the body of a connection's request. Times are the low bits of the clock's milliseconds.
#[derive(Default)]
pub struct Rate {
    /// Until when the received bytes suffice; None: for ever.
    enough_until: Cell<Option<u32>>,
    /// Bytes that don't amount to a millisecond.
    rest: Cell<u32>,
    /// Since when reading is paused, by the program or the library.
    stopped: Cell<Option<u32>>,
    /// The latest check.
    looked: Cell<u32>,
    /// The number of bytes that were left unread, and of those that have arrived since.
    unread: Cell<u32>,
    fresh: Cell<u32>,
}

impl Rate {
    /// Called before input is processed, with the number of readable bytes.
    pub fn finds(&self, readable: usize) {
        self.fresh.set((readable as u32).saturating_sub(self.unread.get()));
    }

    /// Called after input was processed, with the number of bytes that are left.
    pub fn leaves(&self, readable: usize) {
        self.unread.set(readable as u32);
    }

    fn begins(&self, grace: u32, least: u32, now: u32) {
        self.enough_until.set((least > 0).then(|| now.wrapping_add(grace)));
        self.rest.set(0);
        self.stopped.set(None);
        self.looked.set(now);
    }

    /// Extends the time by that of the new bytes, but to no more than `longest` from now, so that a fast
    /// beginning can't make up for hours.
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

    /// Extends the time by a period in which the client couldn't send.
    fn gives(&self, ms: u32) {
        if let Some(until) = self.enough_until.get() {
            self.enough_until.set(Some(until.wrapping_add(ms)));
        }
    }

    /// Reading is paused or resumed.
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

/// Called after a request was read from. `before` is the phase before, and `answered` tells whether a request was
/// answered.
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

/// Whether a body arrives too slowly.
pub fn is_over(http: &Http, server: &HttpServer, slack: u32, now: u32) -> bool {
    server.body_rate.least.load(Relaxed) > 0 && http.rate.is_over(slack, now)
}

/// Reading from a connection was paused or resumed.
pub fn paused(conn: &Connection, stopped: bool) {
    let Some(http) = Http::of(conn) else { return };
    let now = clock::now_ms() as u32;
    http.rate.stops(stopped, now);
    if http.phase.get() == Phase::Body {
        http.since.set(now);
    }
}

/// The pause between checks in milliseconds. None without a rate.
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

    /// When the time is over, with one check per second, if that is within an hour.
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
