//! The address space of the pools: reserved once, made accessible in steps; unused pages are returned to the
//! system.
//!
//! If the program locks its memory (mlockall(2)), reserved space isn't filled with pages at once: each page is
//! locked when it is first used. Locked pages can't be returned.

use crate::sys::errno;
use libc::{PROT_NONE, c_int, c_void};
use std::ptr;

/// MLOCK_ONFAULT of mlock2(2): pages are locked when they are first used.
const ON_FAULT: c_int = 1;
/// The amount that a process may lock if it may lock anything (getrlimit(2), RLIMIT_MEMLOCK).
const PAGE: usize = 4096;

unsafe fn map(size: usize) -> *mut c_void {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new anonymous mapping at an address of the kernel's choice overlaps nothing.
    unsafe { libc::mmap(ptr::null_mut(), size, PROT_NONE, flags, -1, 0) }
}

/// Reserves address space without access. NULL if there isn't enough.
pub fn reserve(size: usize) -> *mut u8 {
    // SAFETY: all calls are about the new mapping, which nothing else uses.
    unsafe {
        let mut at = map(size);
        if at == libc::MAP_FAILED && errno::get() == libc::EAGAIN {
            // After mlockall(MCL_FUTURE), address space counts as locked memory, and this exceeds the process's
            // limit. A mapping that is unlocked while it is small stays unlocked when it grows.
            at = map(PAGE);
            if at != libc::MAP_FAILED {
                let grown = match libc::munlock(at, PAGE) {
                    0 => libc::mremap(at, PAGE, size, libc::MREMAP_MAYMOVE),
                    _ => libc::MAP_FAILED,
                };
                if grown == libc::MAP_FAILED {
                    // Can't fail for a whole mapping; otherwise one page of address space would be lost.
                    libc::munmap(at, PAGE);
                }
                at = grown;
            }
        }
        if at == libc::MAP_FAILED {
            return ptr::null_mut();
        }
        // Huge pages would make small users large. The call fails on kernels without them.
        libc::madvise(at, size, libc::MADV_NOHUGEPAGE);
        at.cast()
    }
}

/// Makes a part of the reserved space readable and writable for the first time.
///
/// # Safety
/// The part lies in what `reserve` returned, and nothing of it has been used yet.
pub unsafe fn open(at: *mut u8, len: usize) -> bool {
    if len == 0 {
        return true;
    }
    // SAFETY: the part lies in the reservation and has no pages yet, so madvise discards no data.
    unsafe {
        let at = at.cast();
        // madvise fails for locked memory. msync(2) would tell as well, but valgrind reports it as an error.
        let locked =
            libc::madvise(at, len, libc::MADV_DONTNEED) < 0 && errno::get() == libc::EINVAL;
        if locked {
            // If this fails (mlock2 exists since Linux 4.4), mprotect fills the whole part with pages.
            libc::syscall(libc::SYS_mlock2, at, len, ON_FAULT);
        }
        libc::mprotect(at, len, libc::PROT_READ | libc::PROT_WRITE) == 0
    }
}

/// Returns pages to the system; they read as zeroes afterwards. False if they keep their content, as locked pages
/// do.
///
/// # Safety
/// The part was opened, and nobody needs what is in it.
pub unsafe fn give_back(at: *mut u8, len: usize) -> bool {
    // SAFETY: the part was opened, and by contract its content isn't needed.
    unsafe { libc::madvise(at.cast(), len, libc::MADV_DONTNEED) == 0 }
}
