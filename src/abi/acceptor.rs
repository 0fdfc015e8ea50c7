use core::ffi::c_int;

/// A listening socket.
///
/// From acceptor_init() (`malloc`, yours to free() once its server is gone), or filled in by you.
#[repr(C)]
pub struct acceptor {
    /// The port it is bound to; for port 0, the one that the system chose.
    pub listen_port: c_int,
    /// The listening descriptor.
    pub listen_fd: c_int,
}

assert_layout!(acceptor, 8;
    listen_port: 0, 4;
    listen_fd: 4, 4;
);

/// Opens a listening socket: IPv4, any address, SO_REUSEADDR, non-blocking, close-on-exec, backlog
/// 1024. Port 0 takes any free port, which `listen_port` then holds.
///
/// Returns the acceptor, or NULL when memory is out. If the port can't be had it prints
/// `bind failed : TEXT (ERRNO)` or `listen failed : TEXT (ERRNO)` on stderr and exits with status 1.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn acceptor_init(port: c_int) -> *mut acceptor {
    jump_to!(crate::reactor::acceptor::acceptor_init)
}
