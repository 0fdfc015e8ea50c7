//! Timers: a heap ordered by due time, in pool memory.
//!
//! A timer is a slot. Its handle consists of the slot's number and a count of the slot's uses, so that an old
//! handle finds nothing. A timer that ends while its callback is on the stack keeps its slot until the outermost call
//! has returned; then its data is destroyed. The heap has four children per node: it is half as deep as with two, and the four are
//! adjacent in memory.

mod heap;
mod table;

pub use crate::reactor::event_loop::timers::table::Timers;

use crate::abi::types::{Destroy, yolanda_timer_callback};
use crate::reactor::event_loop::state::{Loop, count};
use crate::reactor::event_loop::timers::heap::Node;
use crate::reactor::event_loop::timers::table::{NOT_CALLED, Slot};
use crate::sys::clock::now_ns;
use libc::c_void;
use std::sync::atomic::Ordering::Relaxed;

pub const NS_PER_MS: i64 = 1_000_000;
/// The longest delay, about 146 years: sums of times never overflow.
pub const MAX_MS: i64 = i64::MAX / 2 / NS_PER_MS;

impl Loop {
    /// Starts a timer, whose callback gets `data`; 0 if out of memory. Negative times count as 0; a period of 0
    /// means once.
    pub fn start_timer(
        &self,
        delay_ms: i64,
        period_ms: i64,
        callback: yolanda_timer_callback,
        data: *mut c_void,
    ) -> u64 {
        let entry = Slot { callback, data, destroy: None, period: 0, due: NOT_CALLED };
        let Some(slot) = self.timers.take_slot(entry) else { return 0 };
        self.arm_timer(slot, delay_ms, period_ms);
        self.timers.handle(slot)
    }

    /// Adds a slot to the heap, in which it isn't.
    fn arm_timer(&self, slot: u32, delay_ms: i64, period_ms: i64) {
        if let Some(entry) = self.timers.slot(slot) {
            let period = period_ms.clamp(0, MAX_MS) * NS_PER_MS;
            self.timers.set_slot(slot, Slot { period, ..entry });
        }
        self.timers.insert(now_ns() + delay_ms.clamp(0, MAX_MS) * NS_PER_MS, slot);
        self.count_timers();
    }

    fn count_timers(&self) {
        self.counts.timers.store(self.timers.len() as u64, Relaxed);
    }

    /// Gives a timer new times, as if it were started now; also in its own callback. False for an invalid handle.
    pub fn restart_timer(&self, id: u64, delay_ms: i64, period_ms: i64) -> bool {
        let Some(slot) = self.timers.find(id) else {
            return false;
        };
        self.timers.take_out(slot);
        self.arm_timer(slot, delay_ms, period_ms);
        true
    }

    /// Stops a timer: it isn't called any more. False for an invalid handle.
    pub fn stop_timer(&self, id: u64) -> bool {
        let Some(slot) = self.timers.find(id) else {
            return false;
        };
        self.timers.take_out(slot);
        self.count_timers();
        self.end_timer(slot);
        true
    }

    /// Sets the function that frees a timer's data after its end. False for an invalid handle.
    pub fn set_timer_destroy(&self, id: u64, destroy: Destroy) -> bool {
        let Some((slot, entry)) =
            self.timers.find(id).and_then(|slot| Some((slot, self.timers.slot(slot)?)))
        else {
            return false;
        };
        self.timers.set_slot(slot, Slot { destroy, ..entry });
        true
    }

    /// Ends a timer that isn't in the heap. While its callback is on the stack, the slot is kept.
    fn end_timer(&self, slot: u32) {
        match self.timers.slot(slot) {
            Some(Slot { due: NOT_CALLED, destroy, data, .. }) => {
                self.timers.give_back(slot);
                self.destroy(destroy, data);
            }
            _ => self.timers.end(slot),
        }
    }

    /// Stops the timers whose data is to be destroyed. Returns whether there were any. For a loop that is being
    /// freed.
    pub fn end_timers_with_destroy(&self) -> bool {
        let mut some = false;
        // Destroyed data may stop and start timers, but no timer gets a function to destroy its data any more.
        for slot in 0..self.timers.slots() {
            let has_destroy = self.timers.slot(slot).is_some_and(|entry| entry.destroy.is_some());
            if has_destroy && self.stop_timer(self.timers.handle(slot)) {
                some = true;
            }
        }
        some
    }

    /// Nanoseconds until a timer is due, 0 if it is due; None for an invalid handle. In its own callback: until
    /// the next period, 0 if there is none.
    pub fn timer_remaining(&self, id: u64) -> Option<i64> {
        let slot = self.timers.find(id)?;
        let due = match self.timers.due(slot) {
            Some(due) => due,
            None => {
                let Slot { due, period, .. } = self.timers.slot(slot)?;
                if period == 0 {
                    return Some(0);
                }
                due + period
            }
        };
        Some((due - now_ns()).max(0))
    }

    /// Nanoseconds until the first timer is due, 0 if one is due; None if there are no timers.
    pub fn until_next_timer(&self) -> Option<i64> {
        let first = self.timers.first()?;
        Some((first.due - now_ns()).max(0))
    }

    /// Calls the timers that are due. Timers that they start wait for the next iteration, even with a delay of 0,
    /// so that timers alone can't keep the loop from its descriptors.
    #[inline]
    pub fn run_timers(&self) {
        if self.timers.len() > 0 {
            self.run_due_timers();
        }
    }

    #[inline(never)]
    fn run_due_timers(&self) {
        let now = now_ns();
        let newest = self.timers.started();
        while let Some(Node { due, number, slot }) = self.timers.first()
            && due <= now
            && number <= newest
        {
            self.call_timer(slot, due, now);
        }
    }

    /// Calls a timer, and adds it to the heap again if it has a period.
    fn call_timer(&self, slot: u32, due: i64, now: i64) {
        let timers = &self.timers;
        timers.take_out(slot);
        let Some(entry) = timers.slot(slot) else { return };
        timers.set_slot(slot, Slot { due, ..entry });
        let id = timers.handle(slot);
        count(&self.counts.callbacks, 1);
        self.count_timers();
        if let Some(callback) = entry.callback {
            // SAFETY: the starter of a timer keeps its data valid until it is stopped or has been called for the
            // last time.
            unsafe { callback(self.as_c(), id, entry.data) };
        }
        let Some(after) = timers.slot(slot) else { return };
        // What an outer call of the callback had there.
        timers.set_slot(slot, Slot { due: entry.due, ..after });
        if timers.due(slot).is_some() {
            return;
        }
        match after.period {
            period if period > 0 && !timers.has_ended(slot) => {
                // Counted from due time to due time, so that there is no drift. Missed periods are skipped.
                let missed = (now - due) / period;
                timers.insert(due + (missed + 1) * period, slot);
                self.count_timers();
            }
            _ => self.end_timer(slot),
        }
    }
}
