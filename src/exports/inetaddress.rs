//! The functions of lib/inetaddress.h.

use crate::abi::types::inet_address;
use core::ffi::c_int;

/// Makes an address. Release it with free().
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn init_inet_address(port: c_int) -> *mut inet_address {
    // SAFETY: the block has the struct's size, and is checked for NULL before it is written.
    unsafe {
        let address = libc::malloc(size_of::<inet_address>()).cast::<inet_address>();
        if !address.is_null() {
            address.write(inet_address { port });
        }
        address
    }
}
