//! The blocking helpers of common.h: lines, messages, plain sockets.
//!
//! Imports: log, sys.

pub mod read;
#[cfg(test)]
#[path = "read/tests.rs"]
mod read_tests;
pub mod socket;
