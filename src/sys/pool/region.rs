//! The reserved stretch of address space, and runs of granules in it.
//!
//! A run's size is one of a few classes. A freed run keeps its pages for the next user as long as
//! the kept ones are below `WARM_MAX` (first use of a page costs more than copying it); `trim`,
//! called by a loop that has been idle, gives them back.

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
    class: u32,
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
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            // SAFETY: a new anonymous mapping wherever the kernel likes.
            let at = unsafe {
                libc::mmap(ptr::null_mut(), size + GRANULE, libc::PROT_NONE, flags, -1, 0)
            };
            if at != libc::MAP_FAILED {
                // SAFETY: advice on our own mapping; huge pages would make small users large.
                unsafe { libc::madvise(at, size + GRANULE, libc::MADV_NOHUGEPAGE) };
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
        let rw = libc::PROT_READ | libc::PROT_WRITE;
        let table = (upto_step * size_of::<Meta>()).next_multiple_of(4096);
        // SAFETY: both ranges lie in our own reservation.
        let ok = unsafe {
            let from = self.granules.add(self.accessible * GRANULE);
            let len = (upto_step - self.accessible) * GRANULE;
            libc::mprotect(self.meta.cast(), table, rw) == 0
                && libc::mprotect(from.cast(), len, rw) == 0
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
        // SAFETY: as in `at`.
        unsafe { self.meta.add(granule as usize) }
    }

    fn take(&mut self, class: usize) -> *mut u8 {
        if self.limit == 0 && !self.reserve() {
            return ptr::null_mut();
        }
        for warm in [true, false] {
            let list = if warm { &mut self.warm } else { &mut self.cold };
            let granule = list[class];
            if granule == NONE {
                continue;
            }
            // SAFETY: a listed run's table entry is accessible and ours.
            let meta = unsafe { &*self.meta.add(granule as usize) };
            list[class] = meta.next;
            if warm {
                self.warm_bytes -= meta.touched as usize;
            }
            return self.at(granule);
        }
        let count = CLASSES[class] / GRANULE;
        if self.bump + count > self.limit || !self.open(self.bump + count) {
            return ptr::null_mut();
        }
        let granule = self.bump as u32;
        self.bump += count;
        // SAFETY: the entry was just made accessible.
        unsafe { self.meta(granule).write(Meta { next: NONE, touched: 0, class: class as u32 }) };
        self.at(granule)
    }

    fn take_clean(&mut self, class: usize) -> *mut u8 {
        let warm = std::mem::replace(&mut self.warm[class], NONE);
        let p = self.take(class);
        self.warm[class] = warm;
        p
    }

    fn put(&mut self, p: *mut u8, touched: usize, keep: bool) {
        let granule = ((p as usize - self.granules as usize) / GRANULE) as u32;
        let meta = self.meta(granule);
        // SAFETY: the run is the caller's to give back, so its entry is in no list.
        let meta = unsafe { &mut *meta };
        let class = meta.class as usize;
        let touched = touched.min(CLASSES[class]);
        if keep && self.warm_bytes + touched <= WARM_MAX {
            self.warm_bytes += touched;
            meta.touched = touched as u32;
            meta.next = self.warm[class];
            self.warm[class] = granule;
        } else {
            give_pages_back(p, CLASSES[class]);
            meta.next = self.cold[class];
            self.cold[class] = granule;
        }
    }
}

fn give_pages_back(p: *mut u8, len: usize) {
    // SAFETY: a free run of ours; reading it again gives zeroes.
    unsafe { libc::madvise(p.cast(), len, libc::MADV_DONTNEED) };
}

/// At least `size` bytes on a page boundary; NULL when memory is out. Any thread.
pub fn run_alloc(size: usize) -> *mut u8 {
    match CLASSES.iter().position(|&c| size <= c) {
        Some(class) => runs().take(class),
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

/// At least `size` zeroed bytes, of which only those that are written to will count as memory.
pub fn run_zeroed(size: usize) -> *mut u8 {
    match CLASSES.iter().position(|&c| size <= c) {
        Some(class) => runs().take_clean(class),
        None => ptr::null_mut(),
    }
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
    for (class, &size) in CLASSES.iter().enumerate() {
        while runs.warm[class] != NONE {
            let granule = runs.warm[class];
            give_pages_back(runs.at(granule), size);
            // SAFETY: a listed run's entry; the lock is held.
            let meta = unsafe { &mut *runs.meta(granule) };
            runs.warm[class] = meta.next;
            meta.next = runs.cold[class];
            runs.cold[class] = granule;
        }
    }
    runs.warm_bytes = 0;
}
