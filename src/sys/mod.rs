//! Thin wrappers around libc: memory, descriptors, addresses, errno.

pub mod address;
pub mod clock;
#[cfg(target_arch = "x86_64")]
pub mod controls;
pub mod epoll;
pub mod errno;
pub mod fd;
pub mod file;
pub mod kind;
pub mod listen;
pub mod loaded;
pub mod lock;
pub mod pool;
pub mod resolve;
pub mod socket;
pub mod text;
pub mod unix;
