//! The helpers of common.h for programs that block: lines, messages, plain sockets. It imports `log` and `sys`.

pub mod read;
#[cfg(test)]
#[path = "read/tests.rs"]
mod read_tests;
pub mod socket;
