//! Sending: straight to the socket while nothing is queued; what it doesn't take waits in the
//! output buffer for the write event.

use super::super::buffer::{self as buf, SIZE_MAX, readable};
use super::super::loop_state::{count, nothing, of as loop_of};
use super::super::{pending, registration, tcp_server};
use super::{Connection, end, extras, hold, life, pause, room, timeouts, turns};
use crate::abi::types::EVENT_WRITE;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::{c_int, c_void};
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

/// The queue's block grows by large steps: address space is cheap, copying is not.
const FIRST_BLOCK: usize = 65_536;
const GROWTH: usize = 16;

pub const ON_WRITABLE: unsafe extern "C-unwind" fn(*mut c_void) -> c_int = on_writable;

/// The write callback of a connection's channel.
unsafe extern "C-unwind" fn on_writable(data: *mut c_void) -> c_int {
    let conn = data.cast::<Connection>();
    if conn.is_null() {
        return -1;
    }
    // SAFETY: a channel's data is its live connection.
    unsafe {
        drain(conn);
        tcp_server::after_turn(conn);
    }
    0
}

/// Writes once. -1 with errno.
unsafe fn write_some(conn: *mut Connection, data: *const u8, len: usize) -> isize {
    // SAFETY: `data` holds `len` bytes.
    unsafe {
        let fd = (*conn).channel.fd;
        let n = if (*conn).is_socket {
            sys_fd::send(fd, data, len)
        } else {
            sys_fd::write_nosignal(fd, data, len)
        };
        if n > 0 {
            count(&(*loop_of((*conn).public.eventLoop)).counts.bytes_written, n as u64);
            timeouts::sent(conn);
        }
        n
    }
}

/// Refuses a send, and unless the program wanted no more than that, has the connection closed: its
/// peer doesn't read.
unsafe fn refuse(conn: *mut Connection) -> isize {
    // SAFETY: a live connection.
    unsafe {
        if !room::refuses(conn) && turns::close_from_anywhere(conn, libc::ENOBUFS) == 0 {
            log_err!("{} has too much unsent data: closed", life::name(conn));
        }
        errno::set(libc::ENOBUFS);
        -1
    }
}

/// A send on another thread: copied, and queued for the loop.
///
/// # Safety
/// A live connection; `data` holds `len` bytes.
pub unsafe fn post(conn: *mut Connection, data: *const u8, len: usize) -> isize {
    // SAFETY: as said.
    unsafe {
        if !room::take(conn, len) {
            return refuse(conn);
        }
        if !pending::post_connection(conn, pending::SEND, data, len) {
            room::give_back(conn, len);
            // Without its loop it closes, or has closed.
            errno::set(if life::is_open(conn) { libc::ENOMEM } else { libc::ENOTCONN });
            return -1;
        }
        0
    }
}

/// A send on the owner's thread.
///
/// # Safety
/// A live connection that takes sends; `data` holds `len` bytes.
pub unsafe fn send(conn: *mut Connection, data: *const u8, len: usize) -> isize {
    // SAFETY: as said.
    unsafe {
        if !room::has(conn, len) {
            return refuse(conn);
        }
        if !room::refuses(conn) {
            return write_or_queue(conn, data, len);
        }
        // To the byte, whatever other threads send at the same time.
        if !room::take(conn, len) {
            return refuse(conn);
        }
        room::adopt(conn, len);
        let n = write_or_queue(conn, data, len);
        room::recount(conn);
        n
    }
}

unsafe fn write_or_queue(conn: *mut Connection, data: *const u8, len: usize) -> isize {
    // SAFETY: as in `send`.
    unsafe {
        let mut written = 0;
        let begins = readable(&raw const (*conn).output) == 0;
        if begins {
            let n = write_some(conn, data, len);
            if n == len as isize {
                return n;
            }
            if n < 0 && errno::get() != libc::EAGAIN {
                let e = errno::get();
                turns::close_in_pass(conn, e);
                errno::set(e);
                return -1;
            }
            written = n.max(0) as usize;
        }
        if !enqueue(conn, data.add(written), len - written) {
            log_err!("no memory to send to {}", life::name(conn));
            turns::close_in_pass(conn, libc::ENOMEM);
            errno::set(libc::ENOMEM);
            return -1;
        }
        if begins {
            timeouts::queued(conn);
        }
        hold::begin(conn);
        update(conn, (*conn).channel.events | EVENT_WRITE);
        written as isize
    }
}

/// Appends to the queue. False when memory is out.
unsafe fn enqueue(conn: *mut Connection, data: *const u8, len: usize) -> bool {
    // SAFETY: blocks are checked; room is made before the bytes are copied.
    unsafe {
        let output = &raw mut (*conn).output;
        let empty = nothing((*conn).public.eventLoop);
        let ours = (*output).data.cast() == (*conn).output_block || (*output).data.cast() == empty;
        if !ours {
            let done = buf::append_bytes(output, data, len);
            room::recount(conn);
            return done;
        }
        let used = readable(output);
        let total = (*output).total_size as usize;
        let mut end = (*output).writeIndex as usize;
        if total - end < len {
            // Moving pays only where it frees as much as it moves.
            if total - used >= len && (*output).readIndex as usize >= used {
                ptr::copy(buf::read_at(output), (*conn).output_block, used);
            } else {
                let mut size = total.max(FIRST_BLOCK);
                while size - used < len && size < SIZE_MAX {
                    size = size.saturating_mul(GROWTH).min(SIZE_MAX);
                }
                let block = pool::run_alloc(size + 1);
                if size - used < len || block.is_null() {
                    if !block.is_null() {
                        pool::run_free(block, 0);
                    }
                    return false;
                }
                if used > 0 {
                    ptr::copy_nonoverlapping(buf::read_at(output), block, used);
                }
                free_block(conn);
                (*conn).output_block = block;
                (*conn).output_touched = 0;
                (*output).data = block.cast();
                (*output).total_size = size as c_int;
            }
            (*output).readIndex = 0;
            end = used;
        }
        let at = (*output).data.add(end).cast::<u8>();
        ptr::copy_nonoverlapping(data, at, len);
        at.add(len).write(0);
        (*output).writeIndex = (end + len) as c_int;
        (*conn).output_touched = (*conn).output_touched.max((end + len + 1) as u32);
        room::recount(conn);
        true
    }
}

/// Gives the queue's block back, where the library has one.
///
/// # Safety
/// The queue is empty or no longer wanted.
pub unsafe fn free_block(conn: *mut Connection) {
    // SAFETY: the block came from the pools, and the pointer is dropped with it.
    unsafe {
        let block = std::mem::replace(&mut (*conn).output_block, ptr::null_mut());
        if !block.is_null() {
            pool::run_free(block, (*conn).output_touched as usize);
        }
    }
}

/// The socket takes bytes again.
unsafe fn drain(conn: *mut Connection) {
    // SAFETY: a live connection on its thread, within a pass; looked at afresh after the callback.
    unsafe {
        if !life::is_open(conn) {
            return;
        }
        if !life::is_entered(conn) {
            return turns::close_in_pass(conn, libc::EBADF);
        }
        log_msg!("handle_write for tcp connection {}", life::name(conn));
        let output = &raw mut (*conn).output;
        let len = readable(output);
        if len == 0 {
            // A program enabled the event, or flushed by itself: there is nothing to write.
            hold::end(conn);
            return update(conn, (*conn).channel.events & !EVENT_WRITE);
        }
        if !flush(conn) {
            turns::decide(conn, errno::get());
            return end::close(conn);
        }
        if readable(output) > 0 {
            return;
        }
        hold::end(conn);
        update(conn, (*conn).channel.events & !EVENT_WRITE);
        if let Some(callback) = (*conn).public.writeCompletedCallBack {
            callback(conn.cast());
        }
        if !(*conn).closed.load(Relaxed) && readable(output) == 0 {
            sent_all(conn);
        }
    }
}

/// Writes what is queued. False when the connection is broken.
unsafe fn flush(conn: *mut Connection) -> bool {
    // SAFETY: the readable bytes are written and counted off.
    unsafe {
        let output = &raw mut (*conn).output;
        let n = write_some(conn, buf::read_at(output), readable(output));
        if n < 0 {
            return errno::get() == libc::EAGAIN;
        }
        (*output).readIndex += n as c_int;
        room::recount(conn);
        if readable(output) == 0 {
            let empty = nothing((*conn).public.eventLoop);
            if (*output).data.cast() == (*conn).output_block {
                free_block(conn);
                life::empty(output, empty);
            }
            (*output).readIndex = 0;
            (*output).writeIndex = 0;
        }
        true
    }
}

/// The queue is empty: does what waited for that.
///
/// # Safety
/// A live connection on its thread.
pub unsafe fn sent_all(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if (*conn).ended {
            return turns::close_in_pass(conn, 0);
        }
        if (*conn).last_words {
            return turns::schedule(conn);
        }
        if (*conn).shut.load(Relaxed) {
            half_close(conn);
        }
    }
}

/// Sends the end of the stream, once.
///
/// # Safety
/// A live connection whose queue is empty.
pub unsafe fn half_close(conn: *mut Connection) {
    // SAFETY: a live connection.
    unsafe {
        if std::mem::replace(&mut (*conn).half_closed, true) {
            return;
        }
        let fd = (*conn).channel.fd;
        if libc::shutdown(fd, libc::SHUT_WR) < 0 {
            let e = errno::get();
            log_msg!("tcp_connection_shutdown failed, socket == {}", fd);
            if e == libc::EBADF {
                turns::close_in_pass(conn, e);
            }
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
        if (*ch).events == events {
            return;
        }
        (*ch).events = events;
        if (*conn).registered {
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
        if registration::update((*conn).public.eventLoop, (*conn).number, ch) < 0 {
            turns::close_unwatched(conn);
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
        room::adopt(conn, len);
        if life::is_open(conn) && !(*conn).half_closed {
            write_or_queue(conn, data, len);
        }
        room::recount(conn);
    }
}

/// The end that another thread asked for.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn take_posted_end(conn: *mut Connection, time: i64) {
    // SAFETY: as said.
    unsafe {
        if end_at(conn, time) < 0 && errno::get() == libc::ENOMEM {
            turns::close_in_pass(conn, libc::ENOMEM);
        }
    }
}

/// Has the connection close after its queue is sent, or at `time`. 0, or -1 with errno.
///
/// # Safety
/// As `take_posted_end`.
pub unsafe fn end_at(conn: *mut Connection, time: i64) -> c_int {
    // SAFETY: as said.
    unsafe {
        if !life::is_open(conn) {
            return errno::fail(libc::ENOTCONN);
        }
        let x = extras::make(conn);
        if x.is_null() || !timeouts::cut_at(conn, x, time) {
            return errno::fail(libc::ENOMEM);
        }
        (*conn).shut.store(true, Relaxed);
        if life::is_announced(conn) {
            begin_end(conn);
        }
        0
    }
}

/// What comes after the last send: what arrives is dropped, until the peer has ended too.
///
/// # Safety
/// A connection that has come to its loop, on that thread.
pub unsafe fn begin_end(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        pause::resume(conn);
        (*conn).last_words = true;
        (*conn).lingers = true;
        turns::schedule(conn);
    }
}

/// A shutdown that was asked for earlier, on whatever thread.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn take_posted_shutdown(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if life::is_open(conn) && readable(&raw const (*conn).output) == 0 {
            half_close(conn);
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
        if !life::is_open(conn) {
            return errno::fail(libc::ENOTCONN);
        }
        if !super::on_owner((*conn).public.eventLoop) {
            return errno::fail(libc::EPERM);
        }
        let before = readable(&raw const (*conn).output);
        if before == 0 {
            return 0;
        }
        if !flush(conn) {
            let e = errno::get();
            turns::close_in_pass(conn, e);
            return errno::fail(e);
        }
        let left = readable(&raw const (*conn).output);
        if left > 0 {
            update(conn, (*conn).channel.events | EVENT_WRITE);
        }
        (before - left) as c_int
    }
}
