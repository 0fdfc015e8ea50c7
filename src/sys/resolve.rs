//! Asking getaddrinfo(3), and what its answers mean as an errno.

use super::{errno, fd};
use libc::{addrinfo, c_int, sockaddr_in};
use std::ffi::CStr;
use std::net::Ipv4Addr;
use std::{mem, ptr};

/// The IPv4 address of a host's name. The system is asked, and waited for. The error is the resolver's text.
pub fn ipv4(name: &CStr) -> Result<Ipv4Addr, &'static CStr> {
    // SAFETY: addrinfo is plain data, and all zero asks for anything.
    let mut hints: addrinfo = unsafe { mem::zeroed() };
    hints.ai_family = libc::AF_INET;
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut found: *mut addrinfo = ptr::null_mut();
    // SAFETY: the name ends with a NUL, and NULL means no service.
    let answer = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut found) };
    if answer != 0 || found.is_null() {
        // SAFETY: gai_strerror returns a text that is never freed, for unknown numbers, too.
        return Err(unsafe { CStr::from_ptr(libc::gai_strerror(answer)) });
    }
    // SAFETY: the first entry is an IPv4 address, as the hints asked for. The list isn't used after it is freed.
    unsafe {
        let first = (*found).ai_addr.cast::<sockaddr_in>().read();
        libc::freeaddrinfo(found);
        Ok(Ipv4Addr::from(first.sin_addr.s_addr.to_ne_bytes()))
    }
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
