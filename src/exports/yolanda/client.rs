//! The functions of yolanda.h for clients.

use crate::abi::types::event_loop;
use crate::abi::types::tcp_connection;
use crate::abi::types::yolanda_water_mark_callback;
use crate::abi::types::{
    connection_closed_call_back, connection_completed_call_back, message_call_back,
    write_completed_call_back,
};
use crate::abi::types::{yolanda_client, yolanda_client_failed_callback};
use crate::exports::check;
use crate::reactor::client::Client;
use crate::reactor::tcp_connection::callbacks::Callbacks;
use crate::reactor::tcp_connection::settings;
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::errno;
use crate::sys::explained::explain;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

/// The client, if the calling thread may use it; else an errno value, with a line in the log for
/// NULL.
///
/// # Safety
/// NULL, or a client that isn't freed as long as the result is used.
pub(super) unsafe fn usable<'a>(
    what: &str,
    client: *mut yolanda_client,
) -> Result<&'a Client, c_int> {
    // SAFETY: all pointers of this type come from `yolanda_client_new`, which hands out clients.
    match unsafe { Client::from_public(client) } {
        Some(client) if client.is_mine() => Ok(client),
        Some(_) => Err(check::on_wrong_thread(what)),
        None => {
            log_err!("{what}: no client");
            Err(explain!(libc::EINVAL, "{what}: no client"))
        }
    }
}

/// Returns 0, or -1 with errno.
fn status(result: Result<(), c_int>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(e) => errno::fail(e),
    }
}

/// Changes the settings for future connections; -1 with errno if the client can't be used.
fn change(client: Result<&Client, c_int>, change: impl FnOnce(&mut Settings) -> c_int) -> c_int {
    match client {
        Ok(client) => client.change_settings(change),
        Err(e) => errno::fail(e),
    }
}

/// Makes a client on a loop. It connects to `address`, which is copied:
///
/// `1.2.3.4:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `unix:/path`, `unix:@abstract` (the abstract
/// namespace of unix(7)), or `name:80`. A name is looked up for each attempt, on a thread of the
/// library. Up to eight of its addresses are tried in the system's order, alternating between IPv6 and
/// IPv4 (RFC 8305): the next one when one has failed, or after 250 milliseconds while earlier ones are
/// still pending. The first that connects becomes the client's connection; the others are closed.
///
/// A client has one look-up at a time: if an attempt ends before its name has been looked up, the
/// next attempt waits for the same look-up. The library looks up at most 16 names at a time; further
/// look-ups are queued. Nothing waits for a look-up to end: neither freeing the client or its loop,
/// nor the end of the process, nor dlclose(3) of a plug-in that contains the library. A plug-in that
/// has started a look-up stays in memory.
///
/// The callbacks are those of the client's connections; they work like a server's and may be NULL.
/// TCP_NODELAY is set unless yolanda_client_set_nodelay() turns it off.
///
/// Returns the client, which is idle until yolanda_client_start(). It is freed by
/// yolanda_client_free() or with its loop. Returns NULL with errno: EINVAL (NULL, no address, no port
/// or port 0), ENAMETOOLONG (the path of a Unix socket is too long), EPERM (another thread), ENOMEM.
///
/// # Safety
/// `eventLoop` is NULL or a loop that hasn't been freed, `address` is NULL or a NUL-terminated string.
/// Call it, like all functions of clients, only on the loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_new(
    eventLoop: *mut event_loop,
    address: *const c_char,
    completed: connection_completed_call_back,
    message: message_call_back,
    write_completed: write_completed_call_back,
    closed: connection_closed_call_back,
) -> *mut yolanda_client {
    let l = own_loop!(eventLoop, "yolanda_client_new", ptr::null_mut());
    if address.is_null() {
        check::refuse("yolanda_client_new: no address");
        return ptr::null_mut();
    }
    // SAFETY: the header requires a NUL-terminated string.
    let text = unsafe { CStr::from_ptr(address) }.to_bytes();
    match Client::create(l, text, Callbacks { completed, message, write_completed, closed }) {
        Ok(client) => client.as_ptr().cast(),
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
    }
}

/// Sets the initial `data` of the client's future connections. `data` remains yours.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_data(
    client: *mut yolanda_client,
    data: *mut c_void,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_data", client) };
    status(client.map(|client| client.set_data(data)))
}

/// Sets how many milliseconds an attempt may take, for looking up the name and connecting together.
/// The default is 30,000; 0 leaves it to the system. It applies to future attempts. If there isn't
/// enough time to try the addresses 250 milliseconds apart, the remaining time is divided among them.
/// An answer that arrived in time counts, even if the loop's thread was busy until after the
/// deadline.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_timeout(
    client: *mut yolanda_client,
    ms: i64,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_timeout", client) };
    status(client.and_then(|client| client.set_timeout(ms)))
}

/// Sets the function that is called, with `data`, when an attempt has failed. NULL: none. `data`
/// remains yours.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL client, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_failed_callback(
    client: *mut yolanda_client,
    callback: yolanda_client_failed_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_failed_callback", client) };
    status(client.map(|client| client.set_failed_callback(callback, data)))
}

/// yolanda_client_set_failed_callback() with data that the library destroys: `destroy(data)` is called once,
/// on the loop's thread, when another callback replaces this one or the client is freed, by
/// yolanda_client_free() or with its loop; if the callback is running then, when it has returned. It may
/// call the library, but can't free the loop. NULL stands for none.
///
/// Returns 0, or -1 with errno, and then nothing has changed and the data stays yours: EINVAL for a NULL
/// client, EPERM on another thread, ENOMEM, ESHUTDOWN for a loop that is being freed.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_failed_callback_with_destroy(
    client: *mut yolanda_client,
    callback: yolanda_client_failed_callback,
    data: *mut c_void,
    destroy: Option<unsafe extern "C-unwind" fn(data: *mut c_void)>,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_failed_callback_with_destroy", client) };
    status(
        client.and_then(|client| client.set_failed_callback_with_destroy(callback, data, destroy)),
    )
}

/// Makes the client connect again after an attempt has failed and after a connection has ended, for
/// whatever reason except yolanda_client_stop(). `min_ms` 0 turns that off, which is the default.
///
/// The first wait takes up to `min_ms` milliseconds, each following one up to twice as long as the
/// one before, but none longer than `max_ms`. The actual time is random, between half of that and all
/// of it, so that many clients don't reconnect at the same moment. The waits start again from
/// `min_ms` after a connection that received a byte or lasted at least as long as the next wait would
/// have been. So the client reconnects less and less often to a server that closes each connection at
/// once.
///
/// `attempts`: the number of failed attempts in a row after which the client gives up; 0: it never
/// does. Each established connection resets the count, however short it was.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative number, `max_ms` below `min_ms`), EPERM on
/// another thread. A wait that has begun isn't changed.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_reconnect(
    client: *mut yolanda_client,
    min_ms: i64,
    max_ms: i64,
    attempts: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_reconnect", client) };
    status(client.and_then(|client| client.set_reconnect(min_ms, max_ms, attempts)))
}

/// Sets the time limits of the client's future connections, like yolanda_connection_set_timeouts() for
/// one connection.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, a negative time), EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_timeouts(
    client: *mut yolanda_client,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_timeouts", client) };
    change(client, |settings| settings::set_timeouts(settings, idle_ms, read_ms, write_ms))
}

/// Sets which bytes count for `idle_ms` of yolanda_client_set_timeouts(), like
/// yolanda_connection_set_idle_direction() for one connection.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, no such direction), EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_idle_direction(
    client: *mut yolanda_client,
    direction: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_idle_direction", client) };
    change(client, |settings| settings::set_idle_direction(settings, direction))
}

/// Sets the memory limits of the client's future connections, like yolanda_connection_set_limits() for
/// one connection.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, an unknown policy), EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_limits(
    client: *mut yolanda_client,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_limits", client) };
    change(client, |settings| settings::set_limits(settings, max_queued, max_unread, policy))
}

/// Sets the water marks of the client's future connections, like yolanda_connection_set_water_marks()
/// for one connection.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, `low` not below `high`), EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_water_marks(
    client: *mut yolanda_client,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_water_marks", client) };
    change(client, |settings| settings::set_water_marks(settings, low, high, on_low, on_high))
}

/// Sets TCP_NODELAY (tcp(7)) for the client's future connections. It is on by default: small writes are
/// sent at once instead of waiting for the acknowledgement of earlier ones.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_nodelay(
    client: *mut yolanda_client,
    on: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_nodelay", client) };
    change(client, |settings| settings::set_nodelay(settings, on))
}

/// Sets keep-alive for the client's future connections, like yolanda_connection_set_keepalive() for one
/// connection.
///
/// Returns 0, or -1 with errno: EINVAL (NULL, values that the kernel doesn't accept), EPERM on another
/// thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_set_keepalive(
    client: *mut yolanda_client,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_set_keepalive", client) };
    change(client, |settings| settings::set_keepalive(settings, idle_s, interval_s, count))
}

/// Begins to connect. No callback is called from within this function: the completed callback of the
/// connection, or the failed callback, is called in a later pass of the loop.
///
/// A client that was stopped, has given up, or whose connection has ended can be started again; the
/// counts of yolanda_client_set_reconnect() then start anew. Right after yolanda_client_stop(), the
/// new attempt begins when the old connection has closed, so its closed callback is called first.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (it is connecting or waiting for its next
/// attempt), EISCONN (it is connected), ENOMEM, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_start(client: *mut yolanda_client) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_start", client) };
    status(client.and_then(|client| client.start()))
}

/// Ends the current attempt without a callback, and makes no more. A connection is closed at once, as
/// by yolanda_connection_close(): its closed callback is called in a pass of the loop. To send its
/// queue first, call yolanda_connection_close_after_send(), wait for the closed callback, and stop
/// then; with reconnection on, stop inside the closed callback.
///
/// Returns 0, or -1 with errno: EINVAL for NULL, EALREADY (not started, already stopped, or given up),
/// EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_stop(client: *mut yolanda_client) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_stop", client) };
    status(client.and_then(|client| client.stop()))
}

/// Returns 1 if the client has a connection, is connecting, or will try again, otherwise 0. In the
/// closed callback of a connection it tells whether there will be another attempt.
///
/// Returns -1 with errno: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_is_active(client: *mut yolanda_client) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_is_active", client) };
    match client {
        Ok(client) => c_int::from(client.is_active()),
        Err(e) => errno::fail(e),
    }
}

/// Returns the client's connection, from its completed callback until its closed callback. The
/// library owns the connection; yolanda_connection_retain() keeps it.
///
/// Returns NULL with errno: ENOTCONN if there is none (also inside the closed callback), EINVAL for
/// NULL, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_connection(
    client: *mut yolanda_client,
) -> *mut tcp_connection {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_connection", client) };
    match client.and_then(|client| client.connection().ok_or(libc::ENOTCONN)) {
        Ok(connection) => connection.as_c(),
        Err(e) => {
            errno::set(e);
            ptr::null_mut()
        }
    }
}

/// Stops a client in any state, like yolanda_client_stop(), and frees it. It may be called inside the
/// client's own callbacks: completed, message, write completed, closed, failed. A connection is
/// closed at once; its closed callback is still called, in a pass of the loop, with its `data`.
///
/// Returns 0, or -1 with errno, without freeing the client: EINVAL for NULL, EPERM on another thread.
///
/// # Safety
/// `client` is NULL or a client that hasn't been freed, neither by this function nor with its loop. It
/// must not be used again. Call it only on its loop's thread.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_client_free(client: *mut yolanda_client) -> c_int {
    // SAFETY: by contract NULL or a client that isn't freed during the call.
    let client = unsafe { usable("yolanda_client_free", client) };
    status(client.and_then(|client| client.keep().map(|kept| kept.free()).ok_or(libc::EOVERFLOW)))
}
