//! Socket addresses in the kernel's format. `text` converts them from and to text.

#[cfg(test)]
mod tests;
mod text;

pub use crate::sys::address::text::Parsed;

use super::errno;
use libc::{
    c_int, sa_family_t, sockaddr_in, sockaddr_in6, sockaddr_storage, sockaddr_un, socklen_t,
};
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The size of a buffer that holds any address as text with its NUL; Unix socket addresses are the longest.
pub const TEXT: usize = 128;

/// The offset of the path within a `sockaddr_un`.
const PATH_AT: usize = mem::offset_of!(sockaddr_un, sun_path);

/// The size of the path or abstract name in a `sockaddr_un`.
const PATH: usize = mem::size_of::<sockaddr_un>() - PATH_AT;

/// A socket address as bind(2), connect(2) and getpeername(2) use it.
#[derive(Clone, Copy)]
pub struct Address {
    pub storage: sockaddr_storage,
    pub len: socklen_t,
}

impl Address {
    /// An IPv4 address.
    pub fn ipv4(ip: Ipv4Addr, port: u16) -> Self {
        Self::of(sockaddr_in {
            sin_family: libc::AF_INET as sa_family_t,
            sin_port: port.to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(ip.octets()) },
            sin_zero: [0; 8],
        })
    }

    /// An IPv6 address. The scope is the index of an interface, 0 for none.
    pub fn ipv6(ip: Ipv6Addr, port: u16, scope: u32) -> Self {
        Self::of(sockaddr_in6 {
            sin6_family: libc::AF_INET6 as sa_family_t,
            sin6_port: port.to_be(),
            sin6_flowinfo: 0,
            sin6_addr: libc::in6_addr { s6_addr: ip.octets() },
            sin6_scope_id: scope,
        })
    }

    /// The IP address without the port, if this is an IPv4 address.
    pub fn as_ipv4(&self) -> Option<Ipv4Addr> {
        let octets = || self.view::<sockaddr_in>().sin_addr.s_addr.to_ne_bytes();
        (self.family() == libc::AF_INET).then(|| Ipv4Addr::from(octets()))
    }

    /// The port. None for a family without ports.
    pub fn port(&self) -> Option<u16> {
        match self.family() {
            libc::AF_INET => Some(u16::from_be(self.view::<sockaddr_in>().sin_port)),
            libc::AF_INET6 => Some(u16::from_be(self.view::<sockaddr_in6>().sin6_port)),
            _ => None,
        }
    }

    /// Changes the port. False for a family without ports.
    pub fn set_port(&mut self, port: u16) -> bool {
        match self.family() {
            libc::AF_INET => {
                *self = Self::of(sockaddr_in { sin_port: port.to_be(), ..self.view() });
            }
            libc::AF_INET6 => {
                *self = Self::of(sockaddr_in6 { sin6_port: port.to_be(), ..self.view() });
            }
            _ => return false,
        }
        true
    }

    /// Copies an address in the format of the system calls.
    ///
    /// # Safety
    /// `from` points to `len` readable bytes.
    pub unsafe fn copy(from: *const libc::sockaddr, len: socklen_t) -> Self {
        let mut address = Self::empty();
        address.len = len.min(address.len);
        // SAFETY: `from` has `len` bytes, of which no more are copied than the storage has.
        unsafe {
            let to = (&raw mut address.storage).cast::<u8>();
            to.copy_from_nonoverlapping(from.cast(), address.len as usize);
        }
        address
    }

    /// The address of a socket's peer. The error is that of getpeername(2); errno doesn't change.
    pub fn of_peer(fd: c_int) -> Result<Self, c_int> {
        // SAFETY: `ask` passes a buffer and its length.
        Self::ask(|at, len| unsafe { libc::getpeername(fd, at, len) })
    }

    /// The local address of a socket. The error is that of getsockname(2); errno doesn't change.
    pub fn of_local(fd: c_int) -> Result<Self, c_int> {
        // SAFETY: `ask` passes a buffer and its length.
        Self::ask(|at, len| unsafe { libc::getsockname(fd, at, len) })
    }

    /// Makes a system call that returns an address.
    fn ask(call: impl FnOnce(*mut libc::sockaddr, *mut socklen_t) -> c_int) -> Result<Self, c_int> {
        let _keep = errno::Keep::new();
        let mut address = Self::empty();
        let r = call((&raw mut address.storage).cast(), &mut address.len);
        if r == 0 { Ok(address) } else { Err(errno::get()) }
    }

    /// A value that stands for no address: its family is AF_UNSPEC.
    pub fn none() -> Self {
        Address { len: 0, ..Self::empty() }
    }

    /// All zeroes, with the size of the whole storage as its length.
    fn empty() -> Self {
        // SAFETY: plain numbers, for which zero is a value.
        let storage = unsafe { mem::zeroed() };
        Address { storage, len: mem::size_of::<sockaddr_storage>() as socklen_t }
    }

    /// Makes an address from the struct of its family. Each of them fits into the storage.
    fn of<T: Copy>(family: T) -> Self {
        const { assert!(mem::size_of::<T>() <= mem::size_of::<sockaddr_storage>()) };
        const { assert!(mem::align_of::<T>() <= mem::align_of::<sockaddr_storage>()) };
        let mut address = Self::empty();
        address.len = mem::size_of::<T>() as socklen_t;
        // SAFETY: size and alignment are checked above.
        unsafe { (&raw mut address.storage).cast::<T>().write(family) };
        address
    }

    /// AF_INET, AF_INET6, AF_UNIX, or another family that the kernel returned.
    pub fn family(&self) -> c_int {
        if (self.len as usize) < mem::size_of::<sa_family_t>() {
            return libc::AF_UNSPEC;
        }
        c_int::from(self.storage.ss_family)
    }

    /// Whether both are IPv4 or both are IPv6, with the same address and port.
    pub fn is_same(&self, other: &Self) -> bool {
        if self.family() != other.family() {
            return false;
        }
        match self.family() {
            libc::AF_INET => {
                let (a, b): (sockaddr_in, sockaddr_in) = (self.view(), other.view());
                (a.sin_addr.s_addr, a.sin_port) == (b.sin_addr.s_addr, b.sin_port)
            }
            libc::AF_INET6 => {
                let (a, b): (sockaddr_in6, sockaddr_in6) = (self.view(), other.view());
                (a.sin6_addr.s6_addr, a.sin6_port) == (b.sin6_addr.s6_addr, b.sin6_port)
            }
            _ => false,
        }
    }

    /// The pointer that connect(2) and bind(2) take together with `len`. It is valid as long as `self` is.
    pub fn as_ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    /// The storage as the struct of the family that `family` returned.
    fn view<T: Copy>(&self) -> T {
        const { assert!(mem::size_of::<T>() <= mem::size_of::<sockaddr_storage>()) };
        const { assert!(mem::align_of::<T>() <= mem::align_of::<sockaddr_storage>()) };
        // SAFETY: size and alignment are checked above; every bit pattern is a value of T's numbers.
        unsafe { (&raw const self.storage).cast::<T>().read() }
    }
}
