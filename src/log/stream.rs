//! Whether the library may write to a standard stream: not while a connection of the program uses the
//! stream's descriptor. The library's own descriptors never have these numbers (`sys::fd::lift`).

#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::sys::stdio::Stream;

/// Bit n is set while a connection uses descriptor n.
static TAKEN: AtomicU8 = AtomicU8::new(0);

/// Records whether a connection uses a descriptor. Only 0 to 2 matter.
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
pub fn is_taken(fd: c_int) -> bool {
    let taken = TAKEN.load(Relaxed);
    (0..=libc::STDERR_FILENO).contains(&fd) && taken & (1 << fd) != 0
}

/// Writes the parts to a stream without interruption, unless a connection uses its descriptor.
pub fn write(stream: Stream, parts: &[&[u8]]) {
    if !is_taken(stream.descriptor()) {
        stream.write(parts);
    }
}
