use crate::abi::types::tcp_connection;
use crate::abi::types::yolanda_water_mark_callback;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lifecycle::close;
use crate::reactor::tcp_connection::settings::{self, Settings};
use crate::sync::refs::Released;
use crate::sys::address::{self, Address};
use crate::sys::errno;
use core::ffi::{c_char, c_int, c_void};
use std::ptr;

/// Keeps a connection's memory beyond its closed callback, for another thread or a language with a
/// collector. Each call is to be met by one yolanda_connection_release().
///
/// A connection that has closed and is retained answers every call: those of this header with -1
/// and ENOTCONN, sends too, and tcp_connection_shutdown() does nothing. `name`, `data`,
/// yolanda_connection_id(), yolanda_connection_error() and yolanda_connection_user_data() stay
/// readable, whatever became of its loop; its buffers are empty, its descriptor is closed.
///
/// Returns the connection, or NULL with EINVAL (NULL), EOVERFLOW (2 billion references).
///
/// # Safety
/// Any thread. The connection's closed callback hasn't returned yet, or the caller knows of a
/// reference that stays meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_retain(
    connection: *mut tcp_connection,
) -> *mut tcp_connection {
    let conn = connection!(connection, "yolanda_connection_retain", ptr::null_mut());
    if conn.refs.retain() {
        return connection;
    }
    errno::set(libc::EOVERFLOW);
    ptr::null_mut()
}

/// Gives a reference back. After the last one the connection is freed, as soon as it has closed:
/// here, with the destructor of its user data, or at the end of a pass of its loop.
///
/// Returns 0, or -1 with EINVAL: NULL, or a live connection that nobody retained.
///
/// # Safety
/// Any thread. The reference is the caller's, who doesn't use it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_release(
    connection: *mut tcp_connection,
) -> c_int {
    connection!(connection, "yolanda_connection_release", -1);
    // SAFETY: the reference is the caller's, who doesn't use it any more.
    if unsafe { close::release(connection.cast()) } == Released::None {
        log_err!("yolanda_connection_release: nobody has retained it");
        return errno::fail(libc::EINVAL);
    }
    0
}

/// 1 until closing has begun, for whatever reason, then 0. On another thread than the loop's the
/// answer may be outdated at once. A connection that closes after its queue is sent is open.
///
/// Returns -1 with EINVAL for NULL.
///
/// # Safety
/// Any thread. A connection that is live or retained.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_is_open(
    connection: *mut tcp_connection,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_is_open", -1);
    c_int::from(conn.is_open_here())
}

/// The connection's number in this process: never 0, never used again, unlike its descriptor.
///
/// Returns 0 with EINVAL for NULL.
///
/// # Safety
/// Any thread. A connection that is live or retained.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_id(connection: *mut tcp_connection) -> u64 {
    let conn = connection!(connection, "yolanda_connection_id", 0);
    conn.id.get()
}

/// Why the connection closes or has closed: an errno value. 0 while it is open, and where both sides
/// ended it in order.
///
/// ECONNRESET, EPIPE and others of recv(2) and send(2): the peer or the network. ETIMEDOUT: a time
/// limit of yolanda_connection_set_timeouts() or yolanda_connection_close_after_send(), or the
/// network's. ENOBUFS: a limit of yolanda_connection_set_limits(). ECANCELED:
/// yolanda_connection_close(). ESHUTDOWN: its server was stopped, or its loop freed. ENOMEM: no
/// memory. EBADF: the program closed its descriptor.
///
/// Returns -1 with EINVAL for NULL.
///
/// # Safety
/// Any thread. A connection that is live or retained.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_error(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_error", -1);
    conn.error()
}

/// Closes a connection at once: what is queued is dropped. No callback runs within; the closed callback
/// comes from the loop's pass. On another thread it comes after what that thread posted before, and a
/// message callback that is under way may still come first; the caller finds the connection closed at once.
///
/// Returns 0, or -1 with errno: EINVAL (NULL), ENOTCONN (closing has begun already, by the first
/// call of this function for example), ENOMEM (on another thread only; it is as open as before).
///
/// # Safety
/// Any thread. A connection that is live or retained.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_close(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_close", -1);
    conn.close()
}

/// Closes a connection after all that was accepted is sent, other threads' sends included: the queue goes
/// out, then the end of the stream, and when the peer has ended its side too, the connection closes. If
/// that takes longer than `limit_ms` milliseconds, it is closed then, with ETIMEDOUT; 0: in the next pass.
///
/// Sends fail with EPIPE from here on; functions that the same thread posted before can still send. What
/// still arrives is dropped, without message callbacks, even while reading is paused. If it is called
/// again, the earlier end counts; yolanda_connection_close() may follow.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative limit), ENOTCONN (closing has begun),
/// ENOMEM.
///
/// # Safety
/// Any thread. A connection that is live or retained.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_close_after_send(
    connection: *mut tcp_connection,
    limit_ms: i64,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_close_after_send", -1);
    if limit_ms < 0 {
        return errno::fail(libc::EINVAL);
    }
    conn.close_within(limit_ms)
}

/// Gives the connection a pointer of yours, apart from `data`, and a function that frees it. What
/// was there before is freed here, with its own function. The last one is freed with the connection,
/// exactly once: after the closed callback and the last yolanda_connection_release(), on the thread
/// that lets go last. Closed already, nothing is taken: the pointer stays yours.
///
/// Returns 0, or -1 with errno: EINVAL (NULL connection), ENOTCONN (it has closed), EPERM (another
/// thread), ENOMEM.
///
/// # Safety
/// The loop's thread, or inside the completed callback. `destroy` may be NULL; it may call anything
/// of this library, for other connections.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_user_data(
    connection: *mut tcp_connection,
    data: *mut c_void,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_user_data", -1);
    if conn.may_be_changed() { conn.set_user_data(data, destroy) } else { -1 }
}

/// The pointer of yolanda_connection_set_user_data(), also of a connection that has closed; NULL
/// where none was set, and with EINVAL for NULL.
///
/// # Safety
/// Any thread, if what it points to lives long enough. A connection that is live or retained.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_user_data(
    connection: *mut tcp_connection,
) -> *mut c_void {
    let conn = connection!(connection, "yolanda_connection_user_data", ptr::null_mut());
    conn.user_data()
}

/// Writes the peer's address: "1.2.3.4:5", "[::1]:5", "unix:/path", "unix:@abstract", or "unix:" for
/// one without a name. 128 bytes hold any.
///
/// Returns 0, or -1 with errno: EINVAL (NULL), ENAMETOOLONG (no room), ENOTCONN (closed, or the
/// peer is gone already: ask in the completed callback what is to be known later), ENOTSOCK.
///
/// # Safety
/// Any thread. A connection that is live or retained; `text` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_peer(
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_peer", -1);
    // SAFETY: the caller's `size` bytes.
    unsafe { tell(conn, text, size, Address::of_peer) }
}

/// Writes the connection's own address; otherwise as yolanda_connection_peer().
///
/// # Safety
/// As for yolanda_connection_peer().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_local(
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_local", -1);
    // SAFETY: the caller's `size` bytes.
    unsafe { tell(conn, text, size, Address::of_local) }
}

/// Sets TCP_NODELAY (tcp(7)): whether small writes leave at once, or wait for the answer to the last.
///
/// Returns 0, or -1 with errno: EINVAL (NULL), ENOTCONN (closed), EPERM (another thread), EOPNOTSUPP
/// or ENOTSOCK (no TCP socket).
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_nodelay(
    connection: *mut tcp_connection,
    on: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_nodelay", -1);
    if conn.may_be_changed() { conn.set_nodelay(on != 0) } else { -1 }
}

/// Has the kernel ask a silent peer whether it is still there (SO_KEEPALIVE, socket(7)): after
/// `idle_s` seconds (0: never), then every `interval_s` seconds, closing after `count` questions
/// without an answer. 0 for the last two leaves them as they are, at first the system's.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, seconds outside 0 to 32767, a count outside 0 to 127),
/// ENOTCONN (closed), EPERM (another thread), EOPNOTSUPP or ENOTSOCK (no TCP socket).
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_keepalive(
    connection: *mut tcp_connection,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_keepalive", -1);
    let mut s = Settings::DEFAULT;
    if !conn.may_be_changed() || settings::set_keepalive(&mut s, idle_s, interval_s, count) < 0 {
        return -1;
    }
    conn.set_keepalive(s.keepalive)
}

/// Stops reading: no message callback comes until yolanda_connection_resume(), the peer has to wait
/// when its window is full. Within the message callback it ends the turn: bytes that the callback
/// leaves unread stay.
///
/// While reading is paused the end of the peer's stream isn't seen either, nor is it missed. Sending
/// goes on. A reset closes the connection at once, as nothing can be sent any more; bytes that had
/// arrived before are lost then. EVENT_READ is off in `channel->events` meanwhile.
///
/// Any number of calls is undone by one yolanda_connection_resume(). On a connection that closes
/// after its queue is sent it has no effect.
///
/// Returns 0, or -1 with errno: EINVAL (NULL), ENOTCONN (closed), EPERM (another thread).
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_pause(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_pause", -1);
    if !conn.may_be_changed() {
        return -1;
    }
    conn.pause();
    0
}

/// Goes on reading. Bytes that had been left unread before are handed to the message callback once
/// more, from the loop's pass, even if no new ones have arrived. Without a pause: nothing.
///
/// Returns 0, or -1 with errno: as yolanda_connection_pause().
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_resume(
    connection: *mut tcp_connection,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_resume", -1);
    if !conn.may_be_changed() {
        return -1;
    }
    conn.resume();
    0
}

/// Has a program told how its peer keeps up: `on_high` when the queue has reached `high` bytes,
/// `on_low` when it has fallen to `low` or less after that, in turns, each once per crossing, from
/// the loop's pass and never inside a send. If the queue has fallen again before `on_high` could be
/// called, it is called all the same, before `on_low`. After the closed callback there are none.
///
/// `high` 0 switches it off. Set anew it begins anew: a queue that is at the mark already is told of.
/// Either callback may be NULL.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), ENOTCONN (closed), EPERM
/// (another thread), ENOMEM.
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_water_marks(
    connection: *mut tcp_connection,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_water_marks", -1);
    let mut s = Settings::DEFAULT;
    if settings::set_water_marks(&mut s, low, high, on_low, on_high) < 0 || !conn.may_be_changed() {
        return -1;
    }
    conn.set_water_marks(s.marks)
}

/// Limits how much memory a connection takes.
///
/// `max_queued`: bytes that wait to be sent, those that other threads have sent included; 0: 64 MiB,
/// at most 2 GiB.
/// YOLANDA_LIMIT_CLOSE: a send is taken whole while the queue is below the limit; beyond it, -1 with
/// ENOBUFS, and the connection is closed. YOLANDA_LIMIT_REFUSE: a send that doesn't fit is refused
/// whole, -1 with ENOBUFS, and everything else stays as it is; also one that alone is larger.
///
/// `max_unread`: when the message callback has left so many bytes unread, the connection is closed,
/// whatever the policy; 0: 64 MiB. Up to 64 KiB are read before each callback.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), ENOTCONN (closed), EPERM (another
/// thread), ENOMEM.
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_limits(
    connection: *mut tcp_connection,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_limits", -1);
    let mut s = Settings::DEFAULT;
    if settings::set_limits(&mut s, max_queued, max_unread, policy) < 0 || !conn.may_be_changed() {
        return -1;
    }
    conn.set_limits(s.limits)
}

/// Closes a connection on which nothing moves, with ETIMEDOUT and its closed callback. Milliseconds,
/// each from now on; 0: no limit. Never early.
///
/// `idle_ms`: no byte was received, and none sent. `read_ms`: no byte was received, while reading
/// isn't paused. `write_ms`: bytes are queued, and none were sent, because the peer doesn't read. Bytes
/// count as received when they have arrived, even if the loop is too busy to read them; as sent when
/// the kernel takes them, and again when the peer takes them from it: one that reads slowly is neither
/// idle nor stuck. That is asked for four times within each limit, which may be late by as much.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative time), ENOTCONN (closed), EPERM (another
/// thread), ENOMEM.
///
/// # Safety
/// The loop's thread, or inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_timeouts(
    connection: *mut tcp_connection,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_timeouts", -1);
    let mut s = Settings::DEFAULT;
    if settings::set_timeouts(&mut s, idle_ms, read_ms, write_ms) < 0 || !conn.may_be_changed() {
        return -1;
    }
    conn.set_timeouts(s.timeouts)
}

/// Writes an address of the connection: 0, or -1 with errno.
///
/// # Safety
/// `text` is NULL or has room for `size` bytes.
unsafe fn tell(
    conn: &Connection,
    text: *mut c_char,
    size: usize,
    ask: fn(c_int) -> Result<Address, c_int>,
) -> c_int {
    if text.is_null() {
        return errno::fail(libc::EINVAL);
    }
    let address = match conn.ask(ask) {
        Ok(address) => address,
        Err(e) => return errno::fail(e),
    };
    let mut room = [0u8; address::TEXT];
    match address.format(&mut room) {
        Some(len) if len < size => {
            // SAFETY: the text and its NUL are no more than the caller's `size` bytes.
            unsafe { ptr::copy_nonoverlapping(room.as_ptr(), text.cast(), len + 1) };
            0
        }
        _ => errno::fail(libc::ENAMETOOLONG),
    }
}
