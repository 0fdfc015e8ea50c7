//! Opening listening sockets. What fails is told by errno values; errno itself may change.

use super::address::Address;
use super::{errno, fd as sys_fd, resolve, socket};
use libc::{c_int, sockaddr_un};
use std::ffi::CStr;
use std::io::Write;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ptr;

/// Clients that may wait to be accepted; the kernel cuts it to net.core.somaxconn.
const BACKLOG: c_int = 4096;

/// Tells a file in the file system from every other: device and inode.
pub type FileId = (u64, u64);

fn fails(result: c_int) -> Result<c_int, c_int> {
    if result < 0 { Err(errno::get()) } else { Ok(result) }
}

fn stream(family: c_int) -> Result<c_int, c_int> {
    fails(socket::stream(family))
}

/// A socket bound to an address, not listening yet. IPv6's "any" takes IPv4 clients, too.
pub fn bound(address: &Address, reuseport: bool) -> Result<c_int, c_int> {
    let fd = stream(address.family())?;
    let done = set_options(fd, address.family(), reuseport).and_then(|()| {
        // SAFETY: the address and its length.
        fails(unsafe { libc::bind(fd, address.as_ptr(), address.len) })
    });
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

/// A socket bound to every address of this host: IPv6 and IPv4 with one socket, where there is
/// IPv6.
pub fn bound_any(port: u16, reuseport: bool) -> Result<c_int, c_int> {
    match bound(&Address::ipv6(Ipv6Addr::UNSPECIFIED, port, 0), reuseport) {
        Err(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL | libc::EPROTONOSUPPORT) => {
            bound(&Address::ipv4(Ipv4Addr::UNSPECIFIED, port), reuseport)
        }
        done => done,
    }
}

/// The address of a host's name, an IPv4 one if it has any. The system is asked, and waited for.
pub fn look_up(host: &[u8], port: u16) -> Result<Address, c_int> {
    let mut name = [0u8; 256];
    let mut service = [0u8; 8];
    if host.len() >= name.len() || write!(&mut service[..], "{port}").is_err() {
        return Err(libc::EINVAL);
    }
    name[..host.len()].copy_from_slice(host);
    // SAFETY: both texts end with a NUL; the list that getaddrinfo made is freed.
    unsafe {
        let mut hints: libc::addrinfo = mem::zeroed();
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut found: *mut libc::addrinfo = ptr::null_mut();
        let service = service.as_ptr().cast();
        let answer = libc::getaddrinfo(name.as_ptr().cast(), service, &hints, &mut found);
        if answer != 0 {
            return Err(resolve::error(answer));
        }
        let mut best: Option<Address> = None;
        let mut at = found;
        while !at.is_null() {
            let address = Address::copy((*at).ai_addr, (*at).ai_addrlen);
            let is_v4 = address.family() == libc::AF_INET;
            if best.is_none_or(|best| is_v4 && best.family() != libc::AF_INET) {
                best = Some(address);
            }
            at = (*at).ai_next;
        }
        libc::freeaddrinfo(found);
        best.ok_or(libc::ENOENT)
    }
}

/// A socket bound to a path or an abstract name. A socket file that nobody listens on is replaced.
pub fn bound_unix(address: &Address) -> Result<c_int, c_int> {
    match bound(address, false) {
        Err(libc::EADDRINUSE) => {
            remove_stale(address)?;
            bound(address, false)
        }
        done => done,
    }
}

/// Removes a socket file that a server left behind. EADDRINUSE where it isn't one.
fn remove_stale(address: &Address) -> Result<(), c_int> {
    with_path(address, |path| {
        let found = socket_file(path).ok_or(libc::EADDRINUSE)?;
        let probe = stream(libc::AF_UNIX)?;
        // SAFETY: the address and its length.
        let answer = fails(unsafe { libc::connect(probe, address.as_ptr(), address.len) });
        sys_fd::close(probe);
        match answer {
            Err(libc::ECONNREFUSED) => {
                remove(path, found);
                Ok(())
            }
            Err(libc::ENOENT) => Ok(()),
            _ => Err(libc::EADDRINUSE),
        }
    })
    .unwrap_or(Err(libc::EADDRINUSE))
}

/// The file of a path that is a socket, not a link to one.
fn socket_file(path: &CStr) -> Option<FileId> {
    // SAFETY: lstat fills the struct that it is given; zero is a valid value of it.
    unsafe {
        let mut st: libc::stat = mem::zeroed();
        let is_socket =
            libc::lstat(path.as_ptr(), &mut st) == 0 && st.st_mode & libc::S_IFMT == libc::S_IFSOCK;
        is_socket.then_some((st.st_dev, st.st_ino))
    }
}

fn remove(path: &CStr, file: FileId) {
    if socket_file(path) == Some(file) {
        // SAFETY: a NUL-terminated path.
        unsafe { libc::unlink(path.as_ptr()) };
    }
}

/// Calls `f` with the path of a unix address that has one.
fn with_path<R>(address: &Address, f: impl FnOnce(&CStr) -> R) -> Option<R> {
    if address.family() != libc::AF_UNIX {
        return None;
    }
    // SAFETY: the storage is larger than the struct, and all zero behind what was written to it.
    let un = unsafe { address.as_ptr().cast::<sockaddr_un>().read() };
    let mut text = [0u8; mem::size_of::<sockaddr_un>()];
    text.iter_mut().zip(un.sun_path).for_each(|(to, from)| *to = from as u8);
    let path = CStr::from_bytes_until_nul(&text).ok()?;
    (!path.is_empty()).then(|| f(path))
}

/// The file that stands for a bound unix socket; None for other kinds.
pub fn file_of(address: &Address) -> Option<FileId> {
    with_path(address, socket_file).flatten()
}

/// Removes the file of a unix socket, if it still is the same one.
pub fn remove_file(address: &Address, file: FileId) {
    let _keep = errno::Keep::new();
    with_path(address, |path| remove(path, file));
}

/// Lets clients come.
pub fn listen(fd: c_int) -> Result<(), c_int> {
    // SAFETY: no pointers.
    fails(unsafe { libc::listen(fd, BACKLOG) }).map(drop)
}

/// Refuses clients from now on, those that wait too, also where other processes have the socket. It fails
/// only for what isn't a socket (any more), where nobody waits.
pub fn refuse(fd: c_int) {
    // SAFETY: no pointers.
    unsafe { libc::shutdown(fd, libc::SHUT_RDWR) };
}

/// 0 if `fd` is a stream socket that listens, else why it can't be served: EBADF, ENOTSOCK,
/// EPROTOTYPE, EINVAL.
pub fn check(fd: c_int) -> Result<(), c_int> {
    if socket::get(fd, libc::SOL_SOCKET, libc::SO_TYPE)? != libc::SOCK_STREAM {
        return Err(libc::EPROTOTYPE);
    }
    if socket::get(fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN)? == 0 {
        return Err(libc::EINVAL);
    }
    Ok(())
}
