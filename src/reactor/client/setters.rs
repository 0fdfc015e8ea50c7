//! What a program sets for a client and its next connections.

use crate::abi::types::{
    yolanda_client, yolanda_client_failed_callback, yolanda_water_mark_callback,
};
use crate::reactor::client::exports::with;
use crate::reactor::tcp_connection::settings;
use crate::sys::errno;
use libc::{c_int, c_void};

pub unsafe extern "C-unwind" fn yolanda_client_set_data(
    client: *mut yolanda_client,
    data: *mut c_void,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_data", client, |client| {
            client.data.set(data);
            0
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_failed_callback(
    client: *mut yolanda_client,
    callback: yolanda_client_failed_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_failed_callback", client, |client| {
            client.failed.set(callback);
            client.failed_data.set(data);
            0
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_timeout(
    client: *mut yolanda_client,
    ms: i64,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_timeout", client, |client| {
            if ms < 0 {
                return errno::fail(libc::EINVAL);
            }
            client.limit_ms.set(ms);
            0
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_reconnect(
    client: *mut yolanda_client,
    min_ms: i64,
    max_ms: i64,
    attempts: c_int,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_reconnect", client, |client| {
            if min_ms < 0 || attempts < 0 || (min_ms > 0 && max_ms < min_ms) {
                return errno::fail(libc::EINVAL);
            }
            client.backoff.set(min_ms, max_ms);
            client.attempts.set(attempts);
            0
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_timeouts(
    client: *mut yolanda_client,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_timeouts", client, |client| {
            settings::set_timeouts(&mut client.settings, idle_ms, read_ms, write_ms)
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_limits(
    client: *mut yolanda_client,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_limits", client, |client| {
            settings::set_limits(&mut client.settings, max_queued, max_unread, policy)
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_water_marks(
    client: *mut yolanda_client,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_water_marks", client, |client| {
            settings::set_water_marks(&mut client.settings, low, high, on_low, on_high)
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_nodelay(
    client: *mut yolanda_client,
    on: c_int,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_nodelay", client, |client| {
            settings::set_nodelay(&mut client.settings, on)
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_client_set_keepalive(
    client: *mut yolanda_client,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        with("yolanda_client_set_keepalive", client, |client| {
            settings::set_keepalive(&mut client.settings, idle_s, interval_s, count)
        })
    }
}
