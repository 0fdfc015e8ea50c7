//! Sending: straight to the socket while nothing is queued; what it doesn't take waits in the
//! output buffer for the write event.

use super::{batch, queue, quota};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{
    close, close_request, open, ready, shutdown, timeouts,
};
use crate::reactor::tcp_connection::output::write_side::Refused;
use crate::reactor::tcp_connection::{Connection, Side};
use crate::reactor::tcp_connection::{posted, registration};
use crate::sys::errno;
use crate::sys::fd as sys_fd;
use crate::sys::fd::More;
use libc::{c_int, c_void};

/// The write callback of a connection's channel.
pub unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    // SAFETY: a channel's data is its live connection.
    match unsafe { data.cast::<Connection>().as_ref() } {
        Some(conn) => go_on(conn),
        None => return -1,
    }
    0
}

/// Sends what the socket takes of the queue.
pub fn go_on(conn: &Connection) {
    drain(conn);
    conn.turn_ended();
}

/// Writes once: here all bytes leave but those of a file that the kernel copies (`file`). -1 with errno. What isn't
/// written begins the next call's bytes.
pub fn write_some(conn: &Connection, bytes: &[u8], more: More) -> isize {
    if !conn.wire.get().is_direct() {
        return write_indirectly(conn, bytes, more);
    }
    // SAFETY: a slice holds as many bytes as it says.
    let n = unsafe { sys_fd::send(conn.channel.fd.get(), bytes.as_ptr(), bytes.len(), more) };
    counted(conn, n)
}

/// Writes for a connection that isn't `direct`.
#[cold]
fn write_indirectly(conn: &Connection, bytes: &[u8], more: More) -> isize {
    let write = |bytes: &[u8], more| {
        let (fd, from) = (conn.channel.fd.get(), bytes.as_ptr());
        // SAFETY: a slice holds as many bytes as it says.
        counted(conn, unsafe {
            if conn.kind().is_socket() {
                sys_fd::send(fd, from, bytes.len(), more)
            } else {
                sys_fd::write_nosignal(fd, from, bytes.len())
            }
        })
    };
    match conn.filter() {
        None => write(bytes, more),
        Some(filter) => filter.write(conn, bytes, |wire, follows| {
            write(wire, if follows { More::AtOnce } else { more })
        }),
    }
}

/// Counts what the kernel has taken.
#[inline(always)]
pub fn counted(conn: &Connection, n: isize) -> isize {
    if n > 0 {
        count(&conn.event_loop().counts.bytes_written, n as u64);
        timeouts::sent(conn, n as usize);
    }
    n
}

/// Refuses a send, and unless the program wanted no more than that, has the connection closed: its
/// peer doesn't read.
fn refuse(conn: &Connection) -> isize {
    if !quota::refuses(conn)
        && close_request::close_from_anywhere(conn, CloseReason::OverLimit) == 0
    {
        log_err!("{} has too much unsent data: closed", open::name(conn));
    }
    errno::set(libc::ENOBUFS);
    -1
}

/// Why a connection that is shut takes no send.
pub fn refusal(conn: &Connection) -> c_int {
    if open::is_open_here(conn) { libc::EPIPE } else { libc::ENOTCONN }
}

/// A send on another thread: copied, and queued for the loop.
pub fn post(conn: &Connection, bytes: &[u8]) -> isize {
    if !quota::has(conn, bytes.len()) {
        return refuse(conn);
    }
    // First the memory: what is accepted comes to the loop, which may wait for it to shut.
    let Some(task) = posted::send(conn, bytes) else {
        return errno::fail(libc::ENOMEM) as isize;
    };
    if let Err(why) = quota::accept(conn, bytes.len()) {
        return match why {
            Refused::Full => refuse(conn),
            Refused::Shut => errno::fail(refusal(conn)) as isize,
        };
    }
    if !conn.event_loop().post(task) {
        // Without its loop it closes, or has closed.
        quota::give_back(conn, bytes.len());
        return errno::fail(libc::ENOTCONN) as isize;
    }
    0
}

/// A send on the owner's thread.
pub fn send(conn: &Connection, bytes: &[u8], more: More) -> isize {
    if !quota::has(conn, bytes.len()) {
        return refuse(conn);
    }
    if !quota::refuses(conn) {
        return write_or_queue(conn, bytes, more);
    }
    // To the byte, whatever other threads send at the same time.
    if !quota::accept_own(conn, bytes.len()) {
        return refuse(conn);
    }
    quota::adopt(conn, bytes.len());
    let n = write_or_queue(conn, bytes, more);
    quota::recount(conn);
    n
}

/// Sends what was accepted, or queues it. -1 with errno, the connection being closed then.
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
            ready::close_in_pass(conn, CloseReason::of_call(e));
            errno::set(e);
            return -1;
        }
        written = n.max(0) as usize;
    }
    if !queue::enqueue(conn, &bytes[written..]) {
        log_err!("no memory to send to {}", open::name(conn));
        ready::close_in_pass(conn, CloseReason::NoMemory);
        errno::set(libc::ENOMEM);
        return -1;
    }
    if begins {
        timeouts::queued(conn);
    }
    back_pressure::begin(conn);
    update(conn, conn.channel.events.get() | EVENT_WRITE);
    written as isize
}

/// The socket takes bytes again.
fn drain(conn: &Connection) {
    // SAFETY: the program set the callback for connections like this one, and the iteration keeps the connection.
    unsafe {
        if !open::is_open(conn) {
            return;
        }
        if !open::is_entered(conn) {
            return ready::close_in_pass(conn, CloseReason::DescriptorGone);
        }
        log_msg!("handle_write for tcp connection {}", open::name(conn));
        if queue::is_empty(conn) {
            // A program enabled the event, or flushed by itself: there is nothing to write.
            back_pressure::end(conn);
            return update(conn, conn.channel.events.get() & !EVENT_WRITE);
        }
        if !queue::flush(conn) {
            ready::decide(conn, CloseReason::of_call(errno::get()));
            return close::close(conn);
        }
        if !queue::is_empty(conn) {
            return;
        }
        back_pressure::end(conn);
        update(conn, conn.channel.events.get() & !EVENT_WRITE);
        if let Some(callback) = conn.public.writeCompletedCallBack.get() {
            callback(conn.as_c());
        }
        if !conn.shared.life.is_closed() {
            shutdown::look(conn);
        }
    }
}

/// Sets the channel's events and has them count.
pub fn update(conn: &Connection, events: c_int) {
    let ch = &conn.channel;
    if ch.events.get() == events {
        return;
    }
    ch.events.set(events);
    // Of a connection that isn't registered yet they count when it is.
    if conn.watch.is_on() {
        refresh(conn);
    }
}

/// Has the channel's events count, and what the library holds back of them.
pub fn refresh(conn: &Connection) {
    let _ch = conn.channel_ptr();
    if registration::update_channel(conn) < 0 {
        ready::close_unwatched(conn);
    }
}

/// Bytes that another thread sent.
pub fn take_posted_bytes(conn: &Connection, bytes: &[u8]) {
    quota::adopt(conn, bytes.len());
    if open::is_open(conn) && conn.side.get() != Side::HalfClosed {
        write_or_queue(conn, bytes, More::Nothing);
    }
    quota::recount(conn);
    if open::is_open(conn) && (conn.side.get() == Side::Shutting || conn.peer.has_ended()) {
        shutdown::look(conn);
    }
}

/// `tcp_connection_send_buffer` of the connection's own output: a program put bytes there itself.
pub fn send_own_output(conn: &Connection) -> c_int {
    if !open::is_open(conn) {
        return errno::fail(libc::ENOTCONN);
    }
    if !conn.event_loop().on_owner() {
        return errno::fail(libc::EPERM);
    }
    batch::flush_of(conn);
    let before = conn.output.readable();
    if before == 0 {
        return 0;
    }
    if conn.channel.events.get() & EVENT_WRITE == 0 {
        timeouts::queued(conn);
    }
    if !queue::flush(conn) {
        let e = errno::get();
        ready::close_in_pass(conn, CloseReason::of_call(e));
        return errno::fail(e);
    }
    let left = conn.output.readable();
    if left > 0 {
        update(conn, conn.channel.events.get() | EVENT_WRITE);
    }
    (before - left) as c_int
}
