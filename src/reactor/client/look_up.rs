//! getaddrinfo(3) and its answers.

use crate::sys::address::Address;
use crate::sys::resolve;
use libc::{addrinfo, c_char, c_int};
use std::{mem, ptr};

/// Asks the system, for as long as that takes: how many addresses were found, or an errno for the
/// client. They have no port.
///
/// # Safety
/// `host` ends with a NUL.
pub unsafe fn look_up(host: *const c_char, addresses: &mut [Address]) -> Result<usize, c_int> {
    // SAFETY: zeroes are hints that say nothing; the list that getaddrinfo made is freed.
    unsafe {
        let mut hints: addrinfo = mem::zeroed();
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut found: *mut addrinfo = ptr::null_mut();
        let answer = libc::getaddrinfo(host, ptr::null(), &hints, &mut found);
        if answer != 0 {
            return Err(resolve::error(answer));
        }
        let count = interleave(found, addresses);
        libc::freeaddrinfo(found);
        if count == 0 { Err(libc::ENOENT) } else { Ok(count) }
    }
}

/// Takes addresses in the order of the system's preference, but by turns of each family (RFC 8305,
/// section 4): where one family doesn't work, the second address does.
///
/// # Safety
/// A list of getaddrinfo's.
unsafe fn interleave(found: *const addrinfo, addresses: &mut [Address]) -> usize {
    // SAFETY: the list stays as it is meanwhile.
    unsafe {
        let mut next = [libc::AF_INET, libc::AF_INET6].map(|family| first_of(found, &[family]));
        let preferred = first_of(found, &[libc::AF_INET, libc::AF_INET6]);
        let mut turn = usize::from(preferred == next[1]);
        for (count, place) in addresses.iter_mut().enumerate() {
            if next[turn].is_null() {
                turn = 1 - turn;
            }
            let Some(info) = next[turn].as_ref() else { return count };
            *place = address_of(info);
            next[turn] = first_of(info.ai_next, &[place.family()]);
            turn = 1 - turn;
        }
        addresses.len()
    }
}

/// The first entry of a list with one of the families; NULL where there is none.
unsafe fn first_of(list: *const addrinfo, families: &[c_int]) -> *const addrinfo {
    // SAFETY: a list of getaddrinfo's ends with NULL.
    unsafe {
        let mut at = list;
        while at.as_ref().is_some_and(|info| !families.contains(&address_of(info).family())) {
            at = (*at).ai_next;
        }
        at
    }
}

unsafe fn address_of(info: &addrinfo) -> Address {
    // SAFETY: getaddrinfo's entry has an address of that length.
    unsafe { Address::copy(info.ai_addr, info.ai_addrlen) }
}
