//! Sending: straight to the socket while nothing is queued; what it doesn't take waits in the
//! output buffer for the write event.

use super::{batch, queue, quota};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::event_loop::state::{count, of as loop_of};
use crate::reactor::event_loop::{posts, registration};
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{close, open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::output::write_side::Refused;
use crate::reactor::tcp_connection::{Connection, Side};
use crate::sys::errno;
use crate::sys::fd as sys_fd;
use crate::sys::fd::More;
use libc::{c_int, c_void};
use std::sync::atomic::Ordering::Relaxed;

pub const ON_WRITABLE: unsafe extern "C-unwind" fn(*mut c_void) -> c_int = on_writable;

/// The write callback of a connection's channel.
unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    let conn = data.cast::<Connection>();
    if conn.is_null() {
        return -1;
    }
    // SAFETY: a channel's data is its live connection.
    unsafe { go_on(conn) };
    0
}

/// Sends what the socket takes of the queue.
///
/// # Safety
/// A live connection on its thread, within a pass.
pub unsafe fn go_on(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        drain(conn);
        (*conn).turn_ended();
    }
}

/// Writes once. -1 with errno.
///
/// # Safety
/// A live connection on its thread; `data` holds `len` bytes.
pub unsafe fn write_some(conn: *mut Connection, data: *const u8, len: usize, more: More) -> isize {
    // SAFETY: `data` holds `len` bytes.
    unsafe {
        let fd = (*conn).channel.fd.get();
        let n = if (*conn).kind.get().is_socket() {
            sys_fd::send(fd, data, len, more)
        } else {
            sys_fd::write_nosignal(fd, data, len)
        };
        if n > 0 {
            count(&(*loop_of((*conn).public.eventLoop.get())).counts.bytes_written, n as u64);
            timeouts::sent(conn, n as usize);
        }
        n
    }
}

/// Refuses a send, and unless the program wanted no more than that, has the connection closed: its
/// peer doesn't read.
unsafe fn refuse(conn: *mut Connection) -> isize {
    // SAFETY: a live connection.
    unsafe {
        if !quota::refuses(conn) && ready::close_from_anywhere(conn, libc::ENOBUFS) == 0 {
            log_err!("{} has too much unsent data: closed", open::name(conn));
        }
        errno::set(libc::ENOBUFS);
        -1
    }
}

/// Why a connection that is shut takes no send.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn refusal(conn: *mut Connection) -> c_int {
    // SAFETY: as said.
    unsafe { if open::is_open_here(conn) { libc::EPIPE } else { libc::ENOTCONN } }
}

/// A send on another thread: copied, and queued for the loop.
///
/// # Safety
/// A live connection; `data` holds `len` bytes.
pub unsafe fn post(conn: *mut Connection, data: *const u8, len: usize) -> isize {
    // SAFETY: as said.
    unsafe {
        if !quota::has(conn, len) {
            return refuse(conn);
        }
        // First the memory: what is accepted comes to the loop, which may wait for it to shut.
        let task = posts::for_connection(conn, posts::SEND, len);
        if task.is_null() {
            return errno::fail(libc::ENOMEM) as isize;
        }
        if let Err(why) = quota::accept(conn, len) {
            posts::withdraw(task);
            return match why {
                Refused::Full => refuse(conn),
                Refused::Shut => errno::fail(refusal(conn)) as isize,
            };
        }
        posts::fill(task, data);
        if !posts::post_task(task) {
            // Without its loop it closes, or has closed.
            quota::give_back(conn, len);
            return errno::fail(libc::ENOTCONN) as isize;
        }
        0
    }
}

/// A send on the owner's thread.
///
/// # Safety
/// A live connection that takes sends; `data` holds `len` bytes.
pub unsafe fn send(conn: *mut Connection, data: *const u8, len: usize, more: More) -> isize {
    // SAFETY: as said.
    unsafe {
        if !quota::has(conn, len) {
            return refuse(conn);
        }
        if !quota::refuses(conn) {
            return write_or_queue(conn, data, len, more);
        }
        // To the byte, whatever other threads send at the same time.
        if !quota::accept_own(conn, len) {
            return refuse(conn);
        }
        quota::adopt(conn, len);
        let n = write_or_queue(conn, data, len, more);
        quota::recount(conn);
        n
    }
}

/// Sends what was accepted, or queues it. -1 with errno, the connection being closed then.
///
/// # Safety
/// As `send`.
pub unsafe fn write_or_queue(
    conn: *mut Connection,
    data: *const u8,
    len: usize,
    more: More,
) -> isize {
    // SAFETY: as said.
    unsafe {
        batch::flush_of(conn);
        let mut written = 0;
        let begins = readable(&raw const (*conn).output) == 0 && !(*conn).sends_file.get();
        if begins {
            let n = write_some(conn, data, len, more);
            if n == len as isize {
                return n;
            }
            if n < 0 && errno::get() != libc::EAGAIN {
                let e = errno::get();
                ready::close_in_pass(conn, e);
                errno::set(e);
                return -1;
            }
            written = n.max(0) as usize;
        }
        if !queue::enqueue(conn, data.add(written), len - written) {
            log_err!("no memory to send to {}", open::name(conn));
            ready::close_in_pass(conn, libc::ENOMEM);
            errno::set(libc::ENOMEM);
            return -1;
        }
        if begins {
            timeouts::queued(conn);
        }
        back_pressure::begin(conn);
        update(conn, (*conn).channel.events.get() | EVENT_WRITE);
        written as isize
    }
}

/// The socket takes bytes again.
unsafe fn drain(conn: *mut Connection) {
    // SAFETY: a live connection on its thread, within a pass; looked at afresh after the callback.
    unsafe {
        if !open::is_open(conn) {
            return;
        }
        if !open::is_entered(conn) {
            return ready::close_in_pass(conn, libc::EBADF);
        }
        log_msg!("handle_write for tcp connection {}", open::name(conn));
        if queue::is_empty(conn) {
            // A program enabled the event, or flushed by itself: there is nothing to write.
            back_pressure::end(conn);
            return update(conn, (*conn).channel.events.get() & !EVENT_WRITE);
        }
        if !queue::flush(conn) {
            ready::decide(conn, errno::get());
            return close::close(conn);
        }
        if !queue::is_empty(conn) {
            return;
        }
        back_pressure::end(conn);
        update(conn, (*conn).channel.events.get() & !EVENT_WRITE);
        if let Some(callback) = (*conn).public.writeCompletedCallBack.get() {
            callback(conn.cast());
        }
        if !(*conn).closed.load(Relaxed) {
            shutdown::look(conn);
        }
    }
}

/// Sets the channel's events and has them count.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn update(conn: *mut Connection, events: c_int) {
    // SAFETY: as said; not yet registered, the events count when it is.
    unsafe {
        let ch = &raw mut (*conn).channel;
        if (*ch).events.get() == events {
            return;
        }
        (*ch).events.set(events);
        if (*conn).registered.get() {
            refresh(conn);
        }
    }
}

/// Has the channel's events count, and what the library holds back of them.
///
/// # Safety
/// A registered connection on its loop's thread.
pub unsafe fn refresh(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let ch = &raw mut (*conn).channel;
        if registration::update((*conn).public.eventLoop.get(), (*conn).number.get(), ch) < 0 {
            ready::close_unwatched(conn);
        }
    }
}

/// Bytes that another thread sent.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread; `data` holds `len` bytes.
pub unsafe fn take_posted_bytes(conn: *mut Connection, data: *const u8, len: usize) {
    // SAFETY: as said.
    unsafe {
        quota::adopt(conn, len);
        if open::is_open(conn) && (*conn).side.get() != Side::HalfClosed {
            write_or_queue(conn, data, len, More::Nothing);
        }
        quota::recount(conn);
        if open::is_open(conn) && ((*conn).side.get() == Side::Shutting || (*conn).ended.get()) {
            shutdown::look(conn);
        }
    }
}

/// `tcp_connection_send_buffer` of the connection's own output: a program put bytes there itself.
///
/// # Safety
/// A live connection.
pub unsafe fn send_own_output(conn: *mut Connection) -> c_int {
    // SAFETY: as said.
    unsafe {
        if !open::is_open(conn) {
            return errno::fail(libc::ENOTCONN);
        }
        if !on_owner((*conn).public.eventLoop.get()) {
            return errno::fail(libc::EPERM);
        }
        batch::flush_of(conn);
        let before = readable(&raw const (*conn).output);
        if before == 0 {
            return 0;
        }
        if (*conn).channel.events.get() & EVENT_WRITE == 0 {
            timeouts::queued(conn);
        }
        if !queue::flush(conn) {
            let e = errno::get();
            ready::close_in_pass(conn, e);
            return errno::fail(e);
        }
        let left = readable(&raw const (*conn).output);
        if left > 0 {
            update(conn, (*conn).channel.events.get() | EVENT_WRITE);
        }
        (before - left) as c_int
    }
}
