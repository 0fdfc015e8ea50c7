//! An address that is only a port.

use crate::abi::types::inet_address;
use libc::c_int;

pub unsafe extern "C" fn init_inet_address(port: c_int) -> *mut inet_address {
    // SAFETY: a malloc'd block of that size holds the struct; NULL is checked.
    unsafe {
        let address = libc::malloc(size_of::<inet_address>()).cast::<inet_address>();
        if !address.is_null() {
            (*address).port = port;
        }
        address
    }
}
