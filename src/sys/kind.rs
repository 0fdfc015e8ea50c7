//! What kind of file a descriptor refers to, as far as reading depends on it.

#![forbid(unsafe_code)]

use super::{errno, socket};
use libc::c_int;

/// What a short read says about the bytes that follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// Not a socket: a pipe, a terminal or another file.
    File,
    /// A TCP stream: a short read means that nothing is left, unless it ended at urgent data (tcp(7)).
    Tcp,
    /// Another stream: a read may end after bytes that were sent with descriptors (unix(7)).
    Stream,
    /// Datagrams and SOCK_SEQPACKET: each read returns one message.
    Messages,
}

impl Kind {
    /// The kind of an open descriptor. Makes up to two system calls.
    pub fn of(fd: c_int) -> Kind {
        let _keep = errno::Keep::new();
        let ask = |option| socket::get(fd, libc::SOL_SOCKET, option);
        match ask(libc::SO_TYPE) {
            Err(_) => Kind::File,
            // The family doesn't tell: MPTCP and SCTP sockets also have an IP family.
            Ok(libc::SOCK_STREAM) if ask(libc::SO_PROTOCOL) == Ok(libc::IPPROTO_TCP) => Kind::Tcp,
            Ok(libc::SOCK_STREAM) => Kind::Stream,
            Ok(_) => Kind::Messages,
        }
    }

    pub fn is_socket(self) -> bool {
        self != Kind::File
    }
}
