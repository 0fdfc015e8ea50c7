//! The body of a request, collected. A small one stands behind the strings of the request; a larger
//! one has a block of the pools, which grows with what has arrived, whatever was announced.

use core::ptr::{null, null_mut};

use crate::http::message::arena::Arena;
use crate::http::message::bodies::Bodies;
use crate::sys::pool;

/// The longest piece that the pools cut from a shared slab.
const FIRST: usize = 8 << 10;
/// What longer pieces come in.
const GRANULE: usize = 64 << 10;

pub struct Content {
    pub at: *mut u8,
    pub len: usize,
    /// The size of the block; 0 while the bytes are the arena's.
    capacity: usize,
    /// What was counted of it, and where; only blocks are.
    counted: usize,
    bodies: *const Bodies,
}

impl Content {
    pub const EMPTY: Content =
        Content { at: null_mut(), len: 0, capacity: 0, counted: 0, bodies: null() };

    /// Appends bytes, and a NUL that doesn't count. `left`: how many follow, where that is known.
    /// None when memory is out, or as much is held as may be.
    ///
    /// # Safety
    /// The content is that of the request whose strings `arena` holds; `bodies` is NULL, or always the same and
    /// there until the content is released.
    pub unsafe fn append(
        &mut self,
        arena: &mut Arena,
        bytes: &[u8],
        left: Option<u64>,
        bodies: *const Bodies,
    ) -> Option<()> {
        let needed = self.len.checked_add(bytes.len())?.checked_add(1)?;
        let left = left.map(|left| usize::try_from(left).unwrap_or(usize::MAX));
        // SAFETY: `room` leaves space for `needed` bytes, of which `len` are written.
        unsafe {
            self.room(arena, needed, left)?;
            if self.capacity > 0 && needed - 1 > self.counted {
                self.count(needed - 1, bodies)?;
            }
            let end = self.at.add(self.len);
            end.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            *end.add(bytes.len()) = 0;
        }
        self.len += bytes.len();
        Some(())
    }

    /// Makes room for `needed` bytes together.
    unsafe fn room(&mut self, arena: &mut Arena, needed: usize, left: Option<usize>) -> Option<()> {
        if needed <= self.capacity {
            return Some(());
        }
        if self.at.is_null() {
            if needed.saturating_add(left.unwrap_or(0)) <= arena.left() {
                self.at = arena.alloc(needed);
                return Some(());
            }
        } else if self.capacity == 0 {
            // SAFETY: the NUL ends what the arena gave, so that its end is behind it.
            let end = unsafe { self.at.add(self.len + 1) };
            if arena.extend(end, needed - (self.len + 1)) {
                return Some(());
            }
        }
        let all = left.map_or(usize::MAX, |left| needed.saturating_add(left));
        // SAFETY: handed on.
        unsafe { self.grow(needed, all) }
    }

    /// Moves to a block of at least `needed` bytes, and of no more than `all`.
    #[cold]
    unsafe fn grow(&mut self, needed: usize, all: usize) -> Option<()> {
        let wish = match needed {
            0..=FIRST => FIRST,
            _ => GRANULE.max(self.capacity.saturating_mul(2)),
        };
        let capacity = needed.max(wish.min(all));
        let block = pool::alloc(capacity);
        if block.is_null() {
            return None;
        }
        // SAFETY: len bytes are written in the old place, and the new one has room for more.
        unsafe {
            if self.len > 0 {
                block.copy_from_nonoverlapping(self.at, self.len);
            }
            self.free_block();
        }
        self.at = block;
        self.capacity = capacity;
        Some(())
    }

    /// Counts the bytes that the block is going to hold, in steps where there is room for a whole one. None
    /// where it is too much.
    #[cold]
    unsafe fn count(&mut self, len: usize, bodies: *const Bodies) -> Option<()> {
        // SAFETY: as for `append`.
        if let Some(held) = unsafe { bodies.as_ref() } {
            let step = len.next_multiple_of(GRANULE).min(self.capacity - 1);
            let all = [step, len].into_iter().find(|all| held.add(all - self.counted))?;
            (self.counted, self.bodies) = (all, bodies);
        }
        Some(())
    }

    /// Gives the block back. The bytes are gone.
    ///
    /// # Safety
    /// The content is emptied, or given a new place, before it is used again.
    pub unsafe fn release(&mut self) {
        // SAFETY: handed on; what it was counted in is still there.
        unsafe {
            self.free_block();
            if self.counted > 0 {
                (*self.bodies).remove(self.counted);
            }
        }
    }

    unsafe fn free_block(&mut self) {
        if self.capacity > 0 {
            // SAFETY: the block that `grow` made, of that size.
            unsafe { pool::free(self.at, self.capacity) };
        }
    }
}
