//! Whether poll is the program's default back end.

use core::ffi::c_int;

unsafe extern "C" {
    fn yolanda_c_poll_is_default() -> c_int;
}

/// True if a source file of the program was compiled with `EPOLL_ENABLE` off (see `common.h`).
pub fn poll_is_default() -> bool {
    // SAFETY: the function only compares the address of a symbol.
    unsafe { yolanda_c_poll_is_default() != 0 }
}
