//! The pools as plain malloc and free, for memcheck and AddressSanitizer. A table on the side says
//! which blocks are ours, as complements of their addresses: a block that is in the table only is
//! one that leaked, and the tools are to see it so.

use crate::sys::lock::Lock;
use std::collections::BTreeMap;
use std::ptr;

/// The complement of a block's address, and its size.
static BLOCKS: Lock<BTreeMap<usize, usize>> = Lock::new(BTreeMap::new());

fn hidden(p: *const u8) -> usize {
    !p.addr()
}

/// Never inlined: tests/cmake/memcheck.supp knows it by its name.
#[inline(never)]
pub fn alloc(size: usize) -> *mut u8 {
    // SAFETY: malloc may be called with any size.
    let p = unsafe { libc::malloc(size) }.cast::<u8>();
    if !p.is_null() {
        BLOCKS.lock().insert(hidden(p), size);
    }
    p
}

/// # Safety
/// `p` came from `alloc`, and nothing uses it any more.
pub unsafe fn free(p: *mut u8, _size: usize) {
    let mut blocks = BLOCKS.lock();
    blocks.remove(&hidden(p));
    if blocks.is_empty() {
        // An empty map keeps a node.
        *blocks = BTreeMap::new();
    }
    drop(blocks);
    // SAFETY: `alloc` got the block from malloc, and nothing uses it any more.
    unsafe { libc::free(p.cast()) };
}

pub fn owns(p: *const u8) -> bool {
    // Complements are in reverse order: the first one from here on is the block that begins at `p`
    // or is the last that begins before it.
    let here = hidden(p);
    let blocks = BLOCKS.lock();
    blocks.range(here..).next().is_some_and(|(&start, &size)| start - here < size)
}

pub fn run_alloc(size: usize) -> *mut u8 {
    alloc(size)
}

/// # Safety
/// `p` came from `run_alloc` or `run_zeroed`, and nothing uses it any more.
pub unsafe fn run_free(p: *mut u8, _touched: usize) {
    // SAFETY: runs are made by `alloc`, and nothing uses this one any more.
    unsafe { free(p, 0) }
}

pub fn run_zeroed(size: usize) -> *mut u8 {
    let p = alloc(size);
    if !p.is_null() {
        // SAFETY: a fresh block of that size.
        unsafe { ptr::write_bytes(p, 0, size) };
    }
    p
}

/// # Safety
/// `p` came from `run_alloc` or `run_zeroed`, and nothing uses it any more.
pub unsafe fn run_drop(p: *mut u8) {
    // SAFETY: runs are made by `alloc`, and nothing uses this one any more.
    unsafe { free(p, 0) }
}

pub fn trim() {}
