//! getaddrinfo(3), and its errors as errno values.

use super::{errno, fd};
use crate::sys::address::Address;
use libc::{addrinfo, c_int};
use std::ffi::CStr;
use std::net::Ipv4Addr;
use std::{mem, ptr};

/// Looks up the addresses of a host name and passes them to `each` in the order of getaddrinfo(3). Blocks.
/// Returns the result of getaddrinfo(3): 0, or an error code for `error`.
pub fn ask(
    name: &CStr,
    service: Option<&CStr>,
    family: c_int,
    mut each: impl FnMut(Address),
) -> c_int {
    // SAFETY: addrinfo is plain data, and all zeroes are valid hints.
    let mut hints: addrinfo = unsafe { mem::zeroed() };
    hints.ai_family = family;
    hints.ai_socktype = libc::SOCK_STREAM;
    let service = service.map_or(ptr::null(), CStr::as_ptr);
    let mut found: *mut addrinfo = ptr::null_mut();
    // SAFETY: both texts end with a NUL; a NULL service is allowed.
    let answer = unsafe { libc::getaddrinfo(name.as_ptr(), service, &hints, &mut found) };
    if answer == 0 {
        let mut next = found;
        // SAFETY: NULL or an entry of getaddrinfo's list, which is freed only after the loop.
        while let Some(entry) = unsafe { next.as_ref() } {
            // SAFETY: the address of an entry has `ai_addrlen` bytes.
            each(unsafe { Address::copy(entry.ai_addr, entry.ai_addrlen) });
            next = entry.ai_next;
        }
        // SAFETY: getaddrinfo made the list, and nothing points into it afterwards.
        unsafe { libc::freeaddrinfo(found) };
    }
    answer
}

/// The first IPv4 address of a host name. The error is the text of gai_strerror(3).
pub fn ipv4(name: &CStr) -> Result<Ipv4Addr, &'static CStr> {
    let mut first = None;
    let answer = ask(name, None, libc::AF_INET, |address| first = first.or(address.as_ipv4()));
    first.ok_or_else(|| {
        // SAFETY: gai_strerror returns a static text, for unknown codes, too.
        unsafe { CStr::from_ptr(libc::gai_strerror(answer)) }
    })
}

/// The errno value for an error code. Must be called right after `ask`, because it reads `errno`.
pub fn error(answer: c_int) -> c_int {
    let system = errno::get();
    // When the process is out of descriptors, the resolver can't open its files and reports an unknown host.
    let spare = fd::spare();
    if spare < 0 {
        return errno::get();
    }
    fd::close(spare);
    match answer {
        libc::EAI_NONAME | libc::EAI_NODATA => libc::ENOENT,
        libc::EAI_AGAIN => libc::EAGAIN,
        libc::EAI_MEMORY => libc::ENOMEM,
        libc::EAI_SYSTEM if system > 0 => system,
        _ => libc::EHOSTUNREACH,
    }
}
