use crate::abi::types::inet_address;
use core::ffi::c_int;

/// Makes an address; free() it when it is no longer needed.
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn init_inet_address(port: c_int) -> *mut inet_address {
    jump_to!(crate::reactor::inetaddress::init_inet_address)
}
