//! Whether the program asks for poll where nothing else chooses a back end.

use core::ffi::c_int;

unsafe extern "C" {
    fn yolanda_c_poll_is_default() -> c_int;
}

/// True when a source of the program was compiled with `EPOLL_ENABLE` off (`common.h` tells how).
pub fn poll_is_default() -> bool {
    // SAFETY: it only compares the address of a symbol.
    unsafe { yolanda_c_poll_is_default() != 0 }
}
