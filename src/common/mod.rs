//! The helpers of common.h for programs that block: lines, messages, plain sockets.

pub(crate) mod read;
pub(crate) mod socket;
