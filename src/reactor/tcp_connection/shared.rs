//! The part of a connection that other threads may use: only atomics. The rest belongs to its own thread.

#![forbid(unsafe_code)]

use super::close_reason::CloseReason;
use super::cold_state::ColdState;
use super::lifecycle::phase::Life;
use super::output::write_side::Intake;
use crate::sync::in_use::InUse;
use crate::sync::refs::RefCount;
use std::sync::atomic::{AtomicI16, AtomicPtr, AtomicU32, Ordering::Relaxed};

/// All zeroes, except for the first reference: a new connection.
pub struct Shared {
    /// NULL means the defaults.
    pub(super) cold: AtomicPtr<ColdState>,
    /// Bytes that were accepted from senders and not yet by the kernel, including posted ones.
    pub(super) intake: Intake,
    /// The references to the memory: of the library, tasks, and holders that retained it.
    pub refs: RefCount,
    /// The number of tasks for this connection.
    pub(super) pins: AtomicU32,
    /// Why it closes: 0 while that isn't decided, then one more than the errno value.
    close_reason: AtomicI16,
    /// Used while other threads ask the kernel for the descriptor's addresses.
    pub(super) descriptor: InUse,
    pub(super) life: Life,
}

impl Shared {
    /// False after it is decided that the connection closes.
    pub fn is_undecided(&self) -> bool {
        self.close_reason.load(Relaxed) == 0
    }

    /// Decides that and why the connection closes. False if that was already decided.
    pub fn decide(&self, why: CloseReason) -> bool {
        self.close_reason.compare_exchange(0, why.errno() as i16 + 1, Relaxed, Relaxed).is_ok()
    }

    /// The errno value of the reason, if it is decided.
    pub fn decided(&self) -> Option<i32> {
        match self.close_reason.load(Relaxed) {
            0 => None,
            why => Some(i32::from(why - 1)),
        }
    }
}

/// All fields may be used by all threads; otherwise this doesn't compile.
const _: fn() = || {
    fn for_all_threads<T: Sync>() {}
    for_all_threads::<Shared>();
};
