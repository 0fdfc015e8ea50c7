//! The functions of lib/acceptor.h.

use crate::abi::types::acceptor;
use core::ffi::c_int;

/// Opens a listening socket: IPv4, any address, SO_REUSEADDR, non-blocking, close-on-exec, backlog
/// 1024. For port 0 the system chooses a free port, which is stored in `listen_port`.
///
/// Returns the acceptor. When the server that uses it is gone, close its `listen_fd` and free() it,
/// or call yolanda_acceptor_free().
/// Returns NULL with errno (ENOMEM) if memory runs out. If it can't listen on the port, it prints
/// `bind failed : TEXT (ERRNO)` or `listen failed : TEXT (ERRNO)` on stderr and exits with status 1.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn acceptor_init(port: c_int) -> *mut acceptor {
    crate::reactor::acceptor::acceptor_init(port)
}
