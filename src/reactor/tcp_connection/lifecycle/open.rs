//! The beginning of a connection: made on one thread, brought to its loop, watched there.

use super::phase::Phase;
use super::{close, ready};
use crate::abi::types::{
    EVENT_READ, buffer, channel, connection_closed_call_back, connection_completed_call_back,
    message_call_back, tcp_connection, write_completed_call_back,
};
use crate::log::CText;
use crate::reactor::backend;
use crate::reactor::event_loop::posts;
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::registry::Entry;
use crate::reactor::event_loop::state;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
#[cfg(feature = "test-seams")]
use crate::reactor::tcp_connection::filter;
use crate::reactor::tcp_connection::input::read;
use crate::reactor::tcp_connection::output::write;
use crate::reactor::tcp_connection::wire::Wire;
use crate::reactor::tcp_connection::{AfterSending, Connection, cold_state};
use crate::reactor::tcp_connection::{posted, shims};
use crate::sync::refs::RefCount;
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::{c_char, c_int, c_void};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

/// The name, for log lines.
pub fn name(conn: &Connection) -> CText {
    CText(conn.public.name.get())
}

/// Makes a buffer show nothing.
pub fn empty(b: &buffer, nothing: *mut u8) {
    b.data.set(nothing.cast());
    b.readIndex.set(0);
    b.writeIndex.set(0);
    b.total_size.set(0);
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
pub unsafe fn create(fd: c_int, l: &Loop, data: *mut c_void, kind: Kind) -> *mut Connection {
    // SAFETY: all fields are written before the connection is shown to anybody; zeroes are valid.
    unsafe {
        let conn = pool::alloc(size_of::<Connection>()).cast::<Connection>();
        if conn.is_null() {
            return conn;
        }
        ptr::write_bytes(conn, 0, 1);
        (*conn).channel = channel {
            fd: Cell::new(fd),
            events: Cell::new(EVENT_READ),
            eventReadCallback: Cell::new(Some(read::ON_READABLE)),
            eventWriteCallback: Cell::new(Some(write::ON_WRITABLE)),
            data: Cell::new(conn.cast()),
        };
        write_name(&mut (*conn).name, fd);
        (&raw mut (*conn).refs).write(RefCount::new());
        let own = &*conn;
        empty(&own.input, l.empty.get());
        empty(&own.output, l.empty.get());
        own.number.set(fd);
        own.public.eventLoop.set(l.as_c());
        own.public.channel.set(own.channel_ptr());
        own.public.name.set(own.name.as_ptr().cast_mut());
        own.public.input_buffer.set(own.input_ptr());
        own.public.output_buffer.set(own.output_ptr());
        own.public.data.set(data);
        own.wire.set(Wire::of(kind));
        if !kind.is_socket() {
            // A bad number is reported by what adds it to the loop.
            sys_fd::set_nonblocking(fd);
        }
        own.id.set(registry::new_id());
        state::retain(l.as_c());
        #[cfg(feature = "test-seams")]
        if !filter::rot13::install(own) {
            discard(conn);
            return ptr::null_mut();
        }
        conn
    }
}

/// Makes a connection for a program, and brings it to its loop. None with errno: ENOMEM, ESHUTDOWN.
///
/// # Safety
/// `fd` is an open descriptor, which the connection's from now on.
pub unsafe fn make(fd: c_int, l: &Loop, callbacks: Callbacks) -> Option<*mut tcp_connection> {
    if l.on_owner() && l.gone.get() {
        // Its connections are being closed for the last time.
        errno::set(libc::ESHUTDOWN);
        return None;
    }
    // SAFETY: nobody else uses the descriptor, by this function's contract.
    let Some(conn) = (unsafe { create(fd, l, ptr::null_mut(), Kind::of(fd)).as_ref() }) else {
        errno::set(libc::ENOMEM);
        return None;
    };
    conn.public.connectionCompletedCallBack.set(callbacks.completed);
    conn.public.connectionClosedCallBack.set(callbacks.closed);
    conn.public.messageCallBack.set(callbacks.message);
    conn.public.writeCompletedCallBack.set(callbacks.write_completed);
    let pointer = conn.as_c();
    // On another thread than the loop's it may be gone when this returns.
    if hand_over(conn, false) {
        return Some(pointer);
    }
    // SAFETY: nobody has seen it.
    unsafe { discard(conn.raw()) };
    errno::set(libc::ENOMEM);
    None
}

/// The four callbacks of a connection.
pub struct Callbacks {
    pub completed: connection_completed_call_back,
    pub closed: connection_closed_call_back,
    pub message: message_call_back,
    pub write_completed: write_completed_call_back,
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
pub fn hand_over(conn: &Connection, accepted: bool) -> bool {
    // SAFETY: nothing closes a connection that wasn't announced; a posted task refers to it.
    unsafe {
        let l = conn.event_loop();
        let fd = conn.channel.fd.get();
        let here = l.on_owner();
        let callback = conn.public.connectionCompletedCallBack.get();
        if conn.protocol().is_none()
            && (callback.is_some() || !backend::tells_files_apart(l.as_c()))
        {
            // Code of the program gets the descriptor into its hands.
            identify_once(conn);
        }
        let task = if here { None } else { posted::register(conn) };
        if task.is_none() && !here {
            return false;
        }
        let channel = conn.channel_ptr();
        let entry = Entry { id: conn.id.get(), owner: l.as_c(), channel, connection: true };
        if let Some(old) = registry::enter(fd, entry)
            && accepted
        {
            posts::post_expire(old.owner, fd, old.id);
        }
        if let Some(callback) = callback {
            callback(conn.as_c());
        }
        match task {
            None => register(conn),
            Some(task) => {
                if !l.post(task) {
                    close::without_loop(conn);
                }
            }
        }
        true
    }
}

/// Puts a connection on its loop. Where that fails it is closed in the pass, with its callback.
pub fn register(conn: &Connection) {
    // SAFETY: as said.
    unsafe {
        let fd = conn.channel.fd.get();
        // The completed callback had the descriptor, and may have closed it.
        let ours = is_entered(conn) && is_as_noted(conn);
        let ch = conn.channel_ptr();
        if conn.paused.get() {
            (*ch).events.set((*ch).events.get() & !EVENT_READ);
        }
        conn.life.arrive();
        let counts = &conn.event_loop().counts;
        count(&counts.connections, 1);
        count(&counts.connections_total, 1);
        if let Some(protocol) = conn.protocol() {
            (protocol.registered)(conn);
        }
        if !shims::enlist(conn) {
            ready::close_in_pass(conn, CloseReason::NoMemory);
        } else if !ours {
            ready::close_in_pass(conn, CloseReason::DescriptorGone);
        } else if shims::add_channel(conn, fd) != 1 {
            ready::close_unwatched(conn);
        }
        if !is_open(conn) || conn.after_sending.get() != AfterSending::GoOn {
            ready::schedule(conn);
        }
        cold_state::begin(conn);
        conn.show_maker();
    }
}

/// Notes what the descriptor refers to, while it is known to be the connection's.
pub fn identify_once(conn: &Connection) {
    if conn.identity.get() == 0 {
        conn.identity.set(sys_fd::identity(conn.number.get()).map_or(0, sys_fd::fold));
    }
}

/// Whether the number still names what was noted, or nothing was.
pub fn is_as_noted(conn: &Connection) -> bool {
    let identity = conn.identity.get();
    identity == 0 || sys_fd::identity(conn.number.get()).map(sys_fd::fold) == Some(identity)
}

/// Whether the number of a registered connection still names its file.
pub fn owns_number(conn: &Connection) -> bool {
    // SAFETY: a registered connection is live. An update of epoll's fails for another file.
    unsafe {
        if !is_entered(conn) {
            return false;
        }
        if conn.identity.get() != 0 {
            return is_as_noted(conn);
        }
        let l = conn.event_loop();
        match (*l.public.eventDispatcher.get()).update {
            Some(update) => update(l.as_c(), conn.channel_ptr()) == 0,
            None => false,
        }
    }
}

/// Whether the connection has come to its loop: before, only the thread of the completed callback
/// has it.
pub fn is_announced(conn: &Connection) -> bool {
    conn.life.phase() != Phase::Made
}

/// False once closing has begun, or is decided.
pub fn is_open(conn: &Connection) -> bool {
    conn.close_reason.load(Relaxed) == 0
}

/// The same as the calling thread sees it: whoever closes a connection finds it closed. On the
/// connection's own thread what others asked for before comes first.
pub fn is_open_here(conn: &Connection) -> bool {
    if conn.event_loop().on_owner() {
        conn.take_in();
        return is_open(conn);
    }
    is_open(conn) && conn.intake.closing().is_none()
}

/// Whether nobody else was entered for the number since, as accept does for a newcomer.
pub fn is_entered(conn: &Connection) -> bool {
    registry::get(conn.number.get()).is_none_or(|e| e.id == conn.id.get())
}
