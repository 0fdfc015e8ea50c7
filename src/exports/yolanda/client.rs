use crate::abi::types::event_loop;
use crate::abi::types::tcp_connection;
use crate::abi::types::yolanda_water_mark_callback;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use crate::abi::types::{yolanda_client, yolanda_client_failed_callback};
use crate::exports::check;
use crate::reactor::client::{Callbacks, Client};
use crate::reactor::event_loop::create::mine as loop_is_mine;
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::settings;
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::errno;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

/// The client where the calling thread may use it; else an errno, with a line in the log for NULL.
///
/// # Safety
/// NULL, or a client that isn't freed as long as the result is used.
unsafe fn usable<'a>(what: &str, client: *mut yolanda_client) -> Result<&'a Client, c_int> {
    // SAFETY: all pointers of this type come from `yolanda_client_new`, which hands out clients.
    match unsafe { Client::from_public(client) } {
        Some(client) if client.is_mine() => Ok(client),
        Some(_) => Err(libc::EPERM),
        None => {
            log_err!("{what}: no client");
            Err(libc::EINVAL)
        }
    }
}

/// 0, or -1 with errno.
fn status(result: Result<(), c_int>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(e) => errno::fail(e),
    }
}

/// Changes what the next connections get; -1 with errno for a client that isn't usable.
fn change(client: Result<&Client, c_int>, change: impl FnOnce(&mut Settings) -> c_int) -> c_int {
    match client {
        Ok(client) => client.change_settings(change),
        Err(e) => errno::fail(e),
    }
}

/// Makes a client of a loop. `address` is copied:
///
/// "1.2.3.4:80", "[::1]:80", "[fe80::1%eth0]:80", "unix:/path", "unix:@abstract" (abstract namespace of
/// unix(7)), or "name:80": then the name is looked up at each attempt, on a thread of the library's own. Up
/// to eight of its addresses are tried in the system's order, IPv6 and IPv4 by turns (RFC 8305): the next
/// one when one has failed, or after 250 milliseconds, beside those that haven't answered. The first that
/// connects is the client's connection, the others are closed.
///
/// A client has one look-up at a time: if an attempt ends before its name was looked up, the next attempt
/// waits for the same look-up. The library looks up at most 16 names at a time; the others wait for their
/// turn. Nothing waits for a look-up to end: not the freeing of the client or its loop, not the end of the
/// process, and not dlclose(3) of a plug-in that contains the library. A plug-in that has begun a look-up
/// stays in memory.
///
/// The callbacks are those of its connections and may be NULL; they work as a server's do. TCP_NODELAY is
/// set unless yolanda_client_set_nodelay() says otherwise.
///
/// Returns the client, which does nothing before yolanda_client_start(); to be released with
/// yolanda_client_free(), or else freed with its loop. NULL with errno: EINVAL (NULL, no address, no port
/// or port 0), ENAMETOOLONG (a unix path that is too long), EPERM (another thread), ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop, `address` NULL or a string. Only on the loop's thread, as for all
/// functions of clients.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    completed: connection_completed_call_back,
    message: message_call_back,
    write_completed: write_completed_call_back,
    closed: connection_closed_call_back,
) -> *mut yolanda_client {
    // SAFETY: NULL or a live loop.
    if !unsafe { loop_is_mine("yolanda_client_new", eventLoop) } {
        return ptr::null_mut();
    }
    if address.is_null() {
        check::refuse("yolanda_client_new: no address");
        return ptr::null_mut();
    }
    // SAFETY: a live loop, and a text that ends with a NUL.
    let (l, text) = unsafe { (Loop::from_c(eventLoop), CStr::from_ptr(address).to_bytes()) };
    match Client::create(l, text, Callbacks { completed, message, write_completed, closed }) {
        Ok(client) => client.as_ptr().cast(),
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
    }
}

/// Sets what `data` of the client's next connections begins as.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM on another thread. `data` stays yours.
///
/// # Safety
/// A client that isn't freed. Only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_data(
    client: *mut yolanda_client,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_data", client) };
    status(client.map(|client| client.set_data(data)))
}

/// Sets how many milliseconds an attempt may take, for looking up the name and for connecting together;
/// 30,000 without this call, 0: as long as the system tries. It counts from the next attempt on. If it is
/// too short to try each address 250 milliseconds after the last, the time that is left is divided among
/// them. An answer that came in time counts, even if the loop's thread was busy until the time was over.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_timeout(
    client: *mut yolanda_client,
    ms: i64,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_timeout", client) };
    status(client.and_then(|client| client.set_timeout(ms)))
}

/// Sets what is called, with `data`, when an attempt has failed. NULL for none.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM. `data` stays yours.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_failed_callback(
    client: *mut yolanda_client,
    callback: yolanda_client_failed_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_failed_callback", client) };
    status(client.map(|client| client.set_failed_callback(callback, data)))
}

/// Has the client connect again after an attempt failed, and after a connection ended, for whatever
/// reason but yolanda_client_stop(). `min_ms` 0 switches that off, as it is at first.
///
/// The first wait is up to `min_ms` milliseconds, each following one up to twice as long, and none
/// longer than `max_ms`. How long exactly is drawn, between half of that and all of it, so that many
/// clients don't come back at the same moment. The waits begin anew with `min_ms` after a connection
/// that received a byte or lived as long as the wait that was next; so a server that closes each
/// connection at once is visited more and more rarely.
///
/// `attempts`: after so many failed attempts in a row the client gives up; 0: never. A connection that was
/// made ends the row, however short it was.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative number, `max_ms` below `min_ms`), EPERM. A
/// wait that has begun is waited for.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_reconnect(
    client: *mut yolanda_client,
    min_ms: i64,
    max_ms: i64,
    attempts: c_int,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_reconnect", client) };
    status(client.and_then(|client| client.set_reconnect(min_ms, max_ms, attempts)))
}

/// Sets the time limits of the client's next connections, as yolanda_connection_set_timeouts() does for
/// one.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_timeouts(
    client: *mut yolanda_client,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_timeouts", client) };
    change(client, |settings| settings::set_timeouts(settings, idle_ms, read_ms, write_ms))
}

/// Sets the limits of the client's next connections, as yolanda_connection_set_limits() does for one.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_limits(
    client: *mut yolanda_client,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_limits", client) };
    change(client, |settings| settings::set_limits(settings, max_queued, max_unread, policy))
}

/// Sets the water marks of the client's next connections, as yolanda_connection_set_water_marks()
/// does for one.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_water_marks(
    client: *mut yolanda_client,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_water_marks", client) };
    change(client, |settings| settings::set_water_marks(settings, low, high, on_low, on_high))
}

/// Sets TCP_NODELAY (tcp(7)) of the client's next connections, on at first: small writes leave at once
/// instead of waiting for the answer to the last.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_nodelay(
    client: *mut yolanda_client,
    on: c_int,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_nodelay", client) };
    change(client, |settings| settings::set_nodelay(settings, on))
}

/// Sets keep-alive of the client's next connections, as yolanda_connection_set_keepalive() does for one.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, values that the kernel doesn't take), EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_keepalive(
    client: *mut yolanda_client,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_set_keepalive", client) };
    change(client, |settings| settings::set_keepalive(settings, idle_s, interval_s, count))
}

/// Begins to connect. No callback runs within: the completed callback of the connection, or the failed
/// callback, comes from a later pass of the loop.
///
/// A client that was stopped, has given up or whose connection has ended can be started again; the counts
/// of yolanda_client_set_reconnect() begin anew. Right after yolanda_client_stop() the new attempt begins
/// when the old connection has closed, so that its closed callback comes first.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (it is on its way or waits for its next
/// attempt), EISCONN (connected), ENOMEM, EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_start(client: *mut yolanda_client) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_start", client) };
    status(client.and_then(|client| client.start()))
}

/// Ends an attempt, without a callback, and all further ones. A connection is closed at once as by
/// yolanda_connection_close(): its closed callback comes from the loop's pass. To have its queue sent
/// first, stop after yolanda_connection_close_after_send() and the closed callback; with reconnection on,
/// call it in there.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (not started, stopped before, or given up),
/// EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_stop(client: *mut yolanda_client) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_stop", client) };
    status(client.and_then(|client| client.stop()))
}

/// Whether the client has a connection, is about to make one, or is going to try again: 1, else 0. In a
/// connection's closed callback it tells whether there will be another attempt.
///
/// Returns -1 with errno: EINVAL for NULL, EPERM.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_is_active(client: *mut yolanda_client) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_is_active", client) };
    match client {
        Ok(client) => c_int::from(client.is_active()),
        Err(e) => errno::fail(e),
    }
}

/// The client's connection, from its completed callback on, until its closed callback.
///
/// Returns NULL with errno: ENOTCONN where there is none (in the closed callback, too), EINVAL for NULL,
/// EPERM. The connection is the library's; yolanda_connection_retain() keeps it.
///
/// # Safety
/// As for yolanda_client_set_data().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_connection(
    client: *mut yolanda_client,
) -> *mut tcp_connection {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_connection", client) };
    match client.and_then(|client| client.connection().ok_or(libc::ENOTCONN)) {
        Ok(connection) => connection.as_c(),
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
    }
}

/// Stops a client as yolanda_client_stop() does, in whatever state it is, and frees it. It may be called
/// inside the client's own callbacks: completed, message, write completed, closed, failed. A connection is
/// closed at once; its closed callback still comes, from the loop's pass, with its `data`.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM; then it isn't freed.
///
/// # Safety
/// A client that isn't freed, and isn't used any more; its loop's freeing has freed it, too. Only on its
/// loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_free(client: *mut yolanda_client) -> c_int {
    // SAFETY: NULL or a client that isn't freed.
    let client = unsafe { usable("yolanda_client_free", client) };
    status(client.map(|client| client.keep().free()))
}
