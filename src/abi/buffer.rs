//! The types of lib/buffer.h.

#![forbid(unsafe_code)]

use core::cell::Cell;
use core::ffi::{c_char, c_int};

/// The capacity of a new buffer, in bytes.
pub const INIT_BUFFER_SIZE: c_int = 65536;

/// A growable block of bytes: [0, readIndex) has been consumed, [readIndex, writeIndex) is readable,
/// [writeIndex, total_size) is writable.
///
/// You may read and write the fields: consume bytes with `readIndex += n`, add bytes by writing at
/// `writeIndex` and advancing it, and replace the block with `data = realloc(data, n)` and
/// `total_size = n`. Don't realloc() the block of a connection's buffer, which belongs to the
/// library: let buffer_append() grow it, or replace it by a block from malloc().
///
/// Your own buffers work everywhere if `data` comes from malloc(), or is NULL with a `total_size` of
/// 0. After the library has appended or read, a NUL follows the readable bytes; it doesn't count as
/// data. Only one thread at a time may use a buffer.
#[repr(C)]
pub struct buffer {
    /// The block.
    pub data: Cell<*mut c_char>,
    /// The index of the next byte to read.
    pub readIndex: Cell<c_int>,
    /// The index of the next byte to write.
    pub writeIndex: Cell<c_int>,
    /// The size of the block in bytes.
    pub total_size: Cell<c_int>,
}

assert_layout!(buffer, 24;
    data: 0, 8;
    readIndex: 8, 4;
    writeIndex: 12, 4;
    total_size: 16, 4;
);
