//! The types of lib/acceptor.h.

#![forbid(unsafe_code)]

use core::cell::Cell;
use core::ffi::c_int;

/// A listening socket.
///
/// It comes from acceptor_init(), or you fill it in yourself. If it comes from acceptor_init(), close
/// `listen_fd` and free() the struct after its server is gone.
#[repr(C)]
pub struct acceptor {
    /// The port that it is bound to. If port 0 was requested, the one that the system chose.
    pub listen_port: Cell<c_int>,
    /// The listening descriptor.
    pub listen_fd: Cell<c_int>,
}

assert_layout!(acceptor, 8;
    listen_port: 0, 4;
    listen_fd: 4, 4;
);
