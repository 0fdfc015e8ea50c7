//! Protocols between threads, without raw pointers and system calls. tests/model compiles these files
//! under loom.
//!
//! Imports: nothing of ours.

#![forbid(unsafe_code)]

/// The atomics, which tests/model replaces by loom's.
pub mod atomic {
    pub use std::sync::atomic::*;
}
pub mod in_use;
#[cfg(test)]
#[path = "in_use/tests.rs"]
mod in_use_tests;
pub mod refs;
#[cfg(test)]
#[path = "refs/tests.rs"]
mod refs_tests;
pub mod wake_flag;
