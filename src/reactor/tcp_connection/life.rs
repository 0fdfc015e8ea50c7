//! From birth to reaping. A connection is closed in a pass of its loop, never inside a call of
//! the program; it is freed at the end of the pass, when no frame can still touch it.

use super::super::client;
use super::super::loop_state::{self, Loop, count, nothing, of as loop_of};
use super::super::registration::Removed;
use super::super::registry::{self, Entry};
use super::super::{buffer::readable, dispatcher, pass, pending, registration, utils::on_owner};
use super::{Connection, Owner, hold, read, write};
use crate::abi::types::{EVENT_READ, buffer, channel, event_loop};
use crate::http::http_server;
use crate::log::CText;
use crate::sys::{fd as sys_fd, pool};
use libc::{c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{Ordering::Acquire, Ordering::Relaxed};

/// How long a half-closed connection waits for the peer's end.
const LINGER_MS: i64 = 5000;

/// The name, for log lines.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn name(conn: *mut Connection) -> CText {
    // SAFETY: as said.
    unsafe { CText((*conn).public.name) }
}

/// Makes a buffer show nothing.
///
/// # Safety
/// `b` is a connection's buffer, `nothing` its loop's empty string.
pub unsafe fn empty(b: *mut buffer, nothing: *mut u8) {
    // SAFETY: as said.
    unsafe {
        (*b).data = nothing.cast();
        (*b).readIndex = 0;
        (*b).writeIndex = 0;
        (*b).total_size = 0;
    }
}

fn write_name(to: &mut [c_char; 22], fd: c_int) {
    // "connection-" and at most 10 digits.
    let mut digits = [0u8; 10];
    let mut n = fd as u32;
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    let text = b"connection-".iter().chain(&digits[first..]).chain(b"\0");
    for (at, &byte) in to.iter_mut().zip(text) {
        *at = byte as c_char;
    }
}

/// Makes a connection for `fd` on `l`, without callbacks yet. NULL when memory is out.
///
/// # Safety
/// `l` is a live loop, `fd` an open descriptor that nobody else uses.
pub unsafe fn create(
    fd: c_int,
    l: *mut event_loop,
    data: *mut c_void,
    is_socket: bool,
) -> *mut Connection {
    // SAFETY: all fields are written before the connection is shown to anybody; zeroes are valid.
    unsafe {
        let conn = pool::alloc(size_of::<Connection>()).cast::<Connection>();
        if conn.is_null() {
            return conn;
        }
        ptr::write_bytes(conn, 0, 1);
        let nothing = nothing(l);
        empty(&raw mut (*conn).input, nothing);
        empty(&raw mut (*conn).output, nothing);
        (*conn).channel = channel {
            fd,
            events: EVENT_READ,
            eventReadCallback: Some(read::ON_READABLE),
            eventWriteCallback: Some(write::ON_WRITABLE),
            data: conn.cast(),
        };
        write_name(&mut (*conn).name, fd);
        (*conn).number = fd;
        (*conn).public.eventLoop = l;
        (*conn).public.channel = &raw mut (*conn).channel;
        (*conn).public.name = (&raw mut (*conn).name).cast();
        (*conn).public.input_buffer = &raw mut (*conn).input;
        (*conn).public.output_buffer = &raw mut (*conn).output;
        (*conn).public.data = data;
        (*conn).is_socket = is_socket;
        if !is_socket {
            sys_fd::set_nonblocking(fd);
        }
        (*conn).id = registry::new_id();
        loop_state::retain(l);
        conn
    }
}

/// Frees a connection that nobody has seen.
///
/// # Safety
/// `create` made it, and nothing else happened to it.
pub unsafe fn discard(conn: *mut Connection) {
    // SAFETY: as said; its reference kept the loop's memory.
    unsafe {
        let l = (*conn).public.eventLoop;
        pool::free(conn.cast(), size_of::<Connection>());
        loop_state::release(l);
    }
}

/// Enters the descriptor, calls the completed callback on this thread, and brings the connection
/// to its loop. On another thread than the loop's it may be gone when this returns. `accepted`: the
/// number comes from accept, so whatever was registered for it is dead.
///
/// # Safety
/// `create` made the connection, and its callbacks are set.
pub unsafe fn hand_over(conn: *mut Connection, accepted: bool) -> bool {
    // SAFETY: the pin keeps the connection across the callback; a posted task has one of its own.
    unsafe {
        let l = (*conn).public.eventLoop;
        let fd = (*conn).channel.fd;
        let here = on_owner(l);
        let callback = (*conn).public.connectionCompletedCallBack;
        if !http_server::serves(conn.cast())
            && (callback.is_some() || !dispatcher::tells_files_apart(l))
        {
            // Code of the program gets the descriptor into its hands.
            identify_once(conn);
        }
        let task = if here {
            ptr::null_mut()
        } else {
            let task = pending::for_connection(conn, pending::REGISTER, ptr::null(), 0);
            if task.is_null() {
                return false;
            }
            task
        };
        let entry = Entry { id: (*conn).id, owner: l, channel: &raw mut (*conn).channel };
        if let Some(old) = registry::enter(fd, entry)
            && accepted
        {
            pending::post_expire(old.owner, fd, old.id);
        }
        (*conn).pins.fetch_add(1, Relaxed);
        if let Some(callback) = callback {
            callback(conn.cast());
        }
        if here {
            register(conn);
            (*conn).pins.fetch_sub(1, Relaxed);
        } else {
            (*conn).pins.fetch_sub(1, Relaxed);
            return pending::post_task(task);
        }
        true
    }
}

/// Puts a connection on its loop. Where that fails it is closed in the pass, with its callback.
///
/// # Safety
/// A pinned connection on its loop's thread.
pub unsafe fn register(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let fd = (*conn).channel.fd;
        // The completed callback had the descriptor, and may have closed it.
        let ours = is_entered(conn) && is_as_noted(conn);
        let ch = &raw mut (*conn).channel;
        (*conn).announced = true;
        let counts = &(*loop_of((*conn).public.eventLoop)).counts;
        count(&counts.connections, 1);
        count(&counts.connections_total, 1);
        if !ours || registration::change((*conn).public.eventLoop, fd, ch, pending::ADD) != 1 {
            close_in_pass(conn);
        }
        if (*conn).wants_close || (*conn).last_words {
            schedule(conn);
        }
    }
}

/// Notes what the descriptor refers to, while it is known to be the connection's.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn identify_once(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if (*conn).identity == 0 {
            (*conn).identity = sys_fd::identity((*conn).number).unwrap_or(0);
        }
    }
}

/// Whether the number still names what was noted, or nothing was.
unsafe fn is_as_noted(conn: *const Connection) -> bool {
    // SAFETY: a connection that wasn't freed yet.
    unsafe {
        let identity = (*conn).identity;
        identity == 0 || sys_fd::identity((*conn).number) == Some(identity)
    }
}

/// Whether the number of a registered connection still names its file.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn owns_number(conn: *mut Connection) -> bool {
    // SAFETY: a registered connection is live. An update of epoll's fails for another file.
    unsafe {
        if !is_entered(conn) {
            return false;
        }
        if (*conn).identity != 0 {
            return is_as_noted(conn);
        }
        let l = (*conn).public.eventLoop;
        match (*(*l).eventDispatcher).update {
            Some(update) => update(l, &raw mut (*conn).channel) == 0,
            None => false,
        }
    }
}

/// Whether nobody else was entered for the number since, as accept does for a newcomer.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn is_entered(conn: *const Connection) -> bool {
    // SAFETY: as said.
    unsafe { registry::get((*conn).number).is_none_or(|e| e.id == (*conn).id) }
}

/// Gives a connection a turn in this pass.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread.
pub unsafe fn schedule(conn: *mut Connection) {
    // SAFETY: as said; the list is this thread's.
    unsafe {
        // A connection that another thread is still announcing waits for `register`.
        if !(*conn).announced || std::mem::replace(&mut (*conn).on_ready, true) {
            return;
        }
        let own = loop_of((*conn).public.eventLoop);
        (*conn).next_ready = ptr::null_mut();
        if (*own).ready.is_null() {
            (*own).ready = conn;
        } else {
            (*(*own).ready_tail).next_ready = conn;
        }
        (*own).ready_tail = conn;
    }
}

/// Closes in the loop's pass, so that no caller sees its callbacks run under it.
///
/// # Safety
/// As `schedule`.
pub unsafe fn close_in_pass(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        (*conn).wants_close = true;
        schedule(conn);
    }
}

/// Gives every waiting connection its turn; what they leave for later waits for the next pass.
///
/// # Safety
/// On the loop's thread.
pub unsafe fn run_ready(l: *mut event_loop) {
    // SAFETY: a listed connection isn't freed; the successor is read before its turn.
    unsafe {
        let own: *mut Loop = loop_of(l);
        let mut conn = std::mem::replace(&mut (*own).ready, ptr::null_mut());
        (*own).ready_tail = ptr::null_mut();
        while !conn.is_null() {
            let following = (*conn).next_ready;
            (*conn).on_ready = false;
            resume(conn);
            conn = following;
        }
    }
}

unsafe fn resume(conn: *mut Connection) {
    // SAFETY: a connection that isn't freed before the pass ends.
    unsafe {
        if (*conn).closed.load(Relaxed) {
            return;
        }
        if (*conn).wants_close {
            return close(conn);
        }
        if (*conn).last_words && readable(&raw const (*conn).output) == 0 {
            if !(*conn).lingers || (*conn).ended {
                return close(conn);
            }
            write::half_close(conn);
            linger(conn);
        }
        if std::mem::replace(&mut (*conn).wants_read, false) {
            read::go_on(conn);
        }
    }
}

unsafe fn linger(conn: *mut Connection) {
    // SAFETY: the list is this thread's.
    unsafe {
        if std::mem::replace(&mut (*conn).on_lingering, true) {
            return;
        }
        let own = loop_of((*conn).public.eventLoop);
        (*conn).linger_until = (pass::now_ms() + LINGER_MS) as u32;
        (*conn).next_lingering = (*own).lingering;
        (*own).lingering = conn;
    }
}

/// Closes those that waited long enough, and forgets those that have ended.
///
/// # Safety
/// On the loop's thread, within a pass.
pub unsafe fn end_lingering(l: *mut event_loop, now: i64) {
    // SAFETY: a listed connection isn't freed.
    unsafe {
        let own = loop_of(l);
        let mut conn = std::mem::replace(&mut (*own).lingering, ptr::null_mut());
        while !conn.is_null() {
            let following = (*conn).next_lingering;
            let left = (*conn).linger_until.wrapping_sub(now as u32) as i32;
            if !(*conn).closed.load(Relaxed) && left <= 0 {
                close(conn);
            }
            if (*conn).closed.load(Relaxed) {
                (*conn).on_lingering = false;
            } else {
                (*conn).next_lingering = (*own).lingering;
                (*own).lingering = conn;
            }
            conn = following;
        }
    }
}

/// Takes those that have ended off the lists of what waits for time, at once.
///
/// # Safety
/// On the loop's thread, within a pass, all connections closed.
pub unsafe fn forget_waiting(l: *mut event_loop) {
    // SAFETY: a listed connection isn't freed.
    unsafe {
        end_lingering(l, pass::now_ms());
        hold::end_holding(l);
    }
}

/// Takes the connection off its loop, calls the closed callback, closes the descriptor if it still
/// is this connection's, and leaves the rest to `reap`.
///
/// # Safety
/// A connection that wasn't freed yet, on its loop's thread, within a pass.
pub unsafe fn close(conn: *mut Connection) {
    // SAFETY: reaping waits for the outermost call of the loop on this stack.
    unsafe {
        if (*conn).closed.swap(true, Relaxed) {
            return;
        }
        (*conn).shut.store(true, Relaxed);
        let l = (*conn).public.eventLoop;
        let fd = (*conn).number;
        let own = loop_of(l);
        (*conn).channel.fd = fd;
        // No code of the program has had the descriptor of an HTTP connection.
        let trusted = http_server::serves(conn.cast()) && (*conn).identity == 0;
        let mut ours = true;
        if (*conn).registered {
            (*own).closes_next = trusted;
            let removed = registration::take_off(l, fd, &raw mut (*conn).channel);
            (*own).closes_next = false;
            ours = trusted || (*conn).identity != 0 || removed == Removed::Open;
        }
        let client = std::mem::replace(&mut (*conn).owner, Owner::NOBODY).client();
        if !client.is_null() {
            client::ended(client, (*conn).received);
        }
        if let Some(callback) = (*conn).public.connectionClosedCallBack {
            if ours && !trusted {
                identify_once(conn);
            }
            callback(conn.cast());
        }
        ours &= is_entered(conn) && is_as_noted(conn);
        registry::leave(fd, (*conn).id);
        if ours {
            sys_fd::close(fd);
        }
        count(&(*own).counts.connections, u64::MAX);
        (*conn).next_dead = (*own).dead;
        (*own).dead = conn;
    }
}

/// Frees the dead that no task and no list holds any more.
///
/// # Safety
/// On the loop's thread, outside of all callbacks.
pub unsafe fn reap(l: *mut event_loop) {
    // SAFETY: the dead list is this thread's; pins fall to 0 after the last use elsewhere.
    unsafe {
        let own = loop_of(l);
        let mut conn = std::mem::replace(&mut (*own).dead, ptr::null_mut());
        while !conn.is_null() {
            let following = (*conn).next_dead;
            let held = (*conn).pins.load(Acquire) > 0
                || (*conn).on_ready
                || (*conn).on_lingering
                || (*conn).on_held;
            if held {
                (*conn).next_dead = (*own).dead;
                (*own).dead = conn;
            } else {
                free(conn);
            }
            conn = following;
        }
    }
}

/// A block that C put into a buffer of a connection is the library's to free.
unsafe fn free_foreign(b: *const buffer, block: *mut u8) {
    // SAFETY: neither lent by the library nor in its pools: malloc'd, by the contract.
    unsafe {
        let data = (*b).data.cast::<u8>();
        if data != block && !crate::sys::pool::owns(data) {
            libc::free(data.cast());
        }
    }
}

unsafe fn free(conn: *mut Connection) {
    // SAFETY: nobody uses the connection any more.
    unsafe {
        free_foreign(&raw const (*conn).input, (*conn).input_block);
        free_foreign(&raw const (*conn).output, (*conn).output_block);
        read::free_block(conn);
        write::free_block(conn);
        discard(conn);
    }
}
