//! The types of lib/inetaddress.h.

#![forbid(unsafe_code)]

use core::ffi::c_int;

/// An address to listen on.
#[repr(C)]
pub struct inet_address {
    /// The port.
    pub port: c_int,
}

assert_layout!(inet_address, 4;
    port: 0, 4;
);
