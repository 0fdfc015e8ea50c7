//! The pools as plain malloc and free, for memcheck and AddressSanitizer. A table lists the blocks of the pools.
//! It stores the complements of their addresses, so that leak detectors don't take an entry for a reference to
//! its block.

use crate::sys::lock::Lock;
use std::collections::BTreeMap;
use std::ptr;

/// The complement of a block's address, and its size.
static BLOCKS: Lock<BTreeMap<usize, usize>> = Lock::new(BTreeMap::new());

fn hidden(p: *const u8) -> usize {
    !p.addr()
}

/// Never inlined, because tests/cmake/memcheck.supp contains its name.
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
        // An empty map would keep a node allocated.
        *blocks = BTreeMap::new();
    }
    drop(blocks);
    // SAFETY: `alloc` got the block from malloc, and nothing uses it afterwards.
    unsafe { libc::free(p.cast()) };
}

pub fn owns(p: *const u8) -> bool {
    // Complements are in reverse order: the first entry from here on is the block with the highest start that
    // isn't above `p`.
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
    // SAFETY: runs come from `alloc`, and nothing uses this one afterwards.
    unsafe { free(p, 0) }
}

pub fn run_zeroed(size: usize) -> *mut u8 {
    let p = alloc(size);
    if !p.is_null() {
        // SAFETY: a new block of that size.
        unsafe { ptr::write_bytes(p, 0, size) };
    }
    p
}

/// # Safety
/// `p` came from `run_alloc` or `run_zeroed`, and nothing uses it any more.
pub unsafe fn run_drop(p: *mut u8) {
    // SAFETY: runs come from `alloc`, and nothing uses this one afterwards.
    unsafe { free(p, 0) }
}

pub fn trim() {}
