//! Thin wrappers around libc: memory, descriptors, addresses, errno.

#[allow(dead_code)]
pub mod address;
pub mod errno;
pub mod fd;
pub mod pool;
pub mod socket;
