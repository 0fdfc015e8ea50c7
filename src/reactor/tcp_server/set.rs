//! What a program sets for a server and for its new connections.

use super::limit;
use super::{NEW, absent, of, usable};
use crate::abi::types::{TCPserver, yolanda_loop_callback, yolanda_water_mark_callback};
use crate::reactor::tcp_connection::settings;
use crate::reactor::tcp_connection::settings::Settings;
use crate::reactor::tcp_server::start::set_options;
use crate::reactor::threads::event_loop_thread::Hooks;
use crate::sys::errno;
use libc::{c_int, c_void};
use std::sync::atomic::Ordering::SeqCst;

/// 0 for a server that isn't started yet, on its loop's thread; else -1 with errno.
unsafe fn not_started(what: &str, server: *mut TCPserver) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable(what, server) < 0 {
            return -1;
        }
        match (*of(server)).state.load(SeqCst) {
            NEW => 0,
            _ => errno::fail(libc::EBUSY),
        }
    }
}

/// Changes what new connections get.
unsafe fn change(
    what: &str,
    server: *mut TCPserver,
    with: impl FnOnce(&mut Settings) -> c_int,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable(what, server) < 0 {
            return -1;
        }
        with(&mut (*of(server)).settings.lock())
    }
}

pub unsafe extern "C" fn yolanda_server_set_timeouts(
    server: *mut TCPserver,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        change("yolanda_server_set_timeouts", server, |to| {
            settings::set_timeouts(to, idle_ms, read_ms, write_ms)
        })
    }
}

pub unsafe extern "C" fn yolanda_server_set_limits(
    server: *mut TCPserver,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        change("yolanda_server_set_limits", server, |to| {
            settings::set_limits(to, max_queued, max_unread, policy)
        })
    }
}

pub unsafe extern "C" fn yolanda_server_set_water_marks(
    server: *mut TCPserver,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        change("yolanda_server_set_water_marks", server, |to| {
            settings::set_water_marks(to, low, high, on_low, on_high)
        })
    }
}

pub unsafe extern "C" fn yolanda_server_set_nodelay(server: *mut TCPserver, on: c_int) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable("yolanda_server_set_nodelay", server) < 0 {
            return -1;
        }
        (*of(server)).nodelay.set(Some(on != 0));
        set_options(of(server));
    }
    0
}

pub unsafe extern "C" fn yolanda_server_set_keepalive(
    server: *mut TCPserver,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable("yolanda_server_set_keepalive", server) < 0 {
            return -1;
        }
        let mut checked = Settings::DEFAULT;
        if settings::set_keepalive(&mut checked, idle_s, interval_s, count) < 0 {
            return -1;
        }
        (*of(server)).keepalive.set(Some(checked.keepalive));
        set_options(of(server));
    }
    0
}

pub unsafe extern "C" fn yolanda_server_set_reuseport(server: *mut TCPserver, on: c_int) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if not_started("yolanda_server_set_reuseport", server) < 0 {
            return -1;
        }
        let own = of(server);
        let is_tcp = (*own).address.as_ref().is_some_and(|address| address.port().is_some());
        if on != 0 && !((*own).owns_socket.get() && is_tcp) {
            return errno::fail(libc::ENOTSUP);
        }
        (*own).reuseport.set(on != 0);
    }
    0
}

pub unsafe extern "C" fn yolanda_server_set_max_connections(
    server: *mut TCPserver,
    n: c_int,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if usable("yolanda_server_set_max_connections", server) < 0 {
            return -1;
        }
        if n < 0 {
            return errno::fail(libc::EINVAL);
        }
        (*of(server)).max.store(n, SeqCst);
        limit::room_has_changed(of(server));
    }
    0
}

pub unsafe extern "C" fn yolanda_server_set_thread_hooks(
    server: *mut TCPserver,
    on_start: yolanda_loop_callback,
    on_stop: yolanda_loop_callback,
    data: *mut c_void,
) -> c_int {
    // SAFETY: NULL or a live server.
    unsafe {
        if not_started("yolanda_server_set_thread_hooks", server) < 0 {
            return -1;
        }
        (*of(server)).hooks.set(Hooks { on_start, on_stop, data });
    }
    0
}

pub unsafe extern "C" fn yolanda_server_connections(server: *mut TCPserver) -> i64 {
    if absent("yolanda_server_connections", server) {
        return -1;
    }
    // SAFETY: a live server; the count is atomic.
    unsafe { (*of(server)).live.load(SeqCst) }
}
