//! What a descriptor is, as far as reading from it goes.

#![forbid(unsafe_code)]

use super::{errno, socket};
use libc::c_int;

/// What a read that is shorter than asked for says of the bytes behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// No socket: a pipe, a terminal, another file.
    File,
    /// A TCP stream: nothing is left, unless there are urgent data, at which a read ends (tcp(7)).
    Tcp,
    /// Another stream: a read may end behind bytes that came with descriptors (unix(7)).
    Stream,
    /// Messages, of which each read takes one: datagrams, SOCK_SEQPACKET.
    Messages,
}

impl Kind {
    /// The kind of an open descriptor: up to two system calls.
    pub fn of(fd: c_int) -> Kind {
        let _keep = errno::Keep::new();
        let ask = |option| socket::get(fd, libc::SOL_SOCKET, option);
        match ask(libc::SO_TYPE) {
            Err(_) => Kind::File,
            // Not by the family: MPTCP, SCTP and others are in it, too.
            Ok(libc::SOCK_STREAM) if ask(libc::SO_PROTOCOL) == Ok(libc::IPPROTO_TCP) => Kind::Tcp,
            Ok(libc::SOCK_STREAM) => Kind::Stream,
            Ok(_) => Kind::Messages,
        }
    }

    pub fn is_socket(self) -> bool {
        self != Kind::File
    }
}
