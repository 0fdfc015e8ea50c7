//! The beginning of a connection: made on one thread, and registered with its loop.

use super::{close, completed, ready};
use crate::abi::types::{EVENT_READ, channel, tcp_connection};
use crate::reactor::backend;
use crate::reactor::event_loop::registry;
use crate::reactor::event_loop::registry::Entry;
use crate::reactor::event_loop::remote::RemoteLoop;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::event_loop::state::count;
use crate::reactor::tcp_connection::close_reason::CloseReason;
#[cfg(feature = "test-seams")]
use crate::reactor::tcp_connection::filter;
use crate::reactor::tcp_connection::member::MEMBERS;
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_connection::wire::Wire;
use crate::reactor::tcp_connection::{AfterSending, Connection, block};
use crate::reactor::tcp_connection::{posted, registration};
use crate::sync::refs::RefCount;
use crate::sys::kind::Kind;
use crate::sys::{errno, fd as sys_fd, pool};
use libc::{c_char, c_int, c_void};
use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::Relaxed;

use super::open::{identify_once, is_as_noted, is_entered, is_open};
use crate::reactor::tcp_connection::kept::Fresh;
use crate::reactor::tcp_connection::lifecycle::{shutdown, timeouts};
use crate::reactor::tcp_connection::output::water_marks;

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

/// Makes a connection for `fd` on `l`, without callbacks yet. None if out of memory.
///
/// # Safety
/// `l` is a live loop, `fd` an open descriptor that nothing else uses.
pub unsafe fn create(fd: c_int, l: &RemoteLoop, data: *mut c_void, kind: Kind) -> Option<Fresh> {
    let kept = l.keep()?;
    // SAFETY: all fields are written before anything else refers to the connection; zeroes are valid for the
    // rest.
    unsafe {
        let conn = pool::alloc(size_of::<Connection>()).cast::<Connection>();
        let place = NonNull::new(conn)?;
        ptr::write_bytes(conn, 0, 1);
        let (on_read, on_write) = MEMBERS.callbacks();
        (*conn).channel = channel {
            fd: Cell::new(fd),
            events: Cell::new(EVENT_READ),
            eventReadCallback: Cell::new(Some(on_read)),
            eventWriteCallback: Cell::new(Some(on_write)),
            data: Cell::new(conn.cast()),
        };
        write_name(&mut (*conn).name, fd);
        (&raw mut (*conn).shared.refs).write(RefCount::new());
        let own = Fresh::new(place);
        block::empty(&own.input, l);
        block::empty(&own.output, l);
        own.number.set(fd);
        own.public.eventLoop.set(kept.into_raw().as_ptr().cast());
        own.public.channel.set(own.channel_ptr());
        own.public.name.set(own.name.as_ptr().cast_mut());
        own.public.input_buffer.set(own.input_ptr());
        own.public.output_buffer.set(own.output_ptr());
        own.public.data.set(data);
        own.wire.set(Wire::of(kind));
        if !kind.is_socket() {
            // If the number is invalid, adding it to the loop reports that.
            sys_fd::set_nonblocking(fd);
        }
        own.id.set(registry::new_id());
        #[cfg(feature = "test-seams")]
        if !filter::rot13::install(&own) {
            return None;
        }
        Some(own)
    }
}

/// Makes a connection for a program, and registers it with its loop. `prepare` sets its callbacks, and returns false if
/// out of memory. None with errno: ENOMEM, ESHUTDOWN.
///
/// # Safety
/// `fd` is an open descriptor, which the connection then owns.
pub unsafe fn make(
    fd: c_int,
    l: &RemoteLoop,
    prepare: impl FnOnce(&Connection) -> bool,
) -> Option<*mut tcp_connection> {
    if l.here().is_some_and(Loop::is_gone) {
        // The loop is being freed and is closing its connections.
        errno::set(libc::ESHUTDOWN);
        return None;
    }
    // SAFETY: by contract nothing else uses the descriptor.
    let Some(conn) = (unsafe { create(fd, l, ptr::null_mut(), Kind::of(fd)) }) else {
        errno::set(libc::ENOMEM);
        return None;
    };
    let pointer = conn.as_c();
    // If this isn't the loop's thread, the connection may have been freed when this returns.
    if prepare(&conn) && hand_over(conn, false) {
        return Some(pointer);
    }
    errno::set(libc::ENOMEM);
    None
}

/// Enters the descriptor, calls the completed callback on this thread, and registers the connection with its loop. If
/// this isn't the loop's thread, the connection may have been freed when this returns. `accepted`: the number comes
/// from accept, so an older registration of it has ended. False if out of memory; the connection is then freed.
pub fn hand_over(conn: Fresh, accepted: bool) -> bool {
    let Some(l) = Remote::event_loop(&conn).here() else { return post_to_loop(conn, accepted) };
    enter(&conn, accepted);
    conn.life.give();
    l.guarded(|| tell_completed(&conn));
    // SAFETY: the library's reference keeps the connection until an iteration of this thread reaps it.
    register(unsafe { conn.into_raw().as_ref() });
    true
}

/// `hand_over` on another thread than the loop's.
fn post_to_loop(conn: Fresh, accepted: bool) -> bool {
    // The memory is allocated first, because the callback can't be reverted.
    let Some(task) = posted::register(&conn) else { return false };
    enter(&conn, accepted);
    completed::run(&conn, || tell_completed(&conn));
    conn.life.give();
    let l: *const RemoteLoop = Remote::event_loop(&conn);
    let conn = conn.into_raw();
    // SAFETY: until the task is queued the connection keeps the loop; while it is being queued, the loop's mutex
    // does.
    if unsafe { !(*l).post(task) } {
        // SAFETY: the task wasn't queued, so this is still the thread of the completed callback, which has returned.
        unsafe { close::without_loop(conn) };
    }
    true
}

/// Enters the descriptor in the process-wide table.
#[inline(always)]
fn enter(conn: &Connection, accepted: bool) {
    let l = Remote::event_loop(conn);
    let fd = conn.channel.fd.get();
    let tells =
        conn.public.connectionCompletedCallBack.get().is_some() || conn.has_completed_handler();
    if conn.protocol().is_none() && (tells || !backend::tells_files_apart(l)) {
        // Code of the program gets access to the descriptor.
        identify_once(conn);
    }
    l.load.fetch_add(1, Relaxed);
    let channel = conn.channel_ptr();
    let entry = Entry { id: conn.id.get(), owner: l.as_c(), channel, connection: true };
    if let Some(old) = registry::enter(fd, entry)
        && accepted
    {
        old.expire(fd);
    }
}

/// Calls the completed callback.
fn tell_completed(conn: &Connection) {
    if let Some(callback) = conn.public.connectionCompletedCallBack.get() {
        // SAFETY: the program set the callback for connections like this one. A connection that isn't registered
        // yet can't be closed, so it is valid during the callback.
        unsafe { callback(conn.as_c()) };
    }
}

/// Registers a connection with its loop. On failure it is closed in the iteration, with its callback.
pub fn register(conn: &Connection) {
    conn.completed();
    let fd = conn.channel.fd.get();
    // The completed callback had access to the descriptor, and may have closed it.
    let ours = is_entered(conn) && is_as_noted(conn);
    let ch = &conn.channel;
    if conn.reading.is_paused() {
        ch.events.set(ch.events.get() & !EVENT_READ);
    }
    conn.shared.life.arrive();
    let counts = &conn.event_loop().counts;
    count(&counts.connections, 1);
    count(&counts.connections_total, 1);
    if let Some(protocol) = conn.protocol() {
        (protocol.registered)(conn);
    }
    if !registration::enlist(conn) {
        ready::close_in_iteration(conn, CloseReason::NoMemory);
    } else if !ours {
        ready::close_in_iteration(conn, CloseReason::DescriptorGone);
    } else if registration::add_channel(conn, fd) != 1 {
        ready::close_unwatched(conn);
    }
    if !is_open(conn) || conn.after_sending.get() != AfterSending::GoOn {
        ready::schedule(conn);
    }
    begin(conn);
    conn.show_maker();
}

/// Starts the time limits and the water marks of a connection that was just registered.
fn begin(conn: &Connection) {
    if conn.cold().is_none() {
        return;
    }
    if !timeouts::begin(conn) {
        ready::close_in_iteration(conn, CloseReason::NoMemory);
    }
    water_marks::look(conn);
    if timeouts::is_cut(conn) {
        shutdown::begin_end(conn);
    }
}
