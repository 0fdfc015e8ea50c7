//! Whether a standard stream may be written to: not while a connection of the program's has the
//! stream's descriptor. The library's own descriptors never are among those (`sys::fd::lift`).

use core::ffi::c_int;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Bit n: a connection has descriptor n.
static TAKEN: AtomicU8 = AtomicU8::new(0);

/// Notes whether a connection has a descriptor. Most are no concern of the streams.
#[inline]
pub fn note(fd: c_int, connection: bool) {
    if (0..=libc::STDERR_FILENO).contains(&fd) {
        let bit = 1 << fd;
        if connection {
            TAKEN.fetch_or(bit, Relaxed);
        } else {
            TAKEN.fetch_and(!bit, Relaxed);
        }
    }
}

/// Whether text for a stream's descriptor would go to a connection.
pub(crate) extern "C" fn is_taken(fd: c_int) -> c_int {
    let taken = TAKEN.load(Relaxed);
    c_int::from((0..=libc::STDERR_FILENO).contains(&fd) && taken & (1 << fd) != 0)
}
