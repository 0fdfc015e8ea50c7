//! The slots of a loop's timers, and the heap over them. All zeroes are an empty table.

use super::heap;
use crate::abi::types::yolanda_timer_callback;
use crate::reactor::event_loop::timers::heap::Node;
use crate::sys::pool;
use libc::c_void;
use std::{mem, ptr, slice};

/// A handle's lower bits are the slot's number plus 1, the upper ones count the slot's uses.
const SLOT_BITS: u32 = 24;
const SLOTS_MAX: u32 = (1 << SLOT_BITS) - 1;
const USES_MAX: u64 = (1 << (64 - SLOT_BITS)) - 1;
const FIRST: u32 = 64;

#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Not in use; the next free slot plus 1.
    Free(u32),
    /// In use, and its callback is running.
    Nowhere,
    Heap(u32),
}

#[derive(Clone, Copy)]
pub struct Slot {
    pub callback: yolanda_timer_callback,
    pub data: *mut c_void,
    /// Nanoseconds; 0: once.
    pub period: i64,
    /// While its callback runs: when it was due.
    pub due: i64,
    uses: u64,
    pub place: Place,
}

pub struct Timers {
    slots: *mut Slot,
    nodes: *mut Node,
    /// Of both tables: a slot that is taken has room in the heap.
    capacity: u32,
    /// Slots that were ever in use; in the heap; in use.
    fresh: u32,
    len: u32,
    used: u32,
    /// The first free slot plus 1.
    free: u32,
    started: u64,
}

impl Timers {
    pub fn len(&self) -> u32 {
        self.len
    }

    /// The number of the latest start.
    pub fn started(&self) -> u64 {
        self.started
    }

    pub fn first(&self) -> Option<Node> {
        self.heap().first().copied()
    }

    fn heap(&self) -> &[Node] {
        if self.nodes.is_null() {
            return &[];
        }
        // SAFETY: the table has `capacity >= len` nodes, the first `len` of them written.
        unsafe { slice::from_raw_parts(self.nodes, self.len as usize) }
    }

    /// The heap, to be changed, and what notes where a slot's node has gone.
    fn parts(&mut self) -> (&mut [Node], impl FnMut(u32, usize) + use<>) {
        let slots = self.slots;
        // SAFETY: as in `heap`; slots and nodes are separate tables.
        let nodes = unsafe { slice::from_raw_parts_mut(self.nodes, self.len as usize) };
        (nodes, move |slot, at| {
            // SAFETY: nodes name slots that are in use.
            unsafe { (*slots.add(slot as usize)).place = Place::Heap(at as u32) }
        })
    }

    /// A slot below `fresh`.
    pub fn slot(&mut self, slot: u32) -> &mut Slot {
        debug_assert!(slot < self.fresh);
        // SAFETY: callers have the number of a slot that was in use.
        unsafe { &mut *self.slots.add(slot as usize) }
    }

    pub fn handle(&mut self, slot: u32) -> u64 {
        self.slot(slot).uses << SLOT_BITS | u64::from(slot + 1)
    }

    /// The slot of a handle, if it is in use for it.
    pub fn find(&mut self, id: u64) -> Option<u32> {
        let slot = (id as u32 & SLOTS_MAX).checked_sub(1)?;
        if slot >= self.fresh {
            return None;
        }
        let entry = self.slot(slot);
        let used = !matches!(entry.place, Place::Free(_));
        (used && entry.uses == id >> SLOT_BITS).then_some(slot)
    }

    /// A slot for a new timer; None when memory is out.
    pub fn take_slot(&mut self) -> Option<u32> {
        if self.free == 0 && self.fresh == self.capacity && !self.grow() {
            return None;
        }
        let slot = match self.free.checked_sub(1) {
            Some(slot) => {
                if let Place::Free(next) = self.slot(slot).place {
                    self.free = next;
                }
                slot
            }
            None => {
                self.fresh += 1;
                self.fresh - 1
            }
        };
        let entry = self.slot(slot);
        entry.uses += 1;
        entry.place = Place::Nowhere;
        self.used += 1;
        Some(slot)
    }

    /// Frees a slot that isn't in the heap.
    pub fn give_back(&mut self, slot: u32) {
        let free = self.free;
        let entry = self.slot(slot);
        entry.place = Place::Free(free);
        // A handle is never used again: a slot whose uses have run out is left alone for ever.
        if entry.uses < USES_MAX {
            self.free = slot + 1;
        }
        self.used -= 1;
    }

    pub fn insert(&mut self, due: i64, slot: u32) {
        self.started += 1;
        let at = self.len as usize;
        // SAFETY: a slot is taken, so there is room for its node.
        unsafe { self.nodes.add(at).write(Node { due, number: self.started, slot }) };
        self.len += 1;
        let (nodes, moved) = self.parts();
        heap::up(nodes, at, moved);
    }

    pub fn node_of(&mut self, slot: u32) -> Node {
        match self.slot(slot).place {
            Place::Heap(at) => self.heap()[at as usize],
            _ => Node { due: 0, number: 0, slot },
        }
    }

    /// Takes a slot's node out of the heap, if it is there.
    pub fn take_out(&mut self, slot: u32) {
        let Place::Heap(at) = self.slot(slot).place else { return };
        self.slot(slot).place = Place::Nowhere;
        let at = at as usize;
        self.len -= 1;
        let last = self.len as usize;
        if at == last {
            return;
        }
        // SAFETY: both lie in the table; the last node fills the gap.
        let moved_node = unsafe {
            let node = *self.nodes.add(last);
            self.nodes.add(at).write(node);
            node
        };
        let (nodes, moved) = self.parts();
        heap::up(nodes, at, moved);
        if self.heap()[at] == moved_node {
            let (nodes, moved) = self.parts();
            heap::down(nodes, at, moved);
        }
    }

    fn grow(&mut self) -> bool {
        let capacity = (self.capacity * 2).clamp(FIRST, SLOTS_MAX);
        if capacity == self.capacity {
            return false;
        }
        let slots = pool::run_zeroed(capacity as usize * size_of::<Slot>()).cast::<Slot>();
        let nodes = pool::run_alloc(capacity as usize * size_of::<Node>()).cast::<Node>();
        // SAFETY: fresh tables that are larger than the old ones; all of them are runs of the pool.
        unsafe {
            if slots.is_null() || nodes.is_null() {
                [slots.cast(), nodes.cast::<u8>()]
                    .into_iter()
                    .filter(|table| !table.is_null())
                    .for_each(|table| pool::run_drop(table));
                return false;
            }
            if self.capacity > 0 {
                ptr::copy_nonoverlapping(self.slots, slots, self.fresh as usize);
                ptr::copy_nonoverlapping(self.nodes, nodes, self.len as usize);
                pool::run_drop(self.slots.cast());
                pool::run_drop(self.nodes.cast());
            }
        }
        (self.slots, self.nodes, self.capacity) = (slots, nodes, capacity);
        true
    }

    /// Frees the tables; timers that were in them are gone.
    pub fn free(&mut self) {
        for table in [self.slots.cast::<u8>(), self.nodes.cast()] {
            if !table.is_null() {
                // SAFETY: the tables are runs of the pool, and nothing of them is used any more.
                unsafe { pool::run_drop(table) };
            }
        }
        // SAFETY: all zeroes are an empty table.
        *self = unsafe { mem::zeroed() };
    }
}
