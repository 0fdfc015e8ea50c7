use core::cell::Cell;
use core::ffi::c_int;

/// A listening socket.
///
/// From acceptor_init() (`malloc`, yours to free() once its server is gone), or filled in by you.
#[repr(C)]
pub struct acceptor {
    /// The port it is bound to; for port 0, the one that the system chose.
    pub listen_port: Cell<c_int>,
    /// The listening descriptor.
    pub listen_fd: Cell<c_int>,
}

assert_layout!(acceptor, 8;
    listen_port: 0, 4;
    listen_fd: 4, 4;
);
