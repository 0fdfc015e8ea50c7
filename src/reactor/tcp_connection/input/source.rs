//! The source of a connection's bytes: its descriptor, or a back end that reads by itself and passes the bytes on
//! (as a completion-based one does, for example io_uring). Nothing else in a connection depends on which of the two it
//! is.

#![forbid(unsafe_code)]

use crate::reactor::event_loop::source::Buffered;
use crate::reactor::tcp_connection::Connection;
use crate::sys::{errno, fd as sys_fd, socket};
use libc::c_int;
use std::mem::MaybeUninit;

fn buffered(conn: &Connection) -> Option<Buffered> {
    if conn.wire.get().is_direct() {
        return None;
    }
    let l = conn.event_loop();
    (l.source.get()?.buffered)(l, conn.channel.fd.get(), conn.id.get())
}

/// Reads for a connection that isn't `direct`. Returns what recv(2) would.
pub fn read(conn: &Connection, to: &mut [MaybeUninit<u8>]) -> isize {
    let (l, fd) = (conn.event_loop(), conn.channel.fd.get());
    if let Some(source) = l.source.get()
        && let Some(n) = (source.read)(l, fd, conn.id.get(), to)
    {
        return n;
    }
    if conn.kind().is_socket() { sys_fd::recv(fd, to) } else { sys_fd::read(fd, to) }
}

/// Whether a read would return at once: with bytes, the end of the stream, or an error.
pub fn has_input(conn: &Connection) -> bool {
    buffered(conn).is_some_and(|buffered| buffered.bytes > 0 || buffered.ended)
        || sys_fd::has_input(conn.channel.fd.get())
}

/// Whether there are bytes to read.
pub fn has_bytes(conn: &Connection) -> bool {
    buffered(conn).is_some_and(|buffered| buffered.bytes > 0)
        || sys_fd::available(conn.number.get()).is_some_and(|n| n > 0)
}

/// Returns and clears the pending error, an errno value; 0 for none.
pub fn take_error(conn: &Connection) -> c_int {
    match buffered(conn) {
        Some(buffered) if buffered.error != 0 => buffered.error,
        _ if conn.kind().is_socket() => {
            let _keep = errno::Keep::new();
            socket::take_error(conn.number.get())
        }
        _ => 0,
    }
}
