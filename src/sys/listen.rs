//! Opening listening sockets. Failures are returned as errno values; errno itself may change.

use super::{errno, fd as sys_fd, resolve, socket};
use crate::sys::address::Address;
use libc::c_int;
use std::ffi::CStr;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The backlog for listen(2). The kernel limits it to net.core.somaxconn.
const BACKLOG: c_int = 4096;

/// Converts the result of a system call; the error is errno.
pub(super) fn fails(result: c_int) -> Result<c_int, c_int> {
    if result < 0 { Err(errno::get()) } else { Ok(result) }
}

/// A stream socket that is non-blocking and close-on-exec.
pub(super) fn stream(family: c_int) -> Result<c_int, c_int> {
    fails(socket::stream(family))
}

/// A socket bound to an address, not yet listening. With IPv6's unspecified address it also accepts IPv4 clients.
pub fn bound(address: &Address, reuseport: bool) -> Result<c_int, c_int> {
    let fd = stream(address.family())?;
    let done = set_options(fd, address.family(), reuseport)
        .and_then(|()| fails(socket::bind(fd, address)));
    match done {
        Ok(_) => Ok(fd),
        Err(e) => {
            sys_fd::close(fd);
            Err(e)
        }
    }
}

fn set_options(fd: c_int, family: c_int, reuseport: bool) -> Result<(), c_int> {
    if family == libc::AF_UNIX {
        return Ok(());
    }
    fails(socket::set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1))?;
    if reuseport {
        fails(socket::set(fd, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1))?;
    }
    if family == libc::AF_INET6 {
        fails(socket::set(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0))?;
    }
    Ok(())
}

/// A socket bound to all addresses of this host: IPv6 and IPv4 with one socket if the system has IPv6, else IPv4.
pub fn bound_any(port: u16, reuseport: bool) -> Result<c_int, c_int> {
    match bound(&Address::ipv6(Ipv6Addr::UNSPECIFIED, port, 0), reuseport) {
        Err(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL | libc::EPROTONOSUPPORT) => {
            bound(&Address::ipv4(Ipv4Addr::UNSPECIFIED, port), reuseport)
        }
        done => done,
    }
}

/// Looks up a host name, preferring an IPv4 address. Blocks until the resolver answers.
pub fn look_up(host: &[u8], port: u16) -> Result<Address, c_int> {
    let mut name = [0u8; 256];
    let mut service = [0u8; 8];
    if host.len() >= name.len() || write!(&mut service[..], "{port}").is_err() {
        return Err(libc::EINVAL);
    }
    name[..host.len()].copy_from_slice(host);
    let text = |bytes| CStr::from_bytes_until_nul(bytes).map_err(|_| libc::EINVAL);
    let mut best: Option<Address> = None;
    let answer = resolve::ask(text(&name)?, Some(text(&service)?), libc::AF_UNSPEC, |address| {
        let is_v4 = address.family() == libc::AF_INET;
        if best.is_none_or(|best| is_v4 && best.family() != libc::AF_INET) {
            best = Some(address);
        }
    });
    if answer != 0 {
        return Err(resolve::error(answer));
    }
    best.ok_or(libc::ENOENT)
}

/// listen(2) with the library's backlog.
pub fn listen(fd: c_int) -> Result<(), c_int> {
    fails(socket::listen(fd, BACKLOG)).map(drop)
}

/// Stops listening: new clients and those in the backlog are refused, even if other processes share the socket.
/// It fails only if the descriptor isn't a listening socket.
pub fn refuse(fd: c_int) {
    // SAFETY: shutdown takes numbers only and doesn't close the descriptor.
    unsafe { libc::shutdown(fd, libc::SHUT_RDWR) };
}

/// 0 if `fd` is a listening stream socket, else the reason why it can't be served: EBADF, ENOTSOCK, EPROTOTYPE or
/// EINVAL.
pub fn check(fd: c_int) -> Result<(), c_int> {
    if socket::get(fd, libc::SOL_SOCKET, libc::SO_TYPE)? != libc::SOCK_STREAM {
        return Err(libc::EPROTOTYPE);
    }
    if socket::get(fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN)? == 0 {
        return Err(libc::EINVAL);
    }
    Ok(())
}
