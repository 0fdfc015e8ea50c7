//! Where the bytes of a connection come from: its descriptor, or a back end that reads by itself and hands over
//! what it has (as one on completions does, io_uring for instance). Nothing else in a connection knows which.

use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::sys::{errno, fd as sys_fd, socket};
use libc::c_int;
use std::mem::MaybeUninit;

/// A back end that reads by itself. It reports a connection as readable for as long as it has something for it.
/// Both functions are called on the loop's thread, and answer None for a connection that it doesn't read.
pub struct Source {
    /// Hands over bytes that were read: how many, 0 at the end of the stream, or -1 with errno. EAGAIN: there are
    /// none.
    pub read: fn(&Connection, &mut [MaybeUninit<u8>]) -> Option<isize>,
    /// What the next calls of `read` will find.
    pub held: fn(&Connection) -> Option<Held>,
}

/// What a back end has read of a connection and not handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    pub bytes: usize,
    /// The end of the stream, or an error, follows the bytes.
    pub ended: bool,
    /// The errno value, 0 for none.
    pub error: c_int,
}

impl Loop {
    /// Says which back end reads by itself; None: the connections read.
    #[cfg_attr(not(feature = "test-seams"), allow(dead_code))]
    pub fn set_source(&self, source: Option<&'static Source>) {
        self.source.set(source);
    }
}

impl Connection {
    /// The loop's back end reads from the connection's descriptor by itself.
    #[cfg_attr(not(feature = "test-seams"), allow(dead_code))]
    pub fn read_by_back_end(&self) {
        self.wire.set(self.wire.get().indirect());
    }
}

fn held(conn: &Connection) -> Option<Held> {
    if conn.wire.get().is_direct() {
        return None;
    }
    (conn.event_loop().source.get()?.held)(conn)
}

/// Reads for a connection that isn't `direct`. -1 with errno.
pub fn read(conn: &Connection, to: &mut [MaybeUninit<u8>]) -> isize {
    if let Some(n) = conn.event_loop().source.get().and_then(|source| (source.read)(conn, to)) {
        return n;
    }
    let (fd, at) = (conn.channel.fd.get(), to.as_mut_ptr().cast());
    // SAFETY: the slice has room for as many bytes as it is long.
    unsafe {
        if conn.kind().is_socket() {
            sys_fd::recv(fd, at, to.len())
        } else {
            sys_fd::read(fd, at, to.len())
        }
    }
}

/// Whether a read would find something: bytes, the end of the stream, or an error.
pub fn has_input(conn: &Connection) -> bool {
    held(conn).is_some_and(|held| held.bytes > 0 || held.ended)
        || sys_fd::has_input(conn.channel.fd.get())
}

/// Whether bytes wait to be read.
pub fn has_bytes(conn: &Connection) -> bool {
    held(conn).is_some_and(|held| held.bytes > 0)
        || sys_fd::available(conn.number.get()).is_some_and(|n| n > 0)
}

/// The error that is pending, an errno value; 0 for none.
pub fn take_error(conn: &Connection) -> c_int {
    match held(conn) {
        Some(held) if held.error != 0 => held.error,
        _ if conn.kind().is_socket() => {
            let _keep = errno::Keep::new();
            socket::take_error(conn.number.get())
        }
        _ => 0,
    }
}
