//! Pieces of up to 8 KiB. A granule is divided into pieces of one size class, and is freed as a run when its last
//! piece is.

use super::SLAB_MAX;
use crate::sys::lock::Lock;
use crate::sys::pool::region::{GRANULE, run_alloc, run_free};
use std::ptr;

/// Size classes: multiples of 16 up to 512, then powers of two.
const FINE: usize = 32;
const COUNT: usize = FINE + 4;

fn class_of(size: usize) -> usize {
    if size <= 16 * FINE {
        size.max(1).div_ceil(16) - 1
    } else {
        FINE + (size - 1).ilog2() as usize - 9
    }
}

fn class_size(class: usize) -> usize {
    if class < FINE { 16 * (class + 1) } else { 1024 << (class - FINE) }
}

struct Piece {
    next: *mut Piece,
}

/// The header at the start of each granule.
struct Slab {
    prev: *mut Slab,
    next: *mut Slab,
    free: *mut Piece,
    used: u32,
    /// The offset after which no piece has been allocated yet.
    fresh: u32,
}

const HEAD: usize = 48;
const _: () = assert!(size_of::<Slab>() <= HEAD && class_check());

const fn class_check() -> bool {
    SLAB_MAX == 1024 << (COUNT - FINE - 1)
}

/// The slabs of one class that have free pieces.
struct Class(*mut Slab);

// SAFETY: slabs are process-wide memory, and the mutex around the class orders all accesses.
unsafe impl Send for Class {}

static CLASSES: [Lock<Class>; COUNT] = [const { Lock::new(Class(ptr::null_mut())) }; COUNT];

impl Class {
    unsafe fn link(&mut self, slab: *mut Slab) {
        // SAFETY: both are live slabs of this class, and the class is locked.
        unsafe {
            (*slab).prev = ptr::null_mut();
            (*slab).next = self.0;
            if !self.0.is_null() {
                (*self.0).prev = slab;
            }
        }
        self.0 = slab;
    }

    unsafe fn unlink(&mut self, slab: *mut Slab) {
        // SAFETY: the slab is in the list, and the class is locked.
        unsafe {
            let (prev, next) = ((*slab).prev, (*slab).next);
            if prev.is_null() {
                self.0 = next;
            } else {
                (*prev).next = next;
            }
            if !next.is_null() {
                (*next).prev = prev;
            }
        }
    }
}

fn has_room(slab: &Slab, size: usize) -> bool {
    !slab.free.is_null() || slab.fresh as usize + size <= GRANULE
}

pub fn alloc(size: usize) -> *mut u8 {
    let class = class_of(size);
    let size = class_size(class);
    let mut list = CLASSES[class].lock();
    // SAFETY: slabs in the list are granules of this class with free pieces, and the class is locked.
    unsafe {
        if list.0.is_null() {
            let slab = run_alloc(GRANULE).cast::<Slab>();
            if slab.is_null() {
                return ptr::null_mut();
            }
            let none = ptr::null_mut();
            slab.write(Slab {
                prev: none,
                next: none,
                free: ptr::null_mut(),
                used: 0,
                fresh: HEAD as u32,
            });
            list.link(slab);
        }
        let at = list.0;
        let slab = &mut *at;
        let piece = if slab.free.is_null() {
            let p = at.cast::<u8>().add(slab.fresh as usize);
            slab.fresh += size as u32;
            p
        } else {
            let p = slab.free;
            slab.free = (*p).next;
            p.cast()
        };
        slab.used += 1;
        if !has_room(slab, size) {
            list.unlink(at);
        }
        piece
    }
}

/// # Safety
/// `p` came from `alloc(size)`, and nothing uses it any more.
pub unsafe fn free(p: *mut u8, size: usize) {
    let class = class_of(size);
    let size = class_size(class);
    let at = (p as usize & !(GRANULE - 1)) as *mut Slab;
    let mut list = CLASSES[class].lock();
    // SAFETY: a piece lies in the granule of its slab, which is aligned to its size, and the class is locked.
    unsafe {
        let slab = &mut *at;
        if !has_room(slab, size) {
            list.link(at);
        }
        let piece = p.cast::<Piece>();
        (*piece).next = slab.free;
        slab.free = piece;
        slab.used -= 1;
        let another_has_room = !(*at).next.is_null() || !(*at).prev.is_null();
        if slab.used == 0 && another_has_room {
            list.unlink(at);
            run_free(at.cast(), GRANULE);
        }
    }
}
