//! Writing bytes that `send` has accepted: directly to the socket if nothing is queued. Bytes that the socket doesn't
//! accept wait in the queue for the write event.

use super::{batch, queue};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{close, open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::{Connection, registration};
use crate::sys::errno;
use crate::sys::fd as sys_fd;
use crate::sys::fd::More;
use libc::{c_int, c_void};

/// The write callback of a connection's channel.
pub unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    // SAFETY: this is the callback of a connection's channel, whose data is the connection, which is live.
    match unsafe { data.cast::<Connection>().as_ref() } {
        Some(conn) => go_on(conn),
        None => return -1,
    }
    0
}

/// Sends as much of the queue as the socket accepts.
pub fn go_on(conn: &Connection) {
    drain(conn);
    conn.turn_ended();
}

/// Writes once. All bytes pass through here, except those of a file that the kernel copies (`file`). -1 with
/// errno. Unwritten bytes must begin the next call.
pub fn write_some(conn: &Connection, bytes: &[u8], more: More) -> isize {
    if !conn.wire.get().is_direct() {
        return write_indirectly(conn, bytes, more);
    }
    counted(conn, sys_fd::send(conn.channel.fd.get(), bytes, more))
}

/// Writes for a connection that isn't `direct`.
#[cold]
fn write_indirectly(conn: &Connection, bytes: &[u8], more: More) -> isize {
    let write = |bytes: &[u8], more| {
        let fd = conn.channel.fd.get();
        let n = if conn.kind().is_socket() {
            sys_fd::send(fd, bytes, more)
        } else {
            sys_fd::write_nosignal(fd, bytes)
        };
        counted(conn, n)
    };
    match conn.filter() {
        None => write(bytes, more),
        Some(filter) => filter.write(conn, bytes, |wire, follows| {
            write(wire, if follows { More::AtOnce } else { more })
        }),
    }
}

/// Counts the bytes that the kernel has accepted.
#[inline(always)]
pub fn counted(conn: &Connection, n: isize) -> isize {
    if n > 0 {
        count(&conn.event_loop().counts.bytes_written, n as u64);
        timeouts::sent(conn, n as usize);
    }
    n
}

/// Sends or queues accepted bytes. -1 with errno, in which case the connection is being closed.
pub fn write_or_queue(conn: &Connection, bytes: &[u8], more: More) -> isize {
    batch::flush_of(conn);
    let mut written = 0;
    let begins = queue::is_empty(conn);
    if begins {
        let n = write_some(conn, bytes, more);
        if n == bytes.len() as isize {
            return n;
        }
        if n < 0 && errno::get() != libc::EAGAIN {
            let e = errno::get();
            ready::close_in_iteration(conn, CloseReason::of_call(e));
            errno::set(e);
            return -1;
        }
        written = n.max(0) as usize;
    }
    if !queue::enqueue(conn, &bytes[written..]) {
        log_err!("no memory to send to {}", conn.name());
        ready::close_in_iteration(conn, CloseReason::NoMemory);
        errno::set(libc::ENOMEM);
        return -1;
    }
    if begins {
        timeouts::queued(conn);
    }
    back_pressure::begin(conn);
    registration::set_events(conn, conn.channel.events.get() | EVENT_WRITE);
    written as isize
}

/// The socket is writable again.
fn drain(conn: &Connection) {
    if !open::is_open(conn) {
        return;
    }
    if !open::is_entered(conn) {
        return ready::close_in_iteration(conn, CloseReason::DescriptorGone);
    }
    log_msg!("handle_write for tcp connection {}", conn.name());
    if queue::is_empty(conn) {
        // The program enabled the event or flushed the queue itself: there is nothing to write.
        return want_no_write(conn);
    }
    if !queue::flush(conn) {
        ready::decide(conn, CloseReason::of_call(errno::get()));
        return close::close(conn);
    }
    if !queue::is_empty(conn) {
        return;
    }
    want_no_write(conn);
    if let Some(callback) = conn.public.writeCompletedCallBack.get() {
        // SAFETY: the program set the callback with this type. It may do anything except free the connection, which
        // the iteration keeps.
        unsafe { callback(conn.as_c()) };
    }
    if !conn.shared.life.is_closed() {
        shutdown::look(conn);
    }
}

/// Disables the write event and resumes reading, because nothing waits to be sent.
fn want_no_write(conn: &Connection) {
    back_pressure::end(conn);
    registration::set_events(conn, conn.channel.events.get() & !EVENT_WRITE);
}
