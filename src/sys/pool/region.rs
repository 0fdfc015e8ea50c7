//! The reserved range of address space, and the runs of granules in it.
//!
//! Runs have one of a few sizes (classes). A freed run keeps its pages for its next user while the kept runs are
//! below `WARM_MAX` in total, because the first use of a page costs more than copying it. `trim` returns these
//! pages to the system; an idle loop calls it. If the program has locked its memory, the system doesn't take
//! pages back and they keep their content, so each run records whether it reads as zeroes.

use super::space;
use crate::sys::lock::{Guard, Lock};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub const GRANULE: usize = 64 << 10;
const RESERVE: usize = 256 << 30;
const RESERVE_LEAST: usize = 256 << 20;
/// The number of granules that are made accessible at a time.
const STEP: usize = 256;
const WARM_MAX: usize = 64 << 20;
/// Large steps between the classes cost only address space: pages use memory when they are first written to.
const CLASSES: [usize; 9] =
    [64 << 10, 128 << 10, 512 << 10, 1 << 20, 4 << 20, 16 << 20, 128 << 20, 1 << 30, 4 << 30];
const NONE: u32 = u32::MAX;

/// The state of the run that begins at a granule. It lies in a table before the granules.
#[repr(C)]
struct Meta {
    next: u32,
    touched: u32,
    class: u16,
    /// The run is in the cold list and reads as zeroes.
    zeroed: bool,
}

struct Runs {
    granules: *mut u8,
    meta: *mut Meta,
    limit: usize,
    accessible: usize,
    bump: usize,
    cold: [u32; CLASSES.len()],
    warm: [u32; CLASSES.len()],
    warm_bytes: usize,
}

// SAFETY: the pointers are to process-wide mappings, and the mutex around the struct orders all accesses.
unsafe impl Send for Runs {}

static BASE: AtomicUsize = AtomicUsize::new(0);
static SIZE: AtomicUsize = AtomicUsize::new(0);
static RUNS: Lock<Runs> = Lock::new(Runs {
    granules: ptr::null_mut(),
    meta: ptr::null_mut(),
    limit: 0,
    accessible: 0,
    bump: 0,
    cold: [NONE; CLASSES.len()],
    warm: [NONE; CLASSES.len()],
    warm_bytes: 0,
});

fn runs() -> Guard<'static, Runs> {
    RUNS.lock()
}

/// Whether `p` points into pool memory.
pub fn owns(p: *const u8) -> bool {
    (p as usize).wrapping_sub(BASE.load(Relaxed)) < SIZE.load(Relaxed)
}

impl Runs {
    fn reserve(&mut self) -> bool {
        let mut size = RESERVE;
        while size >= RESERVE_LEAST {
            let at = space::reserve(size + GRANULE);
            if !at.is_null() {
                let base = (at as usize).next_multiple_of(GRANULE);
                let count = size / GRANULE;
                let table = (count * size_of::<Meta>()).next_multiple_of(GRANULE);
                self.meta = base as *mut Meta;
                self.granules = (base + table) as *mut u8;
                self.limit = count - table / GRANULE;
                BASE.store(base, Relaxed);
                SIZE.store(size, Relaxed);
                return true;
            }
            size /= 2;
        }
        false
    }

    /// Makes the granules below `upto` and their table entries readable and writable.
    fn open(&mut self, upto: usize) -> bool {
        if upto <= self.accessible {
            return true;
        }
        let upto_step = upto.next_multiple_of(STEP).min(self.limit);
        let table_to = |granules: usize| (granules * size_of::<Meta>()).next_multiple_of(GRANULE);
        let table = table_to(self.accessible);
        // SAFETY: both ranges lie in our own reservation, because `upto_step` is at most `limit`. They begin
        // after the part that was opened before.
        let ok = unsafe {
            let from = self.granules.add(self.accessible * GRANULE);
            let len = (upto_step - self.accessible) * GRANULE;
            space::open(self.meta.byte_add(table).cast(), table_to(upto_step) - table)
                && space::open(from, len)
        };
        if ok {
            self.accessible = upto_step;
        }
        ok
    }

    fn at(&self, granule: u32) -> *mut u8 {
        // SAFETY: the numbers of allocated granules are below `accessible`.
        unsafe { self.granules.add(granule as usize * GRANULE) }
    }

    fn meta(&self, granule: u32) -> *mut Meta {
        // SAFETY: the table has an entry for each granule below `accessible`, which includes all allocated ones.
        unsafe { self.meta.add(granule as usize) }
    }

    /// A run, and whether it reads as zeroes. NULL if out of memory.
    fn take(&mut self, class: usize, warm: bool) -> (*mut u8, bool) {
        if self.limit == 0 && !self.reserve() {
            return (ptr::null_mut(), false);
        }
        if warm && self.warm[class] != NONE {
            let granule = self.warm[class];
            // SAFETY: the table entry of a run in the list is accessible, and the lock is held.
            let meta = unsafe { &*self.meta(granule) };
            self.warm[class] = meta.next;
            self.warm_bytes -= meta.touched as usize;
            return (self.at(granule), false);
        }
        if self.cold[class] != NONE {
            let granule = self.cold[class];
            // SAFETY: the table entry of a run in the list is accessible, and the lock is held.
            let meta = unsafe { &*self.meta(granule) };
            self.cold[class] = meta.next;
            return (self.at(granule), meta.zeroed);
        }
        let count = CLASSES[class] / GRANULE;
        if self.bump + count > self.limit || !self.open(self.bump + count) {
            return (ptr::null_mut(), false);
        }
        let granule = self.bump as u32;
        self.bump += count;
        let fresh = Meta { next: NONE, touched: 0, class: class as u16, zeroed: true };
        // SAFETY: the entry has just been made accessible and is in no list.
        unsafe { self.meta(granule).write(fresh) };
        (self.at(granule), true)
    }

    fn put(&mut self, p: *mut u8, touched: usize, keep: bool) {
        let granule = ((p as usize - self.granules as usize) / GRANULE) as u32;
        let meta = self.meta(granule);
        // SAFETY: the caller frees an allocated run, whose entry is in no list.
        let meta = unsafe { &mut *meta };
        let class = usize::from(meta.class);
        let touched = touched.min(CLASSES[class]);
        if keep && self.warm_bytes + touched <= WARM_MAX {
            self.warm_bytes += touched;
            meta.touched = touched as u32;
            meta.next = self.warm[class];
            self.warm[class] = granule;
        } else {
            self.cool(granule, class);
        }
    }

    /// Returns the pages of a free run to the system and adds it to the cold list.
    fn cool(&mut self, granule: u32, class: usize) {
        // SAFETY: the run is free and in no list, so nothing uses its pages or its entry.
        unsafe {
            let zeroed = space::give_back(self.at(granule), CLASSES[class]);
            let meta = &mut *self.meta(granule);
            meta.zeroed = zeroed;
            meta.next = self.cold[class];
        }
        self.cold[class] = granule;
    }
}

/// At least `size` bytes, aligned to a page. NULL if out of memory. Any thread.
pub fn run_alloc(size: usize) -> *mut u8 {
    match CLASSES.iter().position(|&c| size <= c) {
        Some(class) => runs().take(class, true).0,
        None => ptr::null_mut(),
    }
}

/// Frees a run. `touched` is the number of bytes that were ever written to.
///
/// # Safety
/// `p` came from `run_alloc`, and nothing uses it any more.
pub unsafe fn run_free(p: *mut u8, touched: usize) {
    runs().put(p, touched, true);
}

/// `size` zeroed bytes. Only pages that are written to use memory, unless the program has locked its memory.
pub fn run_zeroed(size: usize) -> *mut u8 {
    let Some(class) = CLASSES.iter().position(|&c| size <= c) else { return ptr::null_mut() };
    let (run, zeroed) = runs().take(class, false);
    if !zeroed && !run.is_null() {
        // SAFETY: the new run has at least `size` bytes, and nothing else uses it.
        unsafe { run.write_bytes(0, size) };
    }
    run
}

/// Frees a run whose pages aren't likely to be needed again soon.
///
/// # Safety
/// As `run_free`.
pub unsafe fn run_drop(p: *mut u8) {
    runs().put(p, 0, false);
}

/// Returns the pages of all kept runs to the system.
pub fn trim() {
    let mut runs = runs();
    if runs.warm_bytes == 0 {
        return;
    }
    for class in 0..CLASSES.len() {
        while runs.warm[class] != NONE {
            let granule = runs.warm[class];
            // SAFETY: the entry of a run in the list is accessible, and the lock is held.
            runs.warm[class] = unsafe { (*runs.meta(granule)).next };
            runs.cool(granule, class);
        }
    }
    runs.warm_bytes = 0;
}
