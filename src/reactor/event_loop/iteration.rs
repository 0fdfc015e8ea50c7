//! An iteration of a loop, in this order: the back end waits and delivers events; posted tasks run; requests of
//! other threads to servers are handled; watchers of signals and due timers are called; connections with work
//! left continue; objects that wait for a time without a timer are checked; dead objects are freed.

use crate::reactor::event_loop::state::{Loop, count};
use crate::sys::clock;
use crate::sys::clock::now_ms;
use crate::sys::{errno, pool};
use libc::timeval;
use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;

/// The longest wait: without a wake-up, a set `quit` is noticed after this time.
const WAIT_MS: i64 = 1000;
/// How often connections with deferred reading are checked.
const DEFERRED_CHECK_MS: i64 = 10;
/// How often lingering connections, listeners that have backed off and ending servers are checked.
const TICK_MS: i64 = 100;
const NS_PER_MS: i64 = 1_000_000;

/// A running iteration. Objects that die during it are freed by the function that takes the outermost one by
/// value, so references that were borrowed from its keeper stay valid as long as the borrow.
pub struct Iteration<'l>(&'l Loop, Keeper);

/// Keeps objects alive that an iteration has found in the loop's lists.
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

    /// Frees dead objects, if this is the outermost iteration.
    fn reap(self) {
        if self.0.depth.get() <= 1 && !self.0.dead.is_empty() {
            (self.0.parts.reap)(self);
        }
    }

    /// Continues with connections that have work left.
    fn run_ready(&self) {
        self.flush();
        if !self.ready.is_empty() || !self.turning.is_empty() {
            (self.parts.run_ready)(self);
        }
    }

    /// The part of an iteration after the back end's.
    fn finish(self) {
        let (l, parts) = (self.0, self.0.parts);
        l.run_posts();
        l.attend();
        l.deliver_signals();
        l.run_timers();
        self.run_ready();
        if !l.deferred.is_empty() {
            (parts.end_deferral)(&self);
        }
        self.tick(l.now_ms.get());
        self.reap();
    }

    /// Checks, from time to time, objects that wait for a time without a timer.
    #[inline]
    fn tick(&self, now: i64) {
        if self.ticks() && now >= self.next_tick.get() {
            self.next_tick.set(now + TICK_MS);
            (self.parts.tick)(self, now);
        }
    }
}

impl Loop {
    /// Sends what connections have deferred in order to send it together.
    fn flush(&self) {
        if self.batched.get() > 0 {
            (self.parts.flush)(self);
        }
    }

    /// Handles requests of other threads to servers.
    fn attend(&self) {
        if self.shared.server_events.load(Relaxed) != 0 {
            (self.parts.attend)(self);
        }
    }

    /// Whether there are objects that wait for a time without a timer.
    fn ticks(&self) -> bool {
        !self.lingering.is_empty() || self.backing_off.get() > 0 || self.draining.get()
    }

    fn enter(&self) {
        self.depth.set(self.depth.get() + 1);
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// Runs `f` as part of the loop's work. Objects that die during it are freed when the outermost call ends.
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
            // These may call the program, too: the loop must not be freed by it.
            iteration.run_ready();
            iteration.reap();
        }
        self.leave();
    }

    /// Runs a function that calls the program outside of an iteration, on the loop's thread, and prevents that it
    /// frees the loop.
    pub fn guarded<R>(&self, f: impl FnOnce() -> R) -> R {
        self.enter();
        let result = f();
        self.leave();
        if self.depth.get() == 0 && self.shared.wake.has_queued() {
            // Posts during the call didn't wake the loop, because an iteration would have run them, but there is
            // none.
            self.wake_once();
        }
        result
    }

    /// Runs iterations until the loop is to quit. False if a signal has ended the run before.
    pub fn run(&self) -> bool {
        log_msg!("event loop run, {}", self.shown_name());
        self.enter();
        let mut interrupted = false;
        while !interrupted && !self.quits() {
            self.iterate(-1);
            interrupted = self.take_interrupt();
        }
        let last = Iteration::new(self);
        // Tasks that were posted before the end are still run.
        self.run_posts();
        self.end(last);
        log_msg!("event loop end, {}", self.shown_name());
        !interrupted
    }

    /// Runs the loop until a callback was called, it was woken up, or `limit_ms` milliseconds have passed (-1: no
    /// limit). Returns the number of callbacks called; None if a signal has ended the run.
    pub fn run_once(&self, limit_ms: i64) -> Option<u64> {
        let deadline = clock::now_ns().saturating_add(limit_ms.saturating_mul(NS_PER_MS));
        let callbacks = || self.counts.callbacks.load(Relaxed);
        let wakeups = || self.counts.wakeups.load(Relaxed);
        let (before, woken) = (callbacks(), wakeups());
        self.enter();
        let mut left_ms = limit_ms;
        let mut interrupted = false;
        while !self.quits() {
            self.iterate(left_ms);
            interrupted = self.take_interrupt();
            if interrupted || callbacks() != before || wakeups() != woken {
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
        (!interrupted).then(|| callbacks().wrapping_sub(before))
    }

    /// How many milliseconds the next iteration may wait, considering the work to do. None: for any time.
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
        let lists = if !self.deferred.is_empty() {
            Some(DEFERRED_CHECK_MS * NS_PER_MS)
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

    /// Runs one iteration, which waits for at most `limit_ms` (negative: no limit). `depth` already counts the
    /// caller.
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
                // A back end that always fails at once must not use a whole CPU core.
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

    /// The part of an iteration that can't wait until its end if that takes long. Called within an iteration,
    /// between two callbacks.
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
