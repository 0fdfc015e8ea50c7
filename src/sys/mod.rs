//! Thin wrappers around libc: memory, descriptors, errno.

pub mod errno;
pub mod fd;
pub mod pool;
pub mod socket;
