//! getaddrinfo(3) and its answers.

use crate::sys::address::Address;
use crate::sys::resolve;
use libc::{addrinfo, c_char, c_int};
use std::{mem, ptr};

/// Asks the system, for as long as that takes: how many addresses were found, in the order of its
/// preference, or an errno for the client.
///
/// # Safety
/// `host` ends with a NUL.
pub unsafe fn look_up(
    host: *const c_char,
    port: u16,
    addresses: &mut [Address],
) -> Result<usize, c_int> {
    // SAFETY: zeroes are hints that say nothing; the list that getaddrinfo made is freed.
    unsafe {
        let mut hints: addrinfo = mem::zeroed();
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut found: *mut addrinfo = ptr::null_mut();
        let answer = libc::getaddrinfo(host, ptr::null(), &hints, &mut found);
        if answer != 0 {
            return Err(resolve::error(answer));
        }
        let mut count = 0;
        let mut at = found;
        while let Some(info) = at.as_ref() {
            let Some(place) = addresses.get_mut(count) else { break };
            let mut address = Address::copy(info.ai_addr, info.ai_addrlen);
            if address.set_port(port) {
                *place = address;
                count += 1;
            }
            at = info.ai_next;
        }
        libc::freeaddrinfo(found);
        if count == 0 { Err(libc::ENOENT) } else { Ok(count) }
    }
}
