//! The helpers of common.h for programs that block: lines, messages, plain sockets.

pub mod read;
pub mod socket;
