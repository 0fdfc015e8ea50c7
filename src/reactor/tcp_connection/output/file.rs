//! A file in the queue. Its bytes go from the page cache to the socket (sendfile(2)), as many at a time
//! as that takes, so that a file of any size needs no memory. Reading from the disk blocks the loop.

use super::{batch, queue, write};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::buffer::readable;
use crate::reactor::event_loop::posts;
use crate::reactor::event_loop::state::{count, of as loop_of};
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{open, ready, timeouts};
use crate::reactor::tcp_connection::{Connection, Side, cold_state};
use crate::sys::fd as sys_fd;
use crate::sys::fd::More;
use crate::sys::{errno, file as sys_file, pool};
use libc::c_int;

/// What is sent of a file before others have their turn.
const PIECE: usize = 512 << 10;
/// The same, of files that have to be read by ourselves.
const COPIED: usize = 64 << 10;

pub struct State {
    fd: c_int,
    /// So many of the queued bytes stand before it.
    before: u32,
    at: i64,
    left: u64,
}

impl State {
    pub const NONE: State = State { fd: -1, before: 0, at: 0, left: 0 };
}

/// Puts a file into the queue, and sends as much as the socket takes now. The descriptor is the
/// connection's from now on. False with errno when the connection takes nothing any more, has a file
/// already, or memory is out.
///
/// # Safety
/// A live connection on its thread; `fd` is an open descriptor that nobody else uses; `len` isn't 0.
pub unsafe fn send(conn: *mut Connection, fd: c_int, at: i64, len: u64) -> bool {
    // SAFETY: as said; extras stay as long as the connection.
    unsafe {
        posts::take_in(conn);
        let x = cold_state::make(conn);
        let open = open::is_open(conn) && (*conn).side.get() == Side::Open;
        if x.is_null() || !open || (*conn).sends_file.get() {
            sys_fd::close(fd);
            errno::set(if x.is_null() { libc::ENOMEM } else { libc::ENOTCONN });
            return false;
        }
        batch::flush_of(conn);
        let begins = queue::is_empty(conn);
        let before = readable(&raw const (*conn).output) as u32;
        (*x).file = State { fd, before, at, left: len };
        (*conn).sends_file.set(true);
        if begins {
            if !flush(conn) {
                ready::close_in_pass(conn, errno::get());
                return false;
            }
            if !(*conn).sends_file.get() {
                return true;
            }
            timeouts::queued(conn);
        }
        back_pressure::begin(conn);
        write::update(conn, (*conn).channel.events.get() | EVENT_WRITE);
        true
    }
}

/// Sends what stands before the file, and of the file. False with errno when the connection is broken,
/// or the file has become shorter than it was: there is nothing that could be sent in place of the rest.
///
/// # Safety
/// A live connection that sends a file, on its thread.
pub unsafe fn flush(conn: *mut Connection) -> bool {
    // SAFETY: as said; the extras hold the file.
    unsafe {
        let file = &raw mut (*cold_state::get(conn)).file;
        if (*file).before > 0 {
            let len = readable(&raw const (*conn).output).min((*file).before as usize);
            let Some(n) = queue::write_out(conn, len) else {
                return false;
            };
            if n < len {
                (*file).before -= n as u32;
                return true;
            }
            (*file).before = 0;
        }
        let most = (*file).left.min(PIECE as u64) as usize;
        let n = match sys_file::send((*conn).channel.fd.get(), (*file).fd, (*file).at, most) {
            -1 if matches!(errno::get(), libc::EINVAL | libc::ENOSYS) => copy(conn, file, most),
            n => n,
        };
        match n {
            0 => {
                log_err!("a file ends before all that was to be sent to {}", open::name(conn));
                errno::set(libc::EIO);
                false
            }
            n if n < 0 => errno::get() == libc::EAGAIN,
            n => {
                count(&(*loop_of((*conn).public.eventLoop.get())).counts.bytes_written, n as u64);
                timeouts::sent(conn, n as usize);
                (*file).at += n as i64;
                (*file).left -= n as u64;
                if (*file).left == 0 {
                    let_go(conn);
                }
                true
            }
        }
    }
}

/// Sends of a file that the kernel can't send by itself, as those of some file systems.
unsafe fn copy(conn: *mut Connection, file: *const State, most: usize) -> isize {
    // SAFETY: as in `flush`; the block is this function's own.
    unsafe {
        let block = pool::alloc(COPIED);
        if block.is_null() {
            errno::set(libc::ENOMEM);
            return -1;
        }
        let mut n = sys_file::read_at((*file).fd, block, most.min(COPIED), (*file).at);
        if n > 0 {
            n = sys_fd::send((*conn).channel.fd.get(), block, n as usize, More::Nothing);
        }
        let _keep = errno::Keep::new();
        pool::free(block, COPIED);
        n
    }
}

/// How far the file was sent, low bits.
///
/// # Safety
/// A connection that wasn't freed yet, on its thread.
pub unsafe fn position(conn: *const Connection) -> u32 {
    // SAFETY: as said; who sends a file has extras.
    unsafe { if (*conn).sends_file.get() { (*cold_state::get(conn)).file.at as u32 } else { 0 } }
}

/// Closes the file, if there is one.
///
/// # Safety
/// A connection that wasn't freed yet, on its thread.
pub unsafe fn let_go(conn: *mut Connection) {
    // SAFETY: as said; who sends a file has extras.
    unsafe {
        if (*conn).sends_file.replace(false) {
            let file = &raw mut (*cold_state::get(conn)).file;
            sys_fd::close((*file).fd);
            // What is left of it is asked for afterwards.
            *file = State { left: (*file).left, ..State::NONE };
        }
    }
}

/// How many bytes of the latest file haven't been sent.
///
/// # Safety
/// A connection that wasn't freed yet, on its thread.
pub unsafe fn left(conn: *mut Connection) -> u64 {
    // SAFETY: as said; who sends a file, or has sent one, has extras.
    unsafe {
        let x = cold_state::get(conn);
        if x.is_null() { 0 } else { (*x).file.left }
    }
}
