//! Timers: a heap by due time, in tables of the pool, and the functions of `yolanda.h`.
//!
//! A timer is a slot; its handle is the slot's number and how often the slot was used, so that a
//! handle of an earlier use finds nothing. The heap has four children per node: half as deep as two,
//! and the four lie beside each other.

mod exports;
mod heap;
mod table;

pub use crate::reactor::event_loop::timers::exports::*;
pub use crate::reactor::event_loop::timers::table::Timers;

use crate::abi::types::{event_loop, yolanda_timer_callback};
use crate::reactor::event_loop::state::{count, of};
use crate::reactor::event_loop::timers::heap::Node;
use crate::reactor::event_loop::timers::table::{Place, Slot};
pub use crate::sys::clock::now_ns;
use libc::c_void;
use std::sync::atomic::Ordering::Relaxed;

const NS_PER_MS: i64 = 1_000_000;
/// The longest delay, some 146 years: sums of times never overflow.
const MAX_MS: i64 = i64::MAX / 2 / NS_PER_MS;

/// Starts a timer; 0 when memory is out. Times below 0 count as 0; a period of 0 means once.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn start(
    l: *mut event_loop,
    delay_ms: i64,
    period_ms: i64,
    callback: yolanda_timer_callback,
    data: *mut c_void,
) -> u64 {
    // SAFETY: the tables are this thread's; the slot is filled before it is used.
    unsafe {
        let timers = &mut (*of(l)).timers;
        let Some(slot) = timers.take_slot() else {
            return 0;
        };
        let entry = timers.slot(slot);
        entry.callback = callback;
        entry.data = data;
        arm(l, slot, delay_ms, period_ms);
        (*of(l)).timers.handle(slot)
    }
}

/// Puts a slot that is in no heap into it.
unsafe fn arm(l: *mut event_loop, slot: u32, delay_ms: i64, period_ms: i64) {
    // SAFETY: as in `start`; taking a slot made room in the heap.
    unsafe {
        let timers = &mut (*of(l)).timers;
        timers.slot(slot).period = period_ms.clamp(0, MAX_MS) * NS_PER_MS;
        let due = now_ns() + delay_ms.clamp(0, MAX_MS) * NS_PER_MS;
        timers.insert(due, slot);
        (*of(l)).counts.timers.store(timers.len() as u64, Relaxed);
    }
}

/// Starts a timer anew, as if it had been started now; also within its own callback. False when the
/// handle names none.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn restart(l: *mut event_loop, id: u64, delay_ms: i64, period_ms: i64) -> bool {
    // SAFETY: as in `start`.
    unsafe {
        let timers = &mut (*of(l)).timers;
        let Some(slot) = timers.find(id) else {
            return false;
        };
        timers.take_out(slot);
        arm(l, slot, delay_ms, period_ms);
        true
    }
}

/// Stops a timer: it isn't called any more. False when the handle names none.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn stop(l: *mut event_loop, id: u64) -> bool {
    // SAFETY: as in `start`.
    unsafe {
        let timers = &mut (*of(l)).timers;
        let Some(slot) = timers.find(id) else {
            return false;
        };
        timers.take_out(slot);
        timers.give_back(slot);
        (*of(l)).counts.timers.store(timers.len() as u64, Relaxed);
        true
    }
}

/// Nanoseconds until a timer is due, 0 when it is; None when the handle names none. Within its own
/// callback: until the next period, 0 where there is none.
///
/// # Safety
/// On the loop's thread.
unsafe fn remaining(l: *mut event_loop, id: u64) -> Option<i64> {
    // SAFETY: as in `start`.
    unsafe {
        let timers = &mut (*of(l)).timers;
        let slot = timers.find(id)?;
        let Slot { place, due, period, .. } = *timers.slot(slot);
        let due = match place {
            Place::Heap(_) => timers.node_of(slot).due,
            _ if period > 0 => due + period,
            _ => return Some(0),
        };
        Some((due - now_ns()).max(0))
    }
}

/// Nanoseconds until the first timer is due, 0 when one is; None without any.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn until_next(l: *mut event_loop) -> Option<i64> {
    // SAFETY: as in `start`.
    unsafe {
        let first = (*of(l)).timers.first()?;
        Some((first.due - now_ns()).max(0))
    }
}

/// Calls the timers that are due. What they start has to wait for the next pass, however short its
/// delay is, so that timers alone can't keep the loop from its descriptors.
///
/// # Safety
/// On the loop's thread, within a pass.
#[inline]
pub unsafe fn run(l: *mut event_loop) {
    // SAFETY: the tables are the loop's thread's.
    unsafe {
        if (*of(l)).timers.len() > 0 {
            run_due(l);
        }
    }
}

#[inline(never)]
unsafe fn run_due(l: *mut event_loop) {
    // SAFETY: nothing of the tables is kept across a callback; they are looked at afresh.
    unsafe {
        let now = now_ns();
        let newest = (*of(l)).timers.started();
        while let Some(Node { due, number, slot }) = (*of(l)).timers.first()
            && due <= now
            && number <= newest
        {
            call(l, slot, due, now);
        }
    }
}

/// Calls one timer, and arms it again where it has a period.
unsafe fn call(l: *mut event_loop, slot: u32, due: i64, now: i64) {
    // SAFETY: as in `run`; the handle tells whether the slot still is this timer's.
    unsafe {
        let timers = &mut (*of(l)).timers;
        timers.take_out(slot);
        let entry = timers.slot(slot);
        entry.due = due;
        let (callback, data) = (entry.callback, entry.data);
        let id = timers.handle(slot);
        count(&(*of(l)).counts.callbacks, 1);
        (*of(l)).counts.timers.store((*of(l)).timers.len() as u64, Relaxed);
        if let Some(callback) = callback {
            callback(l, id, data);
        }
        let timers = &mut (*of(l)).timers;
        if timers.find(id) != Some(slot) || timers.slot(slot).place != Place::Nowhere {
            return;
        }
        let period = timers.slot(slot).period;
        if period == 0 {
            timers.give_back(slot);
        } else {
            // From due time to due time: no drift. Periods that have gone by are left out.
            let missed = (now - due) / period;
            timers.insert(due + (missed + 1) * period, slot);
            (*of(l)).counts.timers.store(timers.len() as u64, Relaxed);
        }
    }
}

/// Frees all timers of a loop without calling them.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn clear(l: *mut event_loop) {
    // SAFETY: as in `start`.
    unsafe { (*of(l)).timers.free() }
}
