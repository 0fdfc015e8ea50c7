//! The reserved stretch of address space, and runs of granules in it.
//!
//! A run's size is one of a few classes. A freed run keeps its pages for the next user as long as
//! the kept ones are below `WARM_MAX` (first use of a page costs more than copying it); `trim`,
//! called by a loop that has been idle, gives them back. Pages that the system doesn't take back,
//! because the program locked its memory, keep what is in them: a run knows whether it reads as zeroes.

use super::space;
use crate::sys::lock::{Guard, Lock};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub const GRANULE: usize = 64 << 10;
const RESERVE: usize = 256 << 30;
const RESERVE_LEAST: usize = 256 << 20;
/// How much is made accessible at a time.
const STEP: usize = 256;
const WARM_MAX: usize = 64 << 20;
/// Growing by large steps costs address space only: pages count once they are touched.
const CLASSES: [usize; 9] =
    [64 << 10, 128 << 10, 512 << 10, 1 << 20, 4 << 20, 16 << 20, 128 << 20, 1 << 30, 4 << 30];
const NONE: u32 = u32::MAX;

/// What is known of the run that begins with a granule; lies in a table before the granules.
#[repr(C)]
struct Meta {
    next: u32,
    touched: u32,
    class: u16,
    /// In the cold list: it reads as zeroes.
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

// SAFETY: the pointers name process-wide mappings; the mutex around the struct orders all use.
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

    /// Makes granules below `upto`, and their table entries, readable and writable.
    fn open(&mut self, upto: usize) -> bool {
        if upto <= self.accessible {
            return true;
        }
        let upto_step = upto.next_multiple_of(STEP).min(self.limit);
        let table_to = |granules: usize| (granules * size_of::<Meta>()).next_multiple_of(GRANULE);
        let table = table_to(self.accessible);
        // SAFETY: both ranges lie in our own reservation, as `upto_step` is at most `limit`, and behind what
        // was opened for the granules that are accessible.
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
        // SAFETY: granule numbers in use lie below `accessible`.
        unsafe { self.granules.add(granule as usize * GRANULE) }
    }

    fn meta(&self, granule: u32) -> *mut Meta {
        // SAFETY: the table has an entry for each granule below `accessible`, and numbers in use lie there.
        unsafe { self.meta.add(granule as usize) }
    }

    /// A run, and whether it reads as zeroes; NULL when memory is out.
    fn take(&mut self, class: usize, warm: bool) -> (*mut u8, bool) {
        if self.limit == 0 && !self.reserve() {
            return (ptr::null_mut(), false);
        }
        if warm && self.warm[class] != NONE {
            let granule = self.warm[class];
            // SAFETY: a listed run's table entry is accessible and ours.
            let meta = unsafe { &*self.meta(granule) };
            self.warm[class] = meta.next;
            self.warm_bytes -= meta.touched as usize;
            return (self.at(granule), false);
        }
        if self.cold[class] != NONE {
            let granule = self.cold[class];
            // SAFETY: a listed run's table entry is accessible and ours.
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
        // SAFETY: the entry was just made accessible, and is in no list.
        unsafe { self.meta(granule).write(fresh) };
        (self.at(granule), true)
    }

    fn put(&mut self, p: *mut u8, touched: usize, keep: bool) {
        let granule = ((p as usize - self.granules as usize) / GRANULE) as u32;
        let meta = self.meta(granule);
        // SAFETY: the run is the caller's to give back, so its entry is in no list.
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

    /// Gives the pages of a free run back, and lists it as cold.
    fn cool(&mut self, granule: u32, class: usize) {
        // SAFETY: the run is free and in no list, so that nobody needs its pages or its entry.
        unsafe {
            let zeroed = space::give_back(self.at(granule), CLASSES[class]);
            let meta = &mut *self.meta(granule);
            meta.zeroed = zeroed;
            meta.next = self.cold[class];
        }
        self.cold[class] = granule;
    }
}

/// At least `size` bytes on a page boundary; NULL when memory is out. Any thread.
pub fn run_alloc(size: usize) -> *mut u8 {
    match CLASSES.iter().position(|&c| size <= c) {
        Some(class) => runs().take(class, true).0,
        None => ptr::null_mut(),
    }
}

/// Gives back a run; `touched` says how much of it was ever written.
///
/// # Safety
/// `p` came from `run_alloc`, and nothing uses it any more.
pub unsafe fn run_free(p: *mut u8, touched: usize) {
    runs().put(p, touched, true);
}

/// `size` zeroed bytes, of which only those that are written to will count as memory, unless the
/// program locked it.
pub fn run_zeroed(size: usize) -> *mut u8 {
    let Some(class) = CLASSES.iter().position(|&c| size <= c) else { return ptr::null_mut() };
    let (run, zeroed) = runs().take(class, false);
    if !zeroed && !run.is_null() {
        // SAFETY: the run is ours alone, and has at least `size` bytes.
        unsafe { run.write_bytes(0, size) };
    }
    run
}

/// Gives back a run whose pages nobody will want again soon.
///
/// # Safety
/// As `run_free`.
pub unsafe fn run_drop(p: *mut u8) {
    runs().put(p, 0, false);
}

/// Gives the pages of all kept runs back to the system.
pub fn trim() {
    let mut runs = runs();
    if runs.warm_bytes == 0 {
        return;
    }
    for class in 0..CLASSES.len() {
        while runs.warm[class] != NONE {
            let granule = runs.warm[class];
            // SAFETY: a listed run's entry; the lock is held.
            runs.warm[class] = unsafe { (*runs.meta(granule)).next };
            runs.cool(granule, class);
        }
    }
    runs.warm_bytes = 0;
}
