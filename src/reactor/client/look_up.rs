//! getaddrinfo(3) and its answers.

use crate::sys::address::Address;
use crate::sys::resolve;
use libc::{addrinfo, c_int};
use std::ffi::CStr;
use std::{iter, mem, ptr};

/// Asks the system, for as long as that takes: how many addresses were found, or an errno for the
/// client. They have no port.
pub fn look_up(host: &CStr, addresses: &mut [Address]) -> Result<usize, c_int> {
    match Found::ask(host)?.interleave(addresses) {
        0 => Err(libc::ENOENT),
        count => Ok(count),
    }
}

/// A list that getaddrinfo has made; NULL where it is empty.
struct Found(*mut addrinfo);

impl Drop for Found {
    fn drop(&mut self) {
        // SAFETY: getaddrinfo has made the list, and no reference into it outlives this handle.
        unsafe { libc::freeaddrinfo(self.0) }
    }
}

impl Found {
    fn ask(host: &CStr) -> Result<Found, c_int> {
        // SAFETY: plain numbers and NULL, for which all zero is a value: it asks for anything.
        let mut hints: addrinfo = unsafe { mem::zeroed() };
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut found = ptr::null_mut();
        // SAFETY: the name ends with a NUL, NULL means no service, and the call writes where the list is.
        let answer = unsafe { libc::getaddrinfo(host.as_ptr(), ptr::null(), &hints, &mut found) };
        if answer == 0 { Ok(Found(found)) } else { Err(resolve::error(answer)) }
    }

    /// The addresses in the order of the system's preference.
    fn addresses(&self) -> impl Iterator<Item = Address> {
        // SAFETY: the list ends with NULL, and stays as it is while the handle is borrowed.
        let first = unsafe { self.0.as_ref() };
        // SAFETY: as for the first entry.
        iter::successors(first, |info| unsafe { info.ai_next.as_ref() })
            // SAFETY: an entry has an address of that length.
            .map(|info| unsafe { Address::copy(info.ai_addr, info.ai_addrlen) })
    }

    /// Takes addresses in their order, but of each family by turns (RFC 8305, section 4): where one family doesn't
    /// work, the second address does.
    fn interleave(&self, addresses: &mut [Address]) -> usize {
        let of = |family| self.addresses().filter(move |address| address.family() == family);
        let mut families = [of(libc::AF_INET).peekable(), of(libc::AF_INET6).peekable()];
        let preferred = self
            .addresses()
            .map(|address| address.family())
            .find(|family| [libc::AF_INET, libc::AF_INET6].contains(family));
        let mut turn = usize::from(preferred == Some(libc::AF_INET6));
        let mut count = 0;
        for place in addresses {
            if families[turn].peek().is_none() {
                turn = 1 - turn;
            }
            let Some(address) = families[turn].next() else { break };
            *place = address;
            count += 1;
            turn = 1 - turn;
        }
        count
    }
}
