//! The addresses of a host name, in the order in which a client tries them.

#![forbid(unsafe_code)]

use super::ADDRESSES;
use crate::sys::address::Address;
use crate::sys::resolve;
use libc::c_int;
use std::ffi::CStr;

/// Asks getaddrinfo(3), which may block. Returns the number of addresses, or an errno value for the client. The
/// addresses have no port. They are in the order of the system's preference, but alternate between the families
/// (RFC 8305, section 4), so that the second address works if one family doesn't.
pub fn look_up(host: &CStr, addresses: &mut [Address; ADDRESSES]) -> Result<usize, c_int> {
    let mut families = [Family::new(libc::AF_INET), Family::new(libc::AF_INET6)];
    let mut preferred = None;
    let answer = resolve::ask(host, None, libc::AF_UNSPEC, |address| {
        if let Some(at) = families.iter().position(|family| family.number == address.family()) {
            preferred.get_or_insert(at);
            families[at].add(address);
        }
    });
    if answer != 0 {
        return Err(resolve::error(answer));
    }
    let mut turn = preferred.ok_or(libc::ENOENT)?;
    let mut count = 0;
    for place in addresses {
        let Some(address) = families[turn].next().or_else(|| families[1 - turn].next()) else {
            break;
        };
        turn = usize::from(address.family() == libc::AF_INET);
        *place = address;
        count += 1;
    }
    Ok(count)
}

/// The addresses of one family, up to the number that can be tried.
struct Family {
    number: c_int,
    found: [Address; ADDRESSES],
    count: usize,
    taken: usize,
}

impl Family {
    fn new(number: c_int) -> Family {
        Family { number, found: [Address::none(); ADDRESSES], count: 0, taken: 0 }
    }

    fn add(&mut self, address: Address) {
        if let Some(place) = self.found.get_mut(self.count) {
            *place = address;
            self.count += 1;
        }
    }

    fn next(&mut self) -> Option<Address> {
        let next = self.found[self.taken..self.count].first().copied()?;
        self.taken += 1;
        Some(next)
    }
}
