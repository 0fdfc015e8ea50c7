//! A file in the queue. Its bytes are sent from the page cache (sendfile(2)), as many at a time as the socket accepts,
//! so that a file of any size needs no memory. Reading from the disk blocks the loop.

#![forbid(unsafe_code)]

use super::{batch, queue, write};
use crate::abi::types::EVENT_WRITE;
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::input::back_pressure;
use crate::reactor::tcp_connection::lifecycle::{open, ready, timeouts};
use crate::reactor::tcp_connection::{Connection, Side, registration};
use crate::sys::fd as sys_fd;
use crate::sys::fd::More;
use crate::sys::{errno, file as sys_file, pool::Bytes};
use libc::c_int;

use crate::reactor::tcp_connection::cold_state::File as State;

/// The number of bytes of a file that are sent before other connections get their turn.
const PIECE: usize = 512 << 10;

/// The same, for a file whose bytes have to be copied.
const COPIED: usize = 64 << 10;

/// Queues `len` bytes of a file, at least one, and sends as many as the socket accepts at once. The connection
/// owns the descriptor in any case. False with errno if the connection accepts nothing any more or already has a
/// file, or if out of memory.
pub fn send(conn: &Connection, fd: c_int, at: i64, len: u64) -> bool {
    conn.take_in();
    let cold = conn.make_cold();
    let open = open::is_open(conn) && conn.side.get() == Side::Open;
    let Some(cold) = cold.filter(|cold| open && !cold.file.is_there()) else {
        sys_fd::close(fd);
        errno::set(if cold.is_none() { libc::ENOMEM } else { libc::ENOTCONN });
        return false;
    };
    batch::flush_of(conn);
    let begins = queue::is_empty(conn);
    cold.file.fd.set(fd);
    cold.file.before.set(conn.output.readable() as u32);
    cold.file.at.set(at);
    cold.file.left.set(len);
    if begins {
        if !flush(conn) {
            ready::close_in_iteration(conn, CloseReason::of_call(errno::get()));
            return false;
        }
        if !cold.file.is_there() {
            return true;
        }
        timeouts::queued(conn);
    }
    back_pressure::begin(conn);
    registration::set_events(conn, conn.channel.events.get() | EVENT_WRITE);
    true
}

/// Sends the bytes before the file, and bytes of the file. False with errno if the connection is broken, or if the
/// file has become shorter, because nothing could replace the missing bytes.
pub fn flush(conn: &Connection) -> bool {
    let Some(file) = conn.cold().map(|cold| &cold.file) else {
        return true;
    };
    if file.before.get() > 0 {
        let len = conn.output.readable().min(file.before.get() as usize);
        let Some(n) = queue::write_out(conn, len) else {
            return false;
        };
        if n < len {
            file.before.set(file.before.get() - n as u32);
            return true;
        }
        file.before.set(0);
    }
    let most = file.left.get().min(PIECE as u64) as usize;
    let n =
        if conn.filter().is_some() { copy(conn, file, most) } else { hand_over(conn, file, most) };
    match n {
        0 => {
            log_err!("a file for {} is shorter than announced", conn.name());
            errno::set(libc::EIO);
            false
        }
        n if n < 0 => errno::get() == libc::EAGAIN,
        n => {
            file.at.set(file.at.get() + n as i64);
            file.left.set(file.left.get() - n as u64);
            if file.left.get() == 0 {
                let_go(conn);
            }
            true
        }
    }
}

/// Lets the kernel send bytes of a file.
fn hand_over(conn: &Connection, file: &State, most: usize) -> isize {
    match sys_file::send(conn.channel.fd.get(), file.fd.get(), file.at.get(), most) {
        -1 if matches!(errno::get(), libc::EINVAL | libc::ENOSYS) => copy(conn, file, most),
        n => write::counted(conn, n),
    }
}

/// Sends bytes of a file that the kernel can't send directly, because of its file system, or that a filter
/// has to process.
fn copy(conn: &Connection, file: &State, most: usize) -> isize {
    let mut block = Bytes::new();
    if block.reserve(most.min(COPIED)).is_none() {
        return errno::fail(libc::ENOMEM) as isize;
    }
    let room = block.room();
    let len = room.len().min(most);
    let n = match sys_file::read_at(file.fd.get(), &mut room[..len], file.at.get()) {
        None => -1,
        Some([]) => 0,
        Some(bytes) => write::write_some(conn, bytes, More::Nothing),
    };
    let _keep = errno::Keep::new();
    drop(block);
    n
}

/// The low bits of the position up to which the file was sent. 0 if there is no file.
pub fn position(conn: &Connection) -> u32 {
    match conn.cold() {
        Some(cold) if cold.file.is_there() => cold.file.at.get() as u32,
        _ => 0,
    }
}

/// Closes the file, if there is one. `left` still works afterwards.
pub fn let_go(conn: &Connection) {
    if let Some(cold) = conn.cold().filter(|cold| cold.file.is_there()) {
        sys_fd::close(cold.file.fd.replace(-1));
        cold.file.before.set(0);
        cold.file.at.set(0);
    }
}

/// The number of bytes of the latest file that haven't been sent.
pub fn left(conn: &Connection) -> u64 {
    conn.cold().map_or(0, |cold| cold.file.left.get())
}
