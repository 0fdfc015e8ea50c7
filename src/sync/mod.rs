//! Protocols between threads, without raw pointers and system calls: tests/model runs these very lines under
//! loom. It imports nothing of the other folders.

#![forbid(unsafe_code)]

/// Atomics by a name of our own: tests/model puts loom's in their place.
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
