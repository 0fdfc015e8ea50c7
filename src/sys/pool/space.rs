//! The pool's address space: reserved once, opened bit by bit, its pages given back.
//!
//! A program may lock its memory (mlockall(2)). What is reserved then isn't filled with pages at once,
//! but locked page by page as it is used, and locked pages stay where they are.

use crate::sys::errno;
use libc::{PROT_NONE, c_int, c_void};
use std::ptr;

/// What mlock2(2) calls MLOCK_ONFAULT: pages are locked once they are used.
const ON_FAULT: c_int = 1;
/// What a process may always lock, if it may lock anything (getrlimit(2), RLIMIT_MEMLOCK).
const PAGE: usize = 4096;

unsafe fn map(size: usize) -> *mut c_void {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new anonymous mapping wherever the kernel likes overlaps with nothing.
    unsafe { libc::mmap(ptr::null_mut(), size, PROT_NONE, flags, -1, 0) }
}

/// Address space that can't be used yet; NULL where there isn't as much.
pub fn reserve(size: usize) -> *mut u8 {
    // SAFETY: all calls are about the mapping that was just made, which nobody else knows.
    unsafe {
        let mut at = map(size);
        if at == libc::MAP_FAILED && errno::get() == libc::EAGAIN {
            // mlockall(MCL_FUTURE), and more than the process may lock: address space counts as memory
            // there. A mapping that is unlocked while it is small stays so as it grows.
            at = map(PAGE);
            if at != libc::MAP_FAILED {
                let grown = match libc::munlock(at, PAGE) {
                    0 => libc::mremap(at, PAGE, size, libc::MREMAP_MAYMOVE),
                    _ => libc::MAP_FAILED,
                };
                if grown == libc::MAP_FAILED {
                    // Can't fail for a whole mapping of ours; a page of address space at worst.
                    libc::munmap(at, PAGE);
                }
                at = grown;
            }
        }
        if at == libc::MAP_FAILED {
            return ptr::null_mut();
        }
        // Huge pages would make small users large. It fails on kernels that have none.
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
    // SAFETY: the part lies in the reservation and hasn't any pages yet, so that madvise takes nothing from anybody.
    unsafe {
        let at = at.cast();
        // It refuses locked memory. msync(2) would tell as well, but valgrind reports that as a fault.
        let locked =
            libc::madvise(at, len, libc::MADV_DONTNEED) < 0 && errno::get() == libc::EINVAL;
        if locked {
            // Where that fails (no such call before Linux 4.4), mprotect fills all of it with pages.
            libc::syscall(libc::SYS_mlock2, at, len, ON_FAULT);
        }
        libc::mprotect(at, len, libc::PROT_READ | libc::PROT_WRITE) == 0
    }
}

/// Gives pages back; they read as zeroes from then on. False: they keep what is in them, as locked
/// ones do.
///
/// # Safety
/// The part was opened, and nobody needs what is in it.
pub unsafe fn give_back(at: *mut u8, len: usize) -> bool {
    // SAFETY: the part was opened, and nobody needs what is in it.
    unsafe { libc::madvise(at.cast(), len, libc::MADV_DONTNEED) == 0 }
}
