//! Timers: a heap by due time, in tables of the pool.
//!
//! A timer is a slot; its handle is the slot's number and how often the slot was used, so that a
//! handle of an earlier use finds nothing. The heap has four children per node: half as deep as two,
//! and the four lie beside each other.

mod heap;
mod table;

pub use crate::reactor::event_loop::timers::table::Timers;

use crate::abi::types::yolanda_timer_callback;
use crate::reactor::event_loop::state::{Loop, count};
use crate::reactor::event_loop::timers::heap::Node;
use crate::reactor::event_loop::timers::table::Slot;
use crate::sys::clock::now_ns;
use libc::c_void;
use std::sync::atomic::Ordering::Relaxed;

pub const NS_PER_MS: i64 = 1_000_000;
/// The longest delay, some 146 years: sums of times never overflow.
pub const MAX_MS: i64 = i64::MAX / 2 / NS_PER_MS;

impl Loop {
    /// Starts a timer, whose callback gets `data`; 0 when memory is out. Times below 0 count as 0; a period of 0
    /// means once.
    pub fn start_timer(
        &self,
        delay_ms: i64,
        period_ms: i64,
        callback: yolanda_timer_callback,
        data: *mut c_void,
    ) -> u64 {
        let Some(slot) = self.timers.take_slot(Slot { callback, data, period: 0, due: 0 }) else {
            return 0;
        };
        self.arm_timer(slot, delay_ms, period_ms);
        self.timers.handle(slot)
    }

    /// Puts a slot that is in no heap into it.
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

    /// Starts a timer anew, as if it had been started now; also within its own callback. False when the
    /// handle names none.
    pub fn restart_timer(&self, id: u64, delay_ms: i64, period_ms: i64) -> bool {
        let Some(slot) = self.timers.find(id) else {
            return false;
        };
        self.timers.take_out(slot);
        self.arm_timer(slot, delay_ms, period_ms);
        true
    }

    /// Stops a timer: it isn't called any more. False when the handle names none.
    pub fn stop_timer(&self, id: u64) -> bool {
        let Some(slot) = self.timers.find(id) else {
            return false;
        };
        self.timers.take_out(slot);
        self.timers.give_back(slot);
        self.count_timers();
        true
    }

    /// Nanoseconds until a timer is due, 0 when it is; None when the handle names none. Within its own
    /// callback: until the next period, 0 where there is none.
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

    /// Nanoseconds until the first timer is due, 0 when one is; None without any.
    pub fn until_next_timer(&self) -> Option<i64> {
        let first = self.timers.first()?;
        Some((first.due - now_ns()).max(0))
    }

    /// Calls the timers that are due. What they start has to wait for the next iteration, however short its
    /// delay is, so that timers alone can't keep the loop from its descriptors.
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

    /// Calls one timer, and arms it again where it has a period.
    fn call_timer(&self, slot: u32, due: i64, now: i64) {
        let timers = &self.timers;
        timers.take_out(slot);
        let Some(entry) = timers.slot(slot) else { return };
        timers.set_slot(slot, Slot { due, ..entry });
        let id = timers.handle(slot);
        count(&self.counts.callbacks, 1);
        self.count_timers();
        if let Some(callback) = entry.callback {
            // SAFETY: who starts a timer gives it data that is there until it was stopped or called for the last time.
            unsafe { callback(self.as_c(), id, entry.data) };
        }
        if timers.find(id) != Some(slot) || timers.due(slot).is_some() {
            return;
        }
        match timers.slot(slot) {
            Some(Slot { period, .. }) if period > 0 => {
                // From due time to due time: no drift. Periods that have gone by are left out.
                let missed = (now - due) / period;
                timers.insert(due + (missed + 1) * period, slot);
                self.count_timers();
            }
            _ => timers.give_back(slot),
        }
    }
}
