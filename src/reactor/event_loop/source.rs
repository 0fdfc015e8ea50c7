//! A back end that reads from connections by itself and hands over what it has, as one on completions does (io_uring
//! for instance).

#![forbid(unsafe_code)]

use crate::reactor::event_loop::state::Loop;
use libc::c_int;
use std::mem::MaybeUninit;

/// Where bytes are to be written.
pub type Room<'a> = &'a mut [MaybeUninit<u8>];

/// Such a back end. It reports a descriptor as readable for as long as it has something for it. Both functions are
/// called on the loop's thread with a descriptor and the number of its registration, and answer None for one that
/// the back end doesn't read.
pub struct Source {
    /// Hands over bytes that were read: how many, 0 at the end of the stream, or -1 with errno. EAGAIN: there are
    /// none.
    pub read: fn(&Loop, c_int, u64, Room) -> Option<isize>,
    /// What the next calls of `read` will find.
    pub held: fn(&Loop, c_int, u64) -> Option<Held>,
}

/// What a back end has read of a descriptor and not handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    pub bytes: usize,
    /// The end of the stream, or an error, follows the bytes.
    pub ended: bool,
    /// The errno value, 0 for none.
    pub error: c_int,
}
