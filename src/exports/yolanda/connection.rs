//! The functions of yolanda.h for connections.

use crate::abi::types::tcp_connection;
use crate::abi::types::yolanda_water_mark_callback;
use crate::reactor::tcp_connection::kept;
use crate::reactor::tcp_connection::remote::Remote;
use crate::reactor::tcp_connection::settings::{self, Settings};
use crate::sync::refs::Released;
use crate::sys::address::{self, Address};
use crate::sys::errno;
use core::ffi::{c_char, c_int, c_void};
use std::ptr;

/// Keeps a connection's memory valid beyond its closed callback, for use by another thread or by a
/// language with a garbage collector. Each call needs a matching yolanda_connection_release().
///
/// After a retained connection has closed, functions of this header and sends return -1 with
/// ENOTCONN, and tcp_connection_shutdown() does nothing. `name`, `data`, yolanda_connection_id(),
/// yolanda_connection_error() and yolanda_connection_user_data() can still be read, even if its loop
/// has been freed. Its buffers are empty, and its descriptor is closed.
///
/// Returns the connection, or NULL with errno: EINVAL for NULL, EOVERFLOW (2 billion references).
///
/// # Safety
/// The closed callback of the connection hasn't returned, or another reference exists for the
/// duration of the call. Any thread may call it.
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

/// Releases a reference. After the last one, the connection is freed as soon as it has closed: in
/// this call, together with its user data, or at the end of a pass of its loop.
///
/// Returns 0, or -1 with errno EINVAL for NULL and for an open connection that hasn't been retained.
///
/// # Safety
/// The caller owns the reference and must not use it again. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_release(
    connection: *mut tcp_connection,
) -> c_int {
    connection!(connection, "yolanda_connection_release", -1);
    // SAFETY: by the header the caller has a reference of yolanda_connection_retain(), which keeps the memory until
    // this call. The connection isn't used after it.
    if unsafe { kept::release(connection.cast()) } == Released::None {
        log_err!("yolanda_connection_release: not retained");
        return errno::fail(libc::EINVAL);
    }
    0
}

/// Returns 1 until the connection begins to close, for whatever reason, then 0. On any thread but the
/// loop's the result may already be outdated. A connection that will close after its queue has been
/// sent counts as open.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_is_open(
    connection: *mut tcp_connection,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_is_open", -1);
    c_int::from(conn.is_open_here())
}

/// Returns the connection's number in this process. It is never 0 and, unlike a descriptor, never
/// reused.
///
/// Returns 0 with errno EINVAL for NULL.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_id(connection: *mut tcp_connection) -> u64 {
    let conn = connection!(connection, "yolanda_connection_id", 0);
    conn.id()
}

/// Returns the reason why the connection is closing or has closed, as an errno value; 0 while it is
/// open, and if both sides ended it normally.
///
/// - ECONNRESET, EPIPE and others of recv(2) and send(2): the peer or the network.
/// - ETIMEDOUT: a time limit of yolanda_connection_set_timeouts() or
///   yolanda_connection_close_after_send(), or the network's.
/// - ENOBUFS: a limit of yolanda_connection_set_limits().
/// - ECANCELED: yolanda_connection_close().
/// - ESHUTDOWN: its server was stopped, or its loop was freed.
/// - ENOMEM: memory ran out.
/// - EBADF: the program closed its descriptor.
///
/// Returns -1 with errno EINVAL for NULL.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_error(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_error", -1);
    conn.error()
}

/// Closes a connection at once and discards queued bytes. No callback is called from within this
/// function; the closed callback is called in a pass of the loop. If another thread calls it, the
/// close takes effect after what that thread posted before, and a message callback that is already
/// running may still finish first; for the caller the connection is closed at once.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, ENOTCONN (it is already closing, for example after an
/// earlier call), ENOMEM (only on another thread; the connection stays open).
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_close(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_close", -1);
    conn.close()
}

/// Closes a connection after everything accepted so far has been sent, including what other threads
/// have sent: the queue is sent, then the end of the stream, and the connection closes when the peer
/// has ended its side too. If that takes longer than `limit_ms` milliseconds, the connection is then
/// closed with ETIMEDOUT; with 0, in the next pass.
///
/// After this call sends fail with EPIPE; functions that the same thread posted before can still
/// send. Bytes that still arrive are discarded without message callbacks, even while reading is
/// paused. If it is called again, the earlier time limit applies; yolanda_connection_close() may
/// follow.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative limit), ENOTCONN (it is already closing),
/// ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it.
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

/// Attaches a pointer of yours to the connection, separate from `data`, and a function that frees it.
/// A previous pointer is freed in this call, with its own function. The last one is freed with the
/// connection, exactly once: after the closed callback and the last yolanda_connection_release(), on
/// the thread that releases the last reference. If the connection has already closed, the pointer
/// isn't stored and remains yours.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL connection, ENOTCONN (it has closed), EPERM on
/// another thread, ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. `destroy` may be NULL; it may call
/// any function of the library for other connections. Call it only on the loop's thread or inside the
/// completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_user_data(
    connection: *mut tcp_connection,
    data: *mut c_void,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_user_data", -1);
    conn.to_change().map_or(-1, |conn| conn.set_user_data(data, destroy))
}

/// Returns the pointer of yolanda_connection_set_user_data(), also for a connection that has closed;
/// NULL if none was set, and NULL with errno EINVAL for NULL. What it points to is yours.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Any thread may call it; access to
/// the data behind the pointer is up to the program.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_user_data(
    connection: *mut tcp_connection,
) -> *mut c_void {
    let conn = connection!(connection, "yolanda_connection_user_data", ptr::null_mut());
    conn.user_data()
}

/// Writes the peer's address as text: `1.2.3.4:5`, `[::1]:5`, `unix:/path`, `unix:@abstract`, or
/// `unix:` for a Unix socket without a name. 128 bytes are enough for any address.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, ENAMETOOLONG (it doesn't fit), ENOTCONN (closed, or
/// the peer has already gone; if you need the address later, ask for it in the completed callback),
/// ENOTSOCK.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. `text` is NULL or has room for `size`
/// bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_peer(
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_peer", -1);
    // SAFETY: by the header `text` is NULL or has room for `size` bytes.
    unsafe { tell(conn, text, size, Address::of_peer) }
}

/// Writes the connection's own address as text; otherwise the same as yolanda_connection_peer().
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. `text` is NULL or has room for `size`
/// bytes. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_local(
    connection: *mut tcp_connection,
    text: *mut c_char,
    size: usize,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_local", -1);
    // SAFETY: by the header `text` is NULL or has room for `size` bytes.
    unsafe { tell(conn, text, size, Address::of_local) }
}

/// Sets TCP_NODELAY (tcp(7)): 1 sends small writes at once, 0 lets them wait for the acknowledgement of
/// earlier ones.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, ENOTCONN (closed), EPERM on another thread, EOPNOTSUPP
/// or ENOTSOCK (not a TCP socket).
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_nodelay(
    connection: *mut tcp_connection,
    on: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_nodelay", -1);
    conn.to_change().map_or(-1, |conn| conn.set_nodelay(on != 0))
}

/// Makes the kernel probe a silent peer (SO_KEEPALIVE, socket(7)): after `idle_s` seconds (0: never),
/// then every `interval_s` seconds. After `count` unanswered probes the connection ends. 0 for the last
/// two leaves them unchanged; initially they are the system's.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, seconds outside 0 to 32767, a count outside 0 to 127),
/// ENOTCONN (closed), EPERM on another thread, EOPNOTSUPP or ENOTSOCK (not a TCP socket).
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_keepalive(
    connection: *mut tcp_connection,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_keepalive", -1);
    let Some(conn) = conn.to_change() else { return -1 };
    let mut s = Settings::DEFAULT;
    if settings::set_keepalive(&mut s, idle_s, interval_s, count) < 0 {
        return -1;
    }
    conn.set_keepalive(s.keepalive)
}

/// Stops reading: no message callback is called until yolanda_connection_resume(), and the peer has
/// to wait once its window is full. If it is called inside the message callback, no further message
/// callback follows, and the bytes that the callback leaves unread stay in the buffer.
///
/// While reading is paused, the end of the peer's stream isn't noticed, but it isn't lost either.
/// Sending continues. A reset closes the connection at once, because nothing can be sent any more;
/// bytes that arrived before it are lost. EVENT_READ is off in `channel->events` while reading is
/// paused.
///
/// One yolanda_connection_resume() undoes any number of calls. On a connection that is closing after
/// its queue has been sent, pausing has no effect.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, ENOTCONN (closed), EPERM on another thread.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_pause(connection: *mut tcp_connection) -> c_int {
    let conn = connection!(connection, "yolanda_connection_pause", -1);
    let Some(conn) = conn.to_change() else { return -1 };
    conn.pause();
    0
}

/// Continues reading. Bytes that were left unread are passed to the message callback again in a pass
/// of the loop, even if no new ones have arrived. If reading isn't paused, nothing changes.
///
/// Returns 0, or -1 with errno like yolanda_connection_pause().
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_resume(
    connection: *mut tcp_connection,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_resume", -1);
    let Some(conn) = conn.to_change() else { return -1 };
    conn.resume();
    0
}

/// Sets callbacks that tell the program how well its peer keeps up: `on_high` is called when the
/// queue has reached `high` bytes, `on_low` when it has then fallen to `low` bytes or less. They
/// alternate, once per crossing, and are called in a pass of the loop, never inside a send. If the
/// queue falls again before `on_high` could be called, `on_high` is still called, before `on_low`.
/// Neither is called after the closed callback.
///
/// `high` 0 turns them off. Setting the marks restarts the alternation: if the queue has already
/// reached `high`, `on_high` is called. Either callback may be NULL.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), ENOTCONN (closed), EPERM on
/// another thread, ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
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
    if settings::set_water_marks(&mut s, low, high, on_low, on_high) < 0 {
        return -1;
    }
    conn.to_change().map_or(-1, |conn| conn.set_water_marks(s.marks))
}

/// Limits how much memory a connection may use.
///
/// `max_queued`: the number of bytes that may wait to be sent, including those that other threads have
/// sent; 0: 64 MiB; at most 2 GiB.
/// With YOLANDA_LIMIT_CLOSE a send is accepted as a whole while the queue is below the limit; otherwise
/// it fails with -1 and ENOBUFS, and the connection is closed. With YOLANDA_LIMIT_REFUSE a send that
/// doesn't fit, even into an empty queue, fails as a whole with -1 and ENOBUFS, and nothing else
/// changes.
///
/// `max_unread`: if the message callback leaves that many bytes unread, the connection is closed,
/// whatever the policy; 0: 64 MiB. Up to 64 KiB are read before each callback.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), ENOTCONN (closed), EPERM on another
/// thread, ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_limits(
    connection: *mut tcp_connection,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_limits", -1);
    let mut s = Settings::DEFAULT;
    if settings::set_limits(&mut s, max_queued, max_unread, policy) < 0 {
        return -1;
    }
    conn.to_change().map_or(-1, |conn| conn.set_limits(s.limits))
}

/// Sets how long a connection may make no progress before it is closed, with ETIMEDOUT as its error.
/// All times are in milliseconds and count from this call; 0: no limit. A connection is never closed
/// early.
///
/// - `idle_ms`: no byte was received, and none was sent. yolanda_connection_set_idle_direction() has only
///   one of the two count.
/// - `read_ms`: no byte was received, while reading isn't paused.
/// - `write_ms`: bytes are queued, and none was sent, because the peer doesn't read.
///
/// Bytes count as received when they have arrived, even if the loop is too busy to read them. They
/// count as sent when the kernel takes them, and again when the peer takes them from the kernel: a peer
/// that reads slowly is neither idle nor stuck. That is checked four times within each limit, so a
/// limit may be late by a quarter. The callback `idle` of struct yolanda_callbacks is asked before the
/// connection is closed.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative time), ENOTCONN (closed), EPERM on another
/// thread, ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_timeouts(
    connection: *mut tcp_connection,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_timeouts", -1);
    let mut s = Settings::DEFAULT;
    if settings::set_timeouts(&mut s, idle_ms, read_ms, write_ms) < 0 {
        return -1;
    }
    conn.to_change().map_or(-1, |conn| conn.set_timeouts(s.timeouts))
}

/// Sets which bytes count for `idle_ms` of yolanda_connection_set_timeouts(): YOLANDA_IDLE_BOTH (without
/// this call), YOLANDA_IDLE_RECEIVED or YOLANDA_IDLE_SENT. All limits of the connection count from this
/// call. With YOLANDA_IDLE_RECEIVED, a connection is idle as well if its input can't come: while reading
/// is paused, and after the peer has ended its side.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, no such direction), ENOTCONN (closed), EPERM on another
/// thread, ENOMEM.
///
/// # Safety
/// `connection` is NULL or a connection that is live or retained. Call it only on the loop's thread or
/// inside the completed callback.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_connection_set_idle_direction(
    connection: *mut tcp_connection,
    direction: c_int,
) -> c_int {
    let conn = connection!(connection, "yolanda_connection_set_idle_direction", -1);
    let mut s = Settings::DEFAULT;
    if settings::set_idle_direction(&mut s, direction) < 0 {
        return -1;
    }
    conn.to_change().map_or(-1, |conn| conn.set_idle_direction(s.idle_direction))
}

/// Writes an address of the connection. Returns 0, or -1 with errno.
///
/// # Safety
/// `text` is NULL or has room for `size` bytes.
unsafe fn tell(
    conn: &Remote,
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
            // SAFETY: `format` has written `len` bytes and a NUL to `room`. That is at most `size`, and `text`, which
            // isn't NULL, has room for that many. It doesn't overlap `room`, which is a local variable.
            unsafe { ptr::copy_nonoverlapping(room.as_ptr(), text.cast(), len + 1) };
            0
        }
        _ => errno::fail(libc::ENAMETOOLONG),
    }
}
