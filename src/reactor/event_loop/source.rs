//! The interface of a back end that reads from connections by itself and passes the bytes on, as a
//! completion-based one does (for example io_uring).

#![forbid(unsafe_code)]

use crate::reactor::event_loop::state::Loop;
use libc::c_int;
use std::mem::MaybeUninit;

/// A buffer to which bytes are copied.
pub type Room<'a> = &'a mut [MaybeUninit<u8>];

/// The functions of such a back end. It reports a descriptor as readable while it has bytes of it, its end or an
/// error. Both functions are called on the loop's thread with a descriptor and the number of its registration. They
/// return None for a descriptor that the back end doesn't read.
pub struct Source {
    /// Copies bytes that were read. Returns their number, 0 at the end of the stream, or -1 with errno; EAGAIN if
    /// there are none.
    pub read: fn(&Loop, c_int, u64, Room) -> Option<isize>,
    /// What the next calls of `read` will return.
    pub buffered: fn(&Loop, c_int, u64) -> Option<Buffered>,
}

/// What a back end has read from a descriptor and not yet passed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffered {
    pub bytes: usize,
    /// The end of the stream or an error follows the bytes.
    pub ended: bool,
    /// The errno value, 0 for none.
    pub error: c_int,
}
