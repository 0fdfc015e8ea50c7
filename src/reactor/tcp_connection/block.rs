//! The block of the pools that the library has put into a buffer of a connection. C may have put another into its
//! place since: then the buffer is left alone, and the library's block still is its own to give back.

use crate::abi::types::buffer;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::sys::pool;
use std::cell::Cell;
use std::ptr;

/// The size of a block that the connections of a loop share.
pub const SHARED: usize = 65_536;

/// Makes a buffer show nothing.
pub fn empty(b: &buffer, l: &RemoteLoop) {
    b.take_block(l.empty().cast(), 0, 0);
}

/// NULL: none. Each block has a byte more than the buffer's `total_size` says, for the NUL.
pub struct Block(Cell<*mut u8>);

impl Block {
    /// Where it is, NULL where there is none.
    pub fn at(&self) -> *mut u8 {
        self.0.get()
    }

    pub fn is_there(&self) -> bool {
        !self.0.get().is_null()
    }

    /// Whether it is the one in the buffer.
    #[inline(always)]
    pub fn is_in(&self, b: &buffer) -> bool {
        b.data.get().cast() == self.0.get()
    }

    /// Puts a loop's shared block into an empty buffer, or a fresh one where that is lent. False when memory is out.
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

    /// Gives a block of `total` bytes back to the loop if that has none and it is a shared one; else to the pools.
    pub fn return_to(&self, l: &Loop, total: usize) {
        if l.shared_read_buffer.get().is_null() && total == SHARED {
            l.shared_read_buffer.set(self.0.replace(ptr::null_mut()));
        } else {
            self.give_back(total);
        }
    }

    /// Moves the readable bytes to a larger block, of `total` bytes, and gives the old one back, of which `touched`
    /// bytes were ever written. False when memory is out.
    pub fn grow(&self, b: &buffer, total: usize, touched: usize) -> bool {
        let fresh = pool::run_alloc(total + 1);
        if fresh.is_null() {
            return false;
        }
        let used = b.readable();
        if used > 0 {
            // SAFETY: the buffer's block holds `used` bytes there, and a fresh one of `total` holds more.
            unsafe { ptr::copy_nonoverlapping(b.read_at(), fresh, used) };
        }
        self.give_back(touched);
        self.0.set(fresh);
        b.take_block(fresh.cast(), total, used);
        true
    }

    /// Gives the block back to the pools, if there is one; `touched` bytes of it were ever written.
    pub fn give_back(&self, touched: usize) {
        let block = self.0.replace(ptr::null_mut());
        if !block.is_null() {
            // SAFETY: it came from `run_alloc`, and this was the only pointer to it but the buffer's, which its caller
            // fills or empties before anybody reads it.
            unsafe { pool::run_free(block, touched) };
        }
    }
}
