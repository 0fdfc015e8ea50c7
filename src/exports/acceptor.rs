use crate::abi::types::acceptor;
use core::ffi::c_int;

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
