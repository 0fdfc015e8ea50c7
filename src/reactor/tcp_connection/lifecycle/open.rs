//! The beginning of a connection: made on one thread, brought to its loop, watched there.

use super::{close, ready};
use crate::abi::types::{EVENT_READ, buffer, channel, event_loop};
use crate::log::CText;
use crate::reactor::backend;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::registry::Entry;
use crate::reactor::event_loop::state;
use crate::reactor::event_loop::state::{count, nothing, of as loop_of};
use crate::reactor::event_loop::{posts, registration, roster};
use crate::reactor::tcp_connection::input::read;
use crate::reactor::tcp_connection::output::write;
use crate::reactor::tcp_connection::{AfterSending, Connection, cold_state};
use crate::sync::refs::RefCount;
use crate::sys::kind::Kind;
use crate::sys::{fd as sys_fd, pool};
use libc::{c_char, c_int, c_void};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

/// The name, for log lines.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn name(conn: *mut Connection) -> CText {
    // SAFETY: as said.
    unsafe { CText((*conn).public.name.get()) }
}

/// Makes a buffer show nothing.
///
/// # Safety
/// `b` is a connection's buffer, `nothing` its loop's empty string.
pub unsafe fn empty(b: *mut buffer, nothing: *mut u8) {
    // SAFETY: as said.
    unsafe {
        (*b).data.set(nothing.cast());
        (*b).readIndex.set(0);
        (*b).writeIndex.set(0);
        (*b).total_size.set(0);
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
    kind: Kind,
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
            fd: Cell::new(fd),
            events: Cell::new(EVENT_READ),
            eventReadCallback: Cell::new(Some(read::ON_READABLE)),
            eventWriteCallback: Cell::new(Some(write::ON_WRITABLE)),
            data: Cell::new(conn.cast()),
        };
        write_name(&mut (*conn).name, fd);
        (*conn).number.set(fd);
        (*conn).public.eventLoop.set(l);
        (*conn).public.channel.set(&raw mut (*conn).channel);
        (*conn).public.name.set((&raw mut (*conn).name).cast());
        (*conn).public.input_buffer.set(&raw mut (*conn).input);
        (*conn).public.output_buffer.set(&raw mut (*conn).output);
        (*conn).public.data.set(data);
        (*conn).kind.set(kind);
        if !kind.is_socket() {
            // A bad number is reported by what adds it to the loop.
            sys_fd::set_nonblocking(fd);
        }
        (*conn).id.set(registry::new_id());
        (&raw mut (*conn).refs).write(RefCount::new());
        state::retain(l);
        conn
    }
}

/// Frees the memory of a connection that nobody has seen, or that has ended.
///
/// # Safety
/// Nobody else has it; `create` made it, and nothing happened to it but settings, or it has ended.
pub unsafe fn discard(conn: *mut Connection) {
    // SAFETY: as said; its reference kept the loop's memory.
    unsafe {
        cold_state::dispose(conn);
        let (l, owner) = ((*conn).public.eventLoop.get(), (*conn).owner.get());
        pool::free(conn.cast(), size_of::<Connection>());
        state::release(l);
        owner.let_go();
    }
}

/// Enters the descriptor, calls the completed callback on this thread, and brings the connection
/// to its loop. On another thread than the loop's it may be gone when this returns. `accepted`: the
/// number comes from accept, so whatever was registered for it is dead. False when memory is out:
/// the connection is the caller's to discard.
///
/// # Safety
/// `create` made the connection, and its callbacks are set.
pub unsafe fn hand_over(conn: *mut Connection, accepted: bool) -> bool {
    // SAFETY: nothing closes a connection that wasn't announced; a posted task refers to it.
    unsafe {
        let l = (*conn).public.eventLoop.get();
        let fd = (*conn).channel.fd.get();
        let here = on_owner(l);
        let callback = (*conn).public.connectionCompletedCallBack.get();
        if (*conn).protocol().is_none() && (callback.is_some() || !backend::tells_files_apart(l)) {
            // Code of the program gets the descriptor into its hands.
            identify_once(conn);
        }
        let task = if here {
            ptr::null_mut()
        } else {
            let task = posts::for_connection(conn, posts::REGISTER, 0);
            if task.is_null() {
                return false;
            }
            task
        };
        let channel = &raw mut (*conn).channel;
        let entry = Entry { id: (*conn).id.get(), owner: l, channel, connection: true };
        if let Some(old) = registry::enter(fd, entry)
            && accepted
        {
            posts::post_expire(old.owner, fd, old.id);
        }
        if let Some(callback) = callback {
            callback(conn.cast());
        }
        if here {
            register(conn);
        } else if !posts::post_task(task) {
            close::without_loop(conn);
        }
        true
    }
}

/// Puts a connection on its loop. Where that fails it is closed in the pass, with its callback.
///
/// # Safety
/// On its loop's thread, once.
pub unsafe fn register(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        let fd = (*conn).channel.fd.get();
        // The completed callback had the descriptor, and may have closed it.
        let ours = is_entered(conn) && is_as_noted(conn);
        let ch = &raw mut (*conn).channel;
        if (*conn).paused.get() {
            (*ch).events.set((*ch).events.get() & !EVENT_READ);
        }
        (*conn).announced.store(true, Release);
        let counts = &(*loop_of((*conn).public.eventLoop.get())).counts;
        count(&counts.connections, 1);
        count(&counts.connections_total, 1);
        if let Some(protocol) = (*conn).protocol() {
            (protocol.registered)(&*conn);
        }
        if !roster::add(conn) {
            ready::close_in_pass(conn, libc::ENOMEM);
        } else if !ours {
            ready::close_in_pass(conn, libc::EBADF);
        } else if registration::change((*conn).public.eventLoop.get(), fd, ch, posts::ADD) != 1 {
            ready::close_unwatched(conn);
        }
        if !is_open(conn) || (*conn).after_sending.get() != AfterSending::GoOn {
            ready::schedule(conn);
        }
        cold_state::begin(conn);
        (*conn).show_maker();
    }
}

/// Notes what the descriptor refers to, while it is known to be the connection's.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn identify_once(conn: *mut Connection) {
    // SAFETY: as said.
    unsafe {
        if (*conn).identity.get() == 0 {
            (*conn).identity.set(sys_fd::identity((*conn).number.get()).map_or(0, sys_fd::fold));
        }
    }
}

/// Whether the number still names what was noted, or nothing was.
pub unsafe fn is_as_noted(conn: *const Connection) -> bool {
    // SAFETY: a connection that wasn't freed yet.
    unsafe {
        let identity = (*conn).identity.get();
        identity == 0 || sys_fd::identity((*conn).number.get()).map(sys_fd::fold) == Some(identity)
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
        if (*conn).identity.get() != 0 {
            return is_as_noted(conn);
        }
        let l = (*conn).public.eventLoop.get();
        match (*(*l).eventDispatcher.get()).update {
            Some(update) => update(l, &raw mut (*conn).channel) == 0,
            None => false,
        }
    }
}

/// Whether the connection has come to its loop: before, only the thread of the completed callback
/// has it.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn is_announced(conn: *const Connection) -> bool {
    // SAFETY: as said.
    unsafe { (*conn).announced.load(Acquire) }
}

/// False once closing has begun, or is decided.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn is_open(conn: *const Connection) -> bool {
    // SAFETY: as said.
    unsafe { (*conn).fate.load(Relaxed) == 0 }
}

/// The same as the calling thread sees it: whoever closes a connection finds it closed. On the
/// connection's own thread what others asked for before comes first.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn is_open_here(conn: *mut Connection) -> bool {
    // SAFETY: as said; its reference keeps the loop's memory.
    unsafe {
        if on_owner((*conn).public.eventLoop.get()) {
            posts::take_in(conn);
            return is_open(conn);
        }
        is_open(conn) && (*conn).intake.closing().is_none()
    }
}

/// Whether nobody else was entered for the number since, as accept does for a newcomer.
///
/// # Safety
/// A connection that wasn't freed yet.
pub unsafe fn is_entered(conn: *const Connection) -> bool {
    // SAFETY: as said.
    unsafe { registry::get((*conn).number.get()).is_none_or(|e| e.id == (*conn).id.get()) }
}
