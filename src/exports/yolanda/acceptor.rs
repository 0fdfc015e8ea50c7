//! The functions of yolanda.h for acceptors.

use crate::abi::types::acceptor;
use crate::sys::fd;
use core::ffi::c_int;

/// Returns the port that an acceptor is bound to; for port 0, the one that the system chose.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `acceptor` is NULL or an acceptor that no other thread changes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_acceptor_port(acceptor: *mut acceptor) -> c_int {
    non_null!(acceptor, "yolanda_acceptor_port: no acceptor", -1).listen_port.get()
}

/// Returns the listening descriptor, which stays the acceptor's; -1 once its server has stopped.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `acceptor` is NULL or an acceptor that no other thread changes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_acceptor_fd(acceptor: *mut acceptor) -> c_int {
    non_null!(acceptor, "yolanda_acceptor_fd: no acceptor", -1).listen_fd.get()
}

/// Frees an acceptor of acceptor_init() and closes its descriptor, unless its server has closed it. The
/// server must be gone: call yolanda_server_free() or yolanda_loop_free() before.
///
/// Returns 0, or -1 with errno EINVAL for NULL.
///
/// # Safety
/// `acceptor` is NULL or an acceptor of acceptor_init() whose server has been freed, or that was given
/// to none. It must not be used again. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_acceptor_free(acceptor: *mut acceptor) -> c_int {
    let listen_fd = non_null!(acceptor, "yolanda_acceptor_free: no acceptor", -1).listen_fd.get();
    if listen_fd >= 0 {
        fd::close(listen_fd);
    }
    // SAFETY: acceptor_init() takes the struct from malloc, and no server has it any more.
    unsafe { libc::free(acceptor.cast()) };
    0
}
