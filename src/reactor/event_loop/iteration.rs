//! One iteration of a loop, in this order: the back end waits and delivers, what was posted is done, servers
//! are looked at, signal watchers and timers that are due are called, connections with work left go on,
//! what else waits for time is looked at, the dead are freed.

use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::clock;
use crate::sys::clock::now_ms;
use crate::sys::{errno, pool};
use libc::timeval;
use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;

/// The longest wait: `quit` set without a wake-up is seen after it.
const WAIT_MS: i64 = 1000;
/// How often connections whose reading was put off are looked at.
const HELD_MS: i64 = 10;
/// How often lingering connections, listeners that back off and servers that end are looked at.
const TICK_MS: i64 = 100;
const NS_PER_MS: i64 = 1_000_000;

/// An iteration that is under way. What dies meanwhile is freed by who takes the outermost one by value,
/// so that what was looked at with a borrow of its keeper lives as long as the borrow.
pub struct Iteration<'l>(&'l Loop, Keeper);

/// Keeps what an iteration has found in the loop's lists.
pub struct Keeper(());

impl Deref for Iteration<'_> {
    type Target = Loop;

    fn deref(&self) -> &Loop {
        self.0
    }
}

impl<'l> Iteration<'l> {
    fn new(l: &'l Loop) -> Self {
        Iteration(l, Keeper(()))
    }

    pub fn keeper(&self) -> &Keeper {
        &self.1
    }

    /// Has the dead freed, if this is the outermost iteration.
    fn reap(self) {
        if self.0.depth.get() <= 1 && !self.0.dead.is_empty() {
            (self.0.parts.reap)(self);
        }
    }

    /// Goes on with connections that have work left.
    fn run_ready(&self) {
        self.flush();
        if !self.ready.is_empty() || !self.turning.is_empty() {
            (self.parts.run_ready)(self);
        }
    }

    /// The part that follows the back end's.
    fn finish(self) {
        let (l, parts) = (self.0, self.0.parts);
        l.run_posts();
        l.attend();
        l.deliver_signals();
        l.run_timers();
        self.run_ready();
        if !l.held.is_empty() {
            (parts.end_holding)(&self);
        }
        self.tick(l.now_ms.get());
        self.reap();
    }

    /// Looks at what waits for time without timers, every now and then.
    #[inline]
    fn tick(&self, now: i64) {
        if self.ticks() && now >= self.next_tick.get() {
            self.next_tick.set(now + TICK_MS);
            (self.parts.tick)(self, now);
        }
    }
}

impl Loop {
    /// Sends what connections have put off so that it leaves together.
    fn flush(&self) {
        if self.batched.get() > 0 {
            (self.parts.flush)(self);
        }
    }

    /// Looks at what other threads have asked of servers.
    fn attend(&self) {
        if self.shared.server_events.load(Relaxed) != 0 {
            (self.parts.attend)(self);
        }
    }

    /// Whether something waits for time without a timer.
    fn ticks(&self) -> bool {
        !self.lingering.is_empty() || self.backing_off.get() > 0 || self.draining.get()
    }

    fn enter(&self) {
        self.depth.set(self.depth.get() + 1);
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// Runs `f` as part of the loop's work. What dies meanwhile is freed when the outermost ends.
    pub fn within<R>(&self, f: impl FnOnce(&Iteration) -> R) -> R {
        self.enter();
        let iteration = Iteration::new(self);
        let result = f(&iteration);
        self.end(iteration);
        result
    }

    fn end(&self, iteration: Iteration) {
        self.flush();
        if self.depth.get() == 1 {
            // These call back as well: the loop can't be freed under them.
            iteration.run_ready();
            iteration.reap();
        }
        self.leave();
    }

    /// Runs what calls the program outside of an iteration, on the loop's thread: the loop isn't freed under it.
    pub fn guarded<R>(&self, f: impl FnOnce() -> R) -> R {
        self.enter();
        let result = f();
        self.leave();
        if self.depth.get() == 0 && self.shared.wake.has_queued() {
            // What was posted meanwhile left that to the iteration that runs, but none does.
            self.wake_once();
        }
        result
    }

    /// The same on whatever thread; another one than the loop's can't free the loop.
    pub fn guarded_if_mine<R>(&self, f: impl FnOnce() -> R) -> R {
        if self.on_owner() { self.guarded(f) } else { f() }
    }

    /// Waits and calls until the loop is to quit.
    pub fn run(&self) {
        log_msg!("event loop run, {}", self.shown_name());
        self.enter();
        while !self.quits() {
            self.iterate(-1);
        }
        let last = Iteration::new(self);
        // What was asked for before the end was.
        self.run_posts();
        self.end(last);
        log_msg!("event loop end, {}", self.shown_name());
    }

    /// Runs the loop until a callback was called, somebody has woken it up, or `limit_ms` milliseconds are over
    /// (-1: no limit). How many callbacks were called.
    pub fn run_once(&self, limit_ms: i64) -> u64 {
        let deadline = clock::now_ns().saturating_add(limit_ms.saturating_mul(NS_PER_MS));
        let callbacks = || self.counts.callbacks.load(Relaxed);
        let wakeups = || self.counts.wakeups.load(Relaxed);
        let (before, woken) = (callbacks(), wakeups());
        self.enter();
        let mut left_ms = limit_ms;
        while !self.quits() {
            self.iterate(left_ms);
            if callbacks() != before || wakeups() != woken {
                break;
            }
            if limit_ms >= 0 {
                let left_ns = deadline - clock::now_ns();
                if left_ns <= 0 {
                    break;
                }
                left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
            }
        }
        self.end(Iteration::new(self));
        callbacks().wrapping_sub(before)
    }

    /// Milliseconds that the next iteration may wait, by what there is to do; None: as long as it likes.
    pub fn may_wait(&self) -> Option<i64> {
        self.may_wait_ns().map(|ns| (ns + NS_PER_MS - 1) / NS_PER_MS)
    }

    fn may_wait_ns(&self) -> Option<i64> {
        let busy = !self.ready.is_empty()
            || !self.turning.is_empty()
            || !self.taken.is_empty()
            || self.is_delivering_signals()
            || self.shared.wake.has_queued();
        if busy {
            return Some(0);
        }
        let lists = if !self.held.is_empty() {
            Some(HELD_MS * NS_PER_MS)
        } else if self.ticks() {
            Some(TICK_MS * NS_PER_MS)
        } else {
            None
        };
        match (lists, self.until_next_timer()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// One iteration, which waits for `limit_ms` at most (negative: for as long as it likes). `depth` counts
    /// the caller.
    fn iterate(&self, limit_ms: i64) {
        self.resync();
        self.flush();
        let limit = if (0..WAIT_MS).contains(&limit_ms) { limit_ms } else { WAIT_MS } * NS_PER_MS;
        let wait_us = (self.may_wait_ns().unwrap_or(limit).min(limit) + 999) / 1000;
        let mut tv = timeval { tv_sec: wait_us / 1_000_000, tv_usec: wait_us % 1_000_000 };
        let before = self.counts.callbacks.load(Relaxed);
        count(&self.counts.passes, 1);
        self.budgeted(|| {
            if self.dispatch(&mut tv) < 0 {
                // A back end that fails at once, for ever, must not take the whole core.
                let e = errno::get();
                log_err!("dispatch failed: {}", errno::Text(e));
                // SAFETY: usleep has no preconditions.
                unsafe { libc::usleep(10_000) };
            }
            self.now_ms.set(now_ms());
            Iteration::new(self).finish();
        });
        if self.counts.callbacks.load(Relaxed) != before {
            self.last_busy.set(self.now_ms.get());
            self.trimmed.set(false);
        } else if !self.trimmed.get() && self.now_ms.get() - self.last_busy.get() >= WAIT_MS {
            self.trimmed.set(true);
            pool::trim();
        }
    }

    /// What of an iteration can't wait for its end, where that is long in coming. Within an iteration, between
    /// two callbacks.
    #[cold]
    pub fn on_time(&self) {
        self.attend();
        self.deliver_signals();
        self.run_timers();
        let within = Iteration::new(self);
        within.tick(now_ms());
        (self.parts.close_ready)(&within);
    }
}
