//! Posts and the byte that wakes the loop. For posts the pipe is a counter without ordering: their
//! visibility to the loop comes from the flag or from the queue's lock.

use crate::explore;
use crate::wake_flag::WakeFlag;
use loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// The library's flag, or one with a fault.
trait Flag: Default + Send + Sync + 'static {
    fn queued(&self);
    fn emptied(&self);
    fn has_queued(&self) -> bool;
    fn raise(&self) -> bool;
    fn fall(&self);
    fn failed(&self) {}
}

impl Flag for WakeFlag {
    fn queued(&self) {
        self.queued();
    }
    fn emptied(&self) {
        self.emptied();
    }
    fn has_queued(&self) -> bool {
        self.has_queued()
    }
    fn raise(&self) -> bool {
        self.raise()
    }
    fn fall(&self) {
        self.fall();
    }
    fn failed(&self) {
        self.failed();
    }
}

/// Cleared by a store: the work of threads that found the flag set isn't visible.
#[derive(Default)]
struct FallsByStore {
    sent: AtomicBool,
    filled: AtomicBool,
}

impl Flag for FallsByStore {
    fn queued(&self) {
        self.filled.store(true, Release);
    }
    fn emptied(&self) {
        self.filled.store(false, Relaxed);
    }
    fn has_queued(&self) -> bool {
        self.filled.load(Acquire)
    }
    fn raise(&self) -> bool {
        !self.sent.swap(true, AcqRel)
    }
    fn fall(&self) {
        self.sent.store(false, Release);
    }
}

/// The steps of an iteration in order.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Drain,
    Fall,
    Run,
}

/// The library's: `wakeup::on_wake`, then `pending::run`.
const PASS: [Step; 3] = [Step::Drain, Step::Fall, Step::Run];

#[derive(Default)]
struct Loop<F> {
    flag: F,
    pipe: AtomicUsize,
    /// A byte was written in addition to one that hadn't been read.
    wasted: AtomicBool,
    quit: AtomicBool,
    /// The number of bytes that can't be written.
    fails: AtomicUsize,
    queue: Mutex<Vec<(usize, usize)>>,
}

impl<F: Flag> Loop<F> {
    /// `pending::push`.
    fn post(&self, poster: usize, number: usize) {
        {
            let mut queue = self.queue.lock().unwrap();
            queue.push((poster, number));
            self.flag.queued();
        }
        self.wake();
    }

    /// The same, with the lock held until the byte is written.
    fn post_whole(&self, poster: usize, number: usize) {
        let mut queue = self.queue.lock().unwrap();
        queue.push((poster, number));
        self.flag.queued();
        self.wake();
    }

    /// `wakeup::wake_once`.
    fn wake(&self) {
        if self.flag.raise() {
            if self.fails.load(Relaxed) > 0 {
                self.fails.fetch_sub(1, Relaxed);
                return self.flag.failed();
            }
            let there = self.pipe.fetch_add(1, Relaxed);
            if there > 0 {
                self.wasted.store(true, Relaxed);
            }
        }
    }

    /// `yolanda_loop_quit`, from another thread or a signal handler: no lock, and always its own
    /// byte. Nothing else orders it with the loop, so here the pipe does, as the kernel's locks do.
    fn quit(&self) {
        self.quit.store(true, Release);
        self.pipe.fetch_add(1, Release);
    }

    /// Runs iterations until the back end would wait for ever. Returns what ran, in order, and whether it
    /// was told to quit.
    fn run(&self, order: [Step; 3]) -> (Vec<(usize, usize)>, bool) {
        let mut ran = Vec::new();
        while !self.quit.load(Acquire) {
            let woken = self.pipe.load(Relaxed) > 0;
            if !woken && !self.flag.has_queued() {
                return (ran, false);
            }
            for step in order {
                match step {
                    // The back end calls `on_wake` only for a readable pipe.
                    Step::Drain if woken => drop(self.pipe.swap(0, Acquire)),
                    Step::Fall if woken => self.flag.fall(),
                    Step::Run if self.flag.has_queued() => {
                        let mut queue = self.queue.lock().unwrap();
                        ran.append(&mut queue);
                        self.flag.emptied();
                    }
                    _ => {}
                }
            }
        }
        (ran, true)
    }

    /// The loop waits, and all posters are done: only a byte makes it check again, and without one
    /// nothing may be left.
    fn finish(&self, ran: &mut Vec<(usize, usize)>, order: [Step; 3]) {
        if self.pipe.load(Relaxed) > 0 {
            ran.extend(self.run(order).0);
        }
        assert!(self.queue.lock().unwrap().is_empty(), "a post without a wake-up");
    }
}

/// Posters with this many posts each, and the loop; every post runs, in its poster's order.
fn posts<F: Flag>(preemptions: usize, posters: &'static [usize], order: [Step; 3]) {
    explore(preemptions, move || {
        let l = Arc::new(Loop::<F>::default());
        let threads: Vec<_> = (posters.iter().enumerate())
            .map(|(poster, &count)| {
                let l = l.clone();
                thread::spawn(move || (0..count).for_each(|number| l.post(poster, number)))
            })
            .collect();
        let mut ran = l.run(order).0;
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        l.finish(&mut ran, order);
        assert!(order != PASS || !l.wasted.load(Relaxed), "two bytes for one batch");
        for (poster, &count) in posters.iter().enumerate() {
            let seen: Vec<_> = ran.iter().filter(|p| p.0 == poster).map(|p| p.1).collect();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    });
}

#[test]
fn one_poster_three_posts() {
    posts::<WakeFlag>(4, &[3], PASS);
}

#[test]
fn two_posters() {
    posts::<WakeFlag>(3, &[2, 1], PASS);
}

#[test]
fn three_posters() {
    posts::<WakeFlag>(2, &[1, 1, 1], PASS);
}

/// One byte can't be written: the post after it wakes the loop for both.
fn fails<F: Flag>() {
    explore(3, || {
        let l = Arc::new(Loop::<F>::default());
        l.fails.store(1, Relaxed);
        let posters: Vec<_> = (0..2)
            .map(|poster| {
                let l = l.clone();
                thread::spawn(move || l.post_whole(poster, 0))
            })
            .collect();
        let mut ran = l.run(PASS).0;
        posters.into_iter().for_each(|thread| thread.join().unwrap());
        if l.pipe.load(Relaxed) > 0 {
            ran.extend(l.run(PASS).0);
        }
        l.post_whole(2, 0);
        l.finish(&mut ran, PASS);
        assert_eq!(ran.len(), 3);
    });
}

#[test]
fn a_byte_that_fails() {
    fails::<WakeFlag>();
}

#[test]
fn quit_ends_the_loop_beside_a_post() {
    explore(3, || {
        let l = Arc::new(Loop::<WakeFlag>::default());
        let (poster, quitter) = (l.clone(), l.clone());
        let poster = thread::spawn(move || poster.post(0, 0));
        let quitter = thread::spawn(move || quitter.quit());
        let quit_seen = l.run(PASS).1;
        poster.join().unwrap();
        quitter.join().unwrap();
        // A loop that didn't see it waits, and will read its byte.
        assert!(quit_seen || l.pipe.load(Relaxed) > 0, "quit without a wake-up");
    });
}

#[test]
#[should_panic = "a post without a wake-up"]
fn falling_before_draining_is_found() {
    posts::<WakeFlag>(3, &[2, 1], [Step::Fall, Step::Drain, Step::Run]);
}

/// Stays set when the byte can't be written.
#[derive(Default)]
struct StaysUp(WakeFlag);

impl Flag for StaysUp {
    fn queued(&self) {
        self.0.queued();
    }
    fn emptied(&self) {
        self.0.emptied();
    }
    fn has_queued(&self) -> bool {
        self.0.has_queued()
    }
    fn raise(&self) -> bool {
        self.0.raise()
    }
    fn fall(&self) {
        self.0.fall();
    }
}

#[test]
#[should_panic = "a post without a wake-up"]
fn staying_up_after_a_failure_is_found() {
    fails::<StaysUp>();
}

#[test]
#[should_panic = "a post without a wake-up"]
fn falling_by_a_store_is_found() {
    posts::<FallsByStore>(3, &[1, 1], PASS);
}
