//! A descriptor that other threads use while its owner closes it: it isn't used after it was closed,
//! because the number may have been reused.

use crate::explore;
use crate::in_use::InUse;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::AtomicU16;
use loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use loom::thread;

/// The library's guard, or one with a fault.
trait Guard: Default + Send + Sync + 'static {
    fn enter(&self) -> bool;
    fn leave(&self);
    fn shut(&self);
    fn wait_for_users(&self);
}

impl Guard for InUse {
    fn enter(&self) -> bool {
        self.enter()
    }
    fn leave(&self) {
        self.leave();
    }
    fn shut(&self) {
        self.shut();
    }
    fn wait_for_users(&self) {
        self.wait_for_users(thread::yield_now);
    }
}

/// Checks whether it is shut before it increments the count.
#[derive(Default)]
struct LooksFirst {
    shut: AtomicU16,
    users: AtomicU16,
}

impl Guard for LooksFirst {
    fn enter(&self) -> bool {
        if self.shut.load(Acquire) != 0 {
            return false;
        }
        self.users.fetch_add(1, AcqRel);
        true
    }
    fn leave(&self) {
        self.users.fetch_sub(1, AcqRel);
    }
    fn shut(&self) {
        self.shut.store(1, Relaxed);
    }
    fn wait_for_users(&self) {
        while self.users.load(Acquire) != 0 {
            thread::yield_now();
        }
    }
}

#[derive(Default)]
struct Descriptor<G> {
    guard: G,
    /// Whether it is open; loom reports uses that aren't ordered with the closing.
    open: UnsafeCell<()>,
}

// SAFETY: loom's cell checks all accesses of threads.
unsafe impl<G: Sync> Sync for Descriptor<G> {}

fn askers<G: Guard>(count: usize) {
    explore(3, move || {
        let descriptor = Arc::new(Descriptor::<G>::default());
        let threads: Vec<_> = (0..count)
            .map(|_| {
                let descriptor = descriptor.clone();
                thread::spawn(move || {
                    if descriptor.guard.enter() {
                        descriptor.open.with(|_| ());
                        descriptor.guard.leave();
                    }
                })
            })
            .collect();
        descriptor.guard.shut();
        descriptor.guard.wait_for_users();
        descriptor.open.with_mut(|_| ());
        assert!(!descriptor.guard.enter(), "somebody gets in after the end");
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn one_asks_while_it_is_closed() {
    askers::<InUse>(1);
}

#[test]
fn two_ask_while_it_is_closed() {
    askers::<InUse>(2);
}

#[test]
#[should_panic = "Causality violation"]
fn looking_before_counting_is_found() {
    askers::<LooksFirst>(1);
}
