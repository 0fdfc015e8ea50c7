//! What other threads may touch of a connection: atomics, and nothing else. The rest belongs to its own thread.

#![forbid(unsafe_code)]

use super::close_reason::CloseReason;
use super::cold_state::ColdState;
use super::lifecycle::phase::Life;
use super::output::write_side::Intake;
use crate::sync::in_use::InUse;
use crate::sync::refs::RefCount;
use std::sync::atomic::{AtomicI16, AtomicPtr, AtomicU32, Ordering::Relaxed};

/// All zeroes, but for the first reference: a connection that was made.
pub struct Shared {
    /// NULL: the defaults.
    pub(super) cold: AtomicPtr<ColdState>,
    /// Bytes that were accepted from senders and not yet by the kernel, posted ones included.
    pub(super) intake: Intake,
    /// Who needs the memory: the library, tasks, whoever retained it.
    pub refs: RefCount,
    /// Tasks that wait with this connection.
    pub(super) pins: AtomicU32,
    /// Why it closes: 0 while that isn't decided, then one more than the errno value.
    close_reason: AtomicI16,
    /// Other threads ask the kernel for its addresses.
    pub(super) descriptor: InUse,
    pub(super) life: Life,
}

impl Shared {
    /// False once it is decided that the connection closes.
    pub fn is_undecided(&self) -> bool {
        self.close_reason.load(Relaxed) == 0
    }

    /// Decides that the connection closes, and why. False where that was decided before.
    pub fn decide(&self, why: CloseReason) -> bool {
        self.close_reason.compare_exchange(0, why.errno() as i16 + 1, Relaxed, Relaxed).is_ok()
    }

    /// The errno value of the reason, once it is decided.
    pub fn decided(&self) -> Option<i32> {
        match self.close_reason.load(Relaxed) {
            0 => None,
            why => Some(i32::from(why - 1)),
        }
    }
}

/// Every field is for all threads: this doesn't compile otherwise.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<Shared>();
};
