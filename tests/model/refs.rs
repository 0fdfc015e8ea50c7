//! Retain and release while the loop reaps: the memory is freed once, by the last release, after
//! all uses of it.

use crate::explore;
use crate::ref_count::{RefCount, Released};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use loom::sync::atomic::{AtomicU32, AtomicUsize};
use loom::thread;

/// The library's count, or one with a fault.
trait Count: Send + Sync + 'static {
    fn new() -> Self;
    fn retain(&self) -> bool;
    fn release(&self) -> Released;
    fn let_go(&self) -> Released;
}

impl Count for RefCount {
    fn new() -> Self {
        Self::new()
    }
    fn retain(&self) -> bool {
        self.retain()
    }
    fn release(&self) -> Released {
        self.release()
    }
    fn let_go(&self) -> Released {
        self.let_go()
    }
}

fn released(left: u32) -> Released {
    if left == 0 { Released::Last } else { Released::Kept }
}

/// Checks and counts in two steps.
struct TwoSteps(AtomicU32);

impl Count for TwoSteps {
    fn new() -> Self {
        Self(AtomicU32::new(1))
    }
    fn retain(&self) -> bool {
        self.0.fetch_add(1, Relaxed);
        true
    }
    fn release(&self) -> Released {
        let left = self.0.load(Acquire) - 1;
        self.0.store(left, Release);
        released(left)
    }
    fn let_go(&self) -> Released {
        self.release()
    }
}

/// Counts correctly without ordering.
struct Unordered(AtomicU32);

impl Count for Unordered {
    fn new() -> Self {
        Self(AtomicU32::new(1))
    }
    fn retain(&self) -> bool {
        self.0.fetch_add(1, Relaxed);
        true
    }
    fn release(&self) -> Released {
        released(self.0.fetch_sub(1, Relaxed) - 1)
    }
    fn let_go(&self) -> Released {
        self.release()
    }
}

/// Frees as soon as the loop is done, even if there are other references.
struct LoopDecides(AtomicU32);

impl Count for LoopDecides {
    fn new() -> Self {
        Self(AtomicU32::new(0))
    }
    fn retain(&self) -> bool {
        self.0.fetch_add(1, AcqRel);
        true
    }
    fn release(&self) -> Released {
        self.0.fetch_sub(1, AcqRel);
        Released::Kept
    }
    fn let_go(&self) -> Released {
        Released::Last
    }
}

struct Connection<C> {
    refs: C,
    /// Its memory: loom reports uses that aren't ordered with the freeing.
    alive: UnsafeCell<bool>,
    freed: AtomicUsize,
}

impl<C: Count> Connection<C> {
    fn new() -> Arc<Self> {
        let alive = UnsafeCell::new(true);
        Arc::new(Self { refs: C::new(), alive, freed: AtomicUsize::new(0) })
    }

    fn touch(&self) {
        // SAFETY: loom checks the access, which is the purpose of the test.
        assert!(self.alive.with(|alive| unsafe { *alive }), "used after it was freed");
    }

    fn after(&self, how: Released) {
        assert_ne!(how, Released::None, "a reference that was there isn't known");
        if how == Released::Last {
            // SAFETY: loom checks the access to the memory.
            self.alive.with_mut(|alive| unsafe { *alive = false });
            self.freed.fetch_add(1, Relaxed);
        }
    }

    /// A holder of a reference: uses the connection, may take another reference, and releases both.
    fn hold(&self, again: bool) {
        self.touch();
        if again {
            assert!(self.refs.retain());
            self.after(self.refs.release());
            self.touch();
        }
        self.after(self.refs.release());
    }

    /// The loop: the closed callback may retain, reaping releases.
    fn reap(&self, retains: bool) {
        self.touch();
        if retains {
            assert!(self.refs.retain());
        }
        self.after(self.refs.let_go());
        if retains {
            self.hold(false);
        }
    }
}

// SAFETY: loom's cell checks all accesses of threads.
unsafe impl<C: Send + Sync> Sync for Connection<C> {}
// SAFETY: loom's cell checks all accesses of threads.
unsafe impl<C: Send> Send for Connection<C> {}

/// Holders of one reference each, while the loop reaps.
fn holders<C: Count>(holders: &'static [bool], loop_retains: bool) {
    explore(3, move || {
        let conn = Connection::<C>::new();
        let threads: Vec<_> = holders
            .iter()
            .map(|&again| {
                assert!(conn.refs.retain());
                let conn = conn.clone();
                thread::spawn(move || conn.hold(again))
            })
            .collect();
        conn.reap(loop_retains);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(conn.freed.load(Relaxed), 1, "freed that often");
    });
}

#[test]
fn a_release_beside_the_reaping() {
    holders::<RefCount>(&[false], false);
}

#[test]
fn two_holders_beside_the_reaping() {
    holders::<RefCount>(&[true, false], false);
}

#[test]
fn retained_in_the_closed_callback() {
    holders::<RefCount>(&[true], true);
}

#[test]
fn nobody_holds_it() {
    holders::<RefCount>(&[], false);
    holders::<RefCount>(&[], true);
}

/// A superfluous release during the loop's work frees nothing.
#[test]
fn one_release_too_many() {
    explore(3, || {
        let conn = Connection::<RefCount>::new();
        let other = conn.clone();
        // The thread doesn't use the memory without a reference; the model's own count keeps it.
        let thief = thread::spawn(move || other.refs.release());
        conn.touch();
        assert!(conn.refs.retain());
        conn.touch();
        let own = conn.refs.release();
        let stolen = thief.join().unwrap();
        // Either may have released the loop's additional reference, and the other none.
        assert!(matches!(
            (own, stolen),
            (Released::Kept, Released::None) | (Released::None, Released::Kept)
        ));
        conn.after(conn.refs.let_go());
        assert_eq!(conn.freed.load(Relaxed), 1);
    });
}

#[test]
#[should_panic = "freed that often"]
fn counting_in_two_steps_is_found() {
    holders::<TwoSteps>(&[false], false);
}

#[test]
#[should_panic = "Causality violation"]
fn counting_without_order_is_found() {
    holders::<Unordered>(&[false], false);
}

#[test]
#[should_panic]
fn freeing_by_the_loop_alone_is_found() {
    holders::<LoopDecides>(&[false], false);
}
