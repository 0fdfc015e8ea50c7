//! The pools that were started on a loop.

use super::thread_pool::Pool;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::list::{Keeps, places};
use std::ptr::NonNull;

/// Borrowed for an iteration over the list, only by functions of this file.
struct Look(());

// SAFETY: `Pool::free` removes a pool from the list before its memory is freed, and nothing in this file calls that.
unsafe impl Keeps<Pool> for Look {}

places! {
    enum Started: List<Pool> by link, kept by Look, in pools;
}

pub fn add(l: &Loop, pool: &Pool) {
    pools(l).push_front(pool);
}

pub fn remove(l: &Loop, pool: &Pool) {
    pools(l).remove(pool);
}

pub fn first(l: &Loop) -> Option<NonNull<Pool>> {
    pools(l).first(&Look(())).map(NonNull::from)
}

/// Whether one of them has threads.
pub fn any_has_threads(l: &Loop) -> bool {
    pools(l).iter(&Look(())).any(Pool::has_threads)
}
