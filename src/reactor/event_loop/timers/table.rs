//! The slots of a loop's timers, and the heap of them.

#![forbid(unsafe_code)]

use super::heap;
use crate::abi::types::{Destroy, yolanda_timer_callback};
use crate::reactor::event_loop::timers::heap::Node;
use crate::sys::pool::array::Array;
use libc::c_void;
use std::cell::Cell;

/// The lower bits of a handle are the slot's number plus 1, the upper ones the count of the slot's uses.
const SLOT_BITS: u32 = 24;
const SLOTS_MAX: u32 = (1 << SLOT_BITS) - 1;
const USES_MAX: u64 = (1 << (64 - SLOT_BITS)) - 1;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Unused; contains the next free slot plus 1.
    Free(u32),
    /// In use; its callback is running.
    Nowhere,
    /// The timer has ended, but its callback is still on the stack: no other timer gets the slot.
    Ended,
    Heap(u32),
}

/// The data of a timer, apart from its position in the heap.
#[derive(Clone, Copy)]
pub struct Slot {
    pub callback: yolanda_timer_callback,
    pub data: *mut c_void,
    /// Frees the data after the end.
    pub destroy: Destroy,
    /// Nanoseconds; 0 means once.
    pub period: i64,
    /// While its callback is on the stack: when it was due; else `NOT_CALLED`.
    pub due: i64,
}

/// Earlier than any time at which a timer may be due.
pub const NOT_CALLED: i64 = i64::MIN;

/// All zeroes are an empty table.
pub struct Timers {
    slots: Array<Slot>,
    places: Array<Place>,
    /// How often each slot was used.
    uses: Array<u64>,
    /// Has room for a node of each slot.
    nodes: Array<Node>,
    /// The first free slot plus 1.
    free: Cell<u32>,
    started: Cell<u64>,
}

impl Timers {
    /// The number of timers in the heap.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The number of the latest start.
    pub fn started(&self) -> u64 {
        self.started.get()
    }

    pub fn first(&self) -> Option<Node> {
        self.nodes.get(0)
    }

    pub fn slot(&self, slot: u32) -> Option<Slot> {
        self.slots.get(slot as usize)
    }

    /// Writes a slot that is in use.
    pub fn set_slot(&self, slot: u32, value: Slot) {
        self.slots.set(slot as usize, value);
    }

    fn place(&self, slot: u32) -> Place {
        self.places.get(slot as usize).unwrap_or(Place::Free(0))
    }

    pub fn handle(&self, slot: u32) -> u64 {
        self.uses.get(slot as usize).unwrap_or(0) << SLOT_BITS | u64::from(slot + 1)
    }

    /// The slot of a handle, if the handle is valid.
    pub fn find(&self, id: u64) -> Option<u32> {
        let slot = (id as u32 & SLOTS_MAX).checked_sub(1)?;
        let is_used = matches!(self.place(slot), Place::Nowhere | Place::Heap(_));
        (is_used && self.uses.get(slot as usize) == Some(id >> SLOT_BITS)).then_some(slot)
    }

    /// A slot for a new timer. None if out of memory.
    pub fn take_slot(&self, value: Slot) -> Option<u32> {
        let slot = match self.free.get().checked_sub(1) {
            Some(slot) => {
                if let Place::Free(next) = self.place(slot) {
                    self.free.set(next);
                }
                slot
            }
            None => self.make_slot(value)?,
        };
        let at = slot as usize;
        self.uses.set(at, self.uses.get(at)? + 1);
        self.places.set(at, Place::Nowhere);
        self.slots.set(at, value);
        Some(slot)
    }

    /// Adds a slot and its room in the heap.
    fn make_slot(&self, value: Slot) -> Option<u32> {
        let len = self.slots.len() + 1;
        let room = len <= SLOTS_MAX as usize
            && self.slots.reserve(len)
            && self.places.reserve(len)
            && self.uses.reserve(len)
            && self.nodes.reserve(len);
        let made =
            room && self.slots.push(value) && self.places.push(Place::Nowhere) && self.uses.push(0);
        made.then_some(len as u32 - 1)
    }

    /// The number of slots, used and free.
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    pub fn has_ended(&self, slot: u32) -> bool {
        self.place(slot) == Place::Ended
    }

    /// Makes the handle of a slot invalid that isn't in the heap. The slot isn't freed.
    pub fn end(&self, slot: u32) {
        self.places.set(slot as usize, Place::Ended);
    }

    /// Frees a slot that isn't in the heap.
    pub fn give_back(&self, slot: u32) {
        self.places.set(slot as usize, Place::Free(self.free.get()));
        // Handles are never reused, so a slot isn't used again after its count has reached the maximum.
        if self.uses.get(slot as usize) < Some(USES_MAX) {
            self.free.set(slot + 1);
        }
    }

    /// Records the position of a slot's node in the heap.
    fn note(&self) -> impl Fn(u32, usize) + '_ {
        |slot, at| self.places.set(slot as usize, Place::Heap(at as u32))
    }

    /// Adds a slot to the heap, in which it isn't.
    pub fn insert(&self, due: i64, slot: u32) {
        self.started.set(self.started.get() + 1);
        // There is room, because `make_slot` has made it.
        self.nodes.push(Node { due, number: self.started.get(), slot });
        heap::up(&self.nodes, self.nodes.len() - 1, self.note());
    }

    /// When a slot in the heap is due. None while its callback runs.
    pub fn due(&self, slot: u32) -> Option<i64> {
        match self.place(slot) {
            Place::Heap(at) => self.nodes.get(at as usize).map(|node| node.due),
            _ => None,
        }
    }

    /// Removes a slot's node from the heap, if it is there.
    pub fn take_out(&self, slot: u32) {
        let Place::Heap(at) = self.place(slot) else { return };
        self.places.set(slot as usize, Place::Nowhere);
        let Some(last) = self.nodes.pop() else { return };
        let at = at as usize;
        if at == self.nodes.len() {
            return;
        }
        // The last node takes its place.
        self.nodes.set(at, last);
        heap::up(&self.nodes, at, self.note());
        if self.nodes.get(at) == Some(last) {
            heap::down(&self.nodes, at, self.note());
        }
    }

    /// Frees the tables, including all timers.
    pub fn clear(&self) {
        self.slots.clear();
        self.places.clear();
        self.uses.clear();
        self.nodes.clear();
        self.free.set(0);
    }
}
