use core::cell::Cell;
use core::ffi::{c_char, c_int};

/// The capacity of a new buffer, in bytes.
pub const INIT_BUFFER_SIZE: c_int = 65536;

/// Bytes in a growing block: [0, readIndex) is spare, [readIndex, writeIndex) is readable,
/// [writeIndex, total_size) is writeable.
///
/// Fields may be read and written: take bytes by `readIndex += n`, add them by writing behind
/// `writeIndex` and moving it, replace the block by `data = realloc(data, n)` with `total_size = n`.
/// (Not that of a connection's buffer, which is the library's own memory: buffer_append() grows it,
/// or put a block of malloc()'s in its place.)
/// A buffer of your own works everywhere, as long as `data` comes from malloc() or is NULL with
/// `total_size` 0. After an append or a read by the library a NUL stands behind the readable bytes;
/// it doesn't count as data. A buffer belongs to one thread at a time.
#[repr(C)]
pub struct buffer {
    /// The block.
    pub data: Cell<*mut c_char>,
    /// Where reading goes on.
    pub readIndex: Cell<c_int>,
    /// Where writing goes on.
    pub writeIndex: Cell<c_int>,
    /// The block's size in bytes.
    pub total_size: Cell<c_int>,
}

assert_layout!(buffer, 24;
    data: 0, 8;
    readIndex: 8, 4;
    writeIndex: 12, 4;
    total_size: 16, 4;
);
