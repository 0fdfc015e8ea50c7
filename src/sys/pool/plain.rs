//! The pools as plain malloc and free, for memcheck and AddressSanitizer. Each block has a head
//! that links it into a list, so that `owns` still works.

use crate::sys::lock::Lock;
use std::ptr;

#[repr(C, align(16))]
struct Head {
    prev: *mut Head,
    next: *mut Head,
    size: usize,
}

struct Blocks(*mut Head);

// SAFETY: heads are malloc'd memory; the mutex orders all use of the list.
unsafe impl Send for Blocks {}

static BLOCKS: Lock<Blocks> = Lock::new(Blocks(ptr::null_mut()));

pub fn alloc(size: usize) -> *mut u8 {
    // SAFETY: malloc may be called with any size; the head is written before it is linked.
    unsafe {
        let head = libc::malloc(size_of::<Head>() + size).cast::<Head>();
        if head.is_null() {
            return ptr::null_mut();
        }
        let mut blocks = BLOCKS.lock();
        head.write(Head { prev: ptr::null_mut(), next: blocks.0, size });
        if !blocks.0.is_null() {
            (*blocks.0).prev = head;
        }
        blocks.0 = head;
        head.add(1).cast()
    }
}

/// # Safety
/// `p` came from `alloc`, and nothing uses it any more.
pub unsafe fn free(p: *mut u8, _size: usize) {
    let mut blocks = BLOCKS.lock();
    // SAFETY: the head stands before the block, and is in the list.
    unsafe {
        let head = p.cast::<Head>().sub(1);
        let (prev, next) = ((*head).prev, (*head).next);
        if prev.is_null() {
            blocks.0 = next;
        } else {
            (*prev).next = next;
        }
        if !next.is_null() {
            (*next).prev = prev;
        }
        libc::free(head.cast());
    }
}

pub fn owns(p: *const u8) -> bool {
    let blocks = BLOCKS.lock();
    let mut head = blocks.0;
    while !head.is_null() {
        // SAFETY: listed heads are live while the lock is held.
        unsafe {
            let start = head.add(1) as usize;
            if (p as usize).wrapping_sub(start) < (*head).size {
                return true;
            }
            head = (*head).next;
        }
    }
    false
}

pub fn run_alloc(size: usize) -> *mut u8 {
    alloc(size)
}

/// # Safety
/// As `free`.
pub unsafe fn run_free(p: *mut u8, _touched: usize) {
    // SAFETY: handed on.
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
/// As `free`.
pub unsafe fn run_drop(p: *mut u8) {
    // SAFETY: handed on.
    unsafe { free(p, 0) }
}

pub fn trim() {}
