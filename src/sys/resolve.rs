//! Asking getaddrinfo(3), and what its answers mean as an errno.

use super::{errno, fd};
use crate::sys::address::Address;
use libc::{addrinfo, c_int};
use std::ffi::CStr;
use std::net::Ipv4Addr;
use std::{mem, ptr};

/// Asks for the addresses of a host's name and hands them out in the system's order. The calling thread waits.
/// Returns what getaddrinfo(3) answers: 0, or a number for `error`.
pub fn ask(
    name: &CStr,
    service: Option<&CStr>,
    family: c_int,
    mut each: impl FnMut(Address),
) -> c_int {
    // SAFETY: addrinfo is plain data, and all zero asks for anything.
    let mut hints: addrinfo = unsafe { mem::zeroed() };
    hints.ai_family = family;
    hints.ai_socktype = libc::SOCK_STREAM;
    let service = service.map_or(ptr::null(), CStr::as_ptr);
    let mut found: *mut addrinfo = ptr::null_mut();
    // SAFETY: both texts end with a NUL; no service is NULL.
    let answer = unsafe { libc::getaddrinfo(name.as_ptr(), service, &hints, &mut found) };
    if answer == 0 {
        let mut next = found;
        // SAFETY: NULL or an entry of getaddrinfo's list, which isn't freed before the loop has ended.
        while let Some(entry) = unsafe { next.as_ref() } {
            // SAFETY: the entry's address has `ai_addrlen` bytes.
            each(unsafe { Address::copy(entry.ai_addr, entry.ai_addrlen) });
            next = entry.ai_next;
        }
        // SAFETY: getaddrinfo made the list, and nothing points into it any more.
        unsafe { libc::freeaddrinfo(found) };
    }
    answer
}

/// The first IPv4 address of a host's name. The error is the resolver's text.
pub fn ipv4(name: &CStr) -> Result<Ipv4Addr, &'static CStr> {
    let mut first = None;
    let answer = ask(name, None, libc::AF_INET, |address| first = first.or(address.as_ipv4()));
    first.ok_or_else(|| {
        // SAFETY: gai_strerror returns a text that is never freed, for unknown numbers, too.
        unsafe { CStr::from_ptr(libc::gai_strerror(answer)) }
    })
}

/// The errno for an answer other than 0. Call it at once: `errno` is part of the answer.
pub fn error(answer: c_int) -> c_int {
    let system = errno::get();
    // Out of descriptors, the system can't read what it knows of hosts, and says that there is no such.
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
