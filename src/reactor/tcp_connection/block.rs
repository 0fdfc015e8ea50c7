//! The pool block that the library has put into a buffer of a connection. C code may have replaced it since. The
//! library then doesn't touch the buffer, but it still owns its block and returns it to the pools.

use crate::abi::types::buffer;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool;
use std::cell::Cell;
use std::ptr;

/// The size of a block that the connections of a loop share.
pub const SHARED: usize = 65_536;

/// Makes a buffer empty, without a block of its own.
pub fn empty(b: &buffer, l: &RemoteLoop) {
    b.take_block(l.empty().cast(), 0, 0);
}

/// The address of the block; NULL if there is none. Each block has one byte more than the buffer's `total_size`, for
/// the NUL.
pub struct Block(Cell<*mut u8>);

impl Block {
    /// The address of the block. NULL if there is none.
    pub fn at(&self) -> *mut u8 {
        self.0.get()
    }

    pub fn is_there(&self) -> bool {
        !self.0.get().is_null()
    }

    /// Whether the buffer has this block.
    #[inline(always)]
    pub fn is_in(&self, b: &buffer) -> bool {
        b.data.get().cast() == self.0.get()
    }

    /// Puts the loop's shared block into an empty buffer, or a new block if the shared one is in use. False if out of
    /// memory.
    #[inline(always)]
    pub fn borrow(&self, b: &buffer, l: &Loop) -> bool {
        let mut block = l.shared_read_buffer.replace(ptr::null_mut());
        if block.is_null() {
            block = pool::run_alloc(SHARED + 1);
        }
        if block.is_null() {
            return false;
        }
        self.0.set(block);
        b.take_block(block.cast(), SHARED, 0);
        true
    }

    /// Returns a block of `total` bytes. It becomes the loop's shared block if the loop has none and the size is right;
    /// otherwise it goes back to the pools.
    pub fn return_to(&self, l: &Loop, total: usize) {
        if l.shared_read_buffer.get().is_null() && total == SHARED {
            l.shared_read_buffer.set(self.0.replace(ptr::null_mut()));
        } else {
            self.give_back(total);
        }
    }

    /// Moves the readable bytes to a larger block of `total` bytes, and returns the old one to the pools. `touched`
    /// bytes of that were ever written to. False if out of memory.
    pub fn grow(&self, b: &buffer, total: usize, touched: usize) -> bool {
        let fresh = pool::run_alloc(total + 1);
        if fresh.is_null() {
            return false;
        }
        let used = b.readable();
        if used > 0 {
            // SAFETY: `used` bytes are readable there. The new block has more than that and doesn't overlap them.
            unsafe { ptr::copy_nonoverlapping(b.read_at(), fresh, used) };
        }
        self.give_back(touched);
        self.0.set(fresh);
        b.take_block(fresh.cast(), total, used);
        true
    }

    /// Returns the block to the pools, if there is one. `touched` bytes of it were ever written to.
    pub fn give_back(&self, touched: usize) {
        let block = self.0.replace(ptr::null_mut());
        if !block.is_null() {
            // SAFETY: it came from `run_alloc`. The only other pointer to it is the buffer's, which the caller replaces
            // before the buffer is used again.
            unsafe { pool::run_free(block, touched) };
        }
    }
}
