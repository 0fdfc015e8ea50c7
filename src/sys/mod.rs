//! System calls and functions of the C library, with the flags that this library needs; no other folder calls
//! them. Memory pools, descriptors, files, sockets, addresses, locks, errno and the words for it.
//!
//! Imports: nothing of ours.

pub mod address;
pub mod clock;
#[cfg(target_arch = "x86_64")]
pub mod controls;
pub mod environment;
pub mod epoll;
pub mod errno;
pub mod explained;
pub mod fd;
pub mod file;
pub mod kind;
pub mod listen;
pub mod loaded;
pub mod lock;
pub mod mutex;
pub mod pool;
pub mod process;
pub mod resolve;
pub mod signal;
pub mod socket;
pub mod stdio;
pub mod text;
pub mod unix;
