//! The collected body of a request. A small one is stored with the strings of the request; a larger one gets its
//! own block, which grows with the bytes that have arrived, whatever length was announced.

use core::cell::Cell;
use core::ffi::c_char;
use core::ptr::null_mut;

use crate::http::message::arena::Arena;
use crate::http::message::bodies::Bodies;
use crate::sys::pool;

/// The largest piece that the pools take from a shared slab.
const FIRST: usize = 8 << 10;
/// Larger blocks grow in these steps.
const GRANULE: usize = 64 << 10;

pub struct Content {
    /// NULL if there is no body.
    at: Cell<*mut u8>,
    len: Cell<usize>,
    /// The size of the block; 0 while the bytes are in the arena.
    capacity: Cell<usize>,
    /// How much of the block is counted in the server's limit.
    counted: Cell<usize>,
}

impl Content {
    pub const fn new() -> Content {
        Content {
            at: Cell::new(null_mut()),
            len: Cell::new(0),
            capacity: Cell::new(0),
            counted: Cell::new(0),
        }
    }

    /// The bytes, followed by a NUL, and their number.
    pub fn bytes(&self) -> (*const c_char, usize) {
        match self.at.get() {
            at if at.is_null() => (c"".as_ptr(), 0),
            at => (at.cast_const().cast(), self.len.get()),
        }
    }

    /// Appends bytes, followed by a NUL that doesn't count. `left` is the number of bytes that follow, if known.
    /// `arena` and `bodies` are the same for all bytes of a body. None if out of memory or if the server's limit
    /// is reached.
    pub fn append(
        &self,
        arena: &Arena,
        bytes: &[u8],
        left: Option<u64>,
        bodies: Option<&Bodies>,
    ) -> Option<()> {
        let len = self.len.get().checked_add(bytes.len())?;
        let needed = len.checked_add(1)?;
        let left = left.map(|left| usize::try_from(left).unwrap_or(usize::MAX));
        self.room(arena, needed, left)?;
        if self.capacity.get() > 0 && len > self.counted.get() {
            self.count(len, bodies)?;
        }
        // SAFETY: `room` makes room for `needed` bytes at `at`, in memory that doesn't overlap `bytes`.
        unsafe {
            let end = self.at.get().add(self.len.get());
            end.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            end.add(bytes.len()).write(0);
        }
        self.len.set(len);
        Some(())
    }

    /// Makes room for `needed` bytes in total.
    fn room(&self, arena: &Arena, needed: usize, left: Option<usize>) -> Option<()> {
        if needed <= self.capacity.get() {
            return Some(());
        }
        if self.at.get().is_null() {
            if needed.saturating_add(left.unwrap_or(0)) <= arena.left() {
                self.at.set(arena.alloc(needed)?.as_ptr());
                return Some(());
            }
        } else if self.capacity.get() == 0 {
            // The NUL is the end of the arena's piece.
            let used = self.len.get() + 1;
            if arena.extend(self.at.get().wrapping_add(used), needed - used) {
                return Some(());
            }
        }
        let all = left.map_or(usize::MAX, |left| needed.saturating_add(left));
        self.grow(needed, all)
    }

    /// Moves to a block of at least `needed` bytes and at most `all`.
    #[cold]
    fn grow(&self, needed: usize, all: usize) -> Option<()> {
        let wish = match needed {
            0..=FIRST => FIRST,
            _ => GRANULE.max(self.capacity.get().saturating_mul(2)),
        };
        let capacity = needed.max(wish.min(all));
        let block = pool::alloc(capacity);
        if block.is_null() {
            return None;
        }
        if self.len.get() > 0 {
            // SAFETY: the old memory has `len` initialised bytes, and the new block is larger.
            unsafe { block.copy_from_nonoverlapping(self.at.get(), self.len.get()) };
        }
        self.free_block();
        self.at.set(block);
        self.capacity.set(capacity);
        Some(())
    }

    /// Counts the bytes of the future block, rounded up to a step if the limit allows. None if the limit is
    /// exceeded.
    #[cold]
    fn count(&self, len: usize, bodies: Option<&Bodies>) -> Option<()> {
        if let Some(held) = bodies {
            let step = len.next_multiple_of(GRANULE).min(self.capacity.get() - 1);
            let counted = self.counted.get();
            self.counted.set([step, len].into_iter().find(|all| held.add(all - counted))?);
        }
        Some(())
    }

    /// Removes the bytes and frees the block. `bodies` is where they were counted.
    pub fn release(&self, bodies: Option<&Bodies>) {
        self.free_block();
        self.at.set(null_mut());
        self.len.set(0);
        let counted = self.counted.take();
        if let Some(held) = bodies
            && counted > 0
        {
            held.remove(counted);
        }
    }

    fn free_block(&self) {
        let capacity = self.capacity.take();
        if capacity > 0 {
            // SAFETY: `grow` allocated the block with that size, and `at` is replaced.
            unsafe { pool::free(self.at.get(), capacity) };
        }
    }
}
