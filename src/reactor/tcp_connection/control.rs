//! The functions of yolanda.h that change a connection: closing, reading, limits, TCP options.

use super::Connection;
use super::cold_state::ColdState;
use super::posted;
use super::settings;
use crate::abi::types::{tcp_connection, yolanda_water_mark_callback};
use crate::reactor::tcp_connection::close_reason::CloseReason;
use crate::reactor::tcp_connection::handle::{absent, to_change};
use crate::reactor::tcp_connection::input::pause;
use crate::reactor::tcp_connection::lifecycle::{open, ready, shutdown, timeouts};
use crate::reactor::tcp_connection::output::{batch, water_marks};
use crate::reactor::tcp_connection::settings::Settings;
use crate::sys::{errno, socket};
use libc::c_int;

pub unsafe extern "C-unwind" fn yolanda_connection_close(connection: *mut tcp_connection) -> c_int {
    if absent("yolanda_connection_close", connection) {
        return -1;
    }
    // SAFETY: live or retained.
    unsafe { ready::close_from_anywhere(Connection::from_c(connection), CloseReason::Canceled) }
}

pub unsafe extern "C-unwind" fn yolanda_connection_close_after_send(
    connection: *mut tcp_connection,
    limit_ms: i64,
) -> c_int {
    if absent("yolanda_connection_close_after_send", connection) {
        return -1;
    }
    if limit_ms < 0 {
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: live or retained.
    unsafe {
        let conn = Connection::from_c(connection);
        if !open::is_open_here(conn) {
            return errno::fail(libc::ENOTCONN);
        }
        let time = timeouts::in_ms(limit_ms);
        if conn.event_loop().on_owner() {
            return shutdown::end_at(conn, time);
        }
        let Some(task) = posted::end(conn, time) else {
            return errno::fail(libc::ENOMEM);
        };
        conn.intake.shut();
        // Without its loop it closes, or has closed.
        if conn.event_loop().post(task) { 0 } else { errno::fail(libc::ENOTCONN) }
    }
}

/// Calls `set` with the connection, if the calling thread may change it now.
unsafe fn change(
    what: &str,
    connection: *mut tcp_connection,
    set: impl FnOnce(&Connection) -> c_int,
) -> c_int {
    // SAFETY: live or retained, by the callers' contracts.
    unsafe { to_change(what, connection).map_or(-1, set) }
}

/// As `change`, with the cold state.
unsafe fn change_cold(
    what: &str,
    connection: *mut tcp_connection,
    set: impl FnOnce(&Connection, &ColdState) -> bool,
) -> c_int {
    // SAFETY: as said.
    unsafe {
        change(what, connection, |conn| {
            batch::flush_of(conn);
            match conn.make_cold() {
                Some(cold) if set(conn, cold) => 0,
                _ => errno::fail(libc::ENOMEM),
            }
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_pause(connection: *mut tcp_connection) -> c_int {
    // SAFETY: handed on.
    unsafe {
        change("yolanda_connection_pause", connection, |conn| {
            pause::pause(conn);
            0
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_resume(
    connection: *mut tcp_connection,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        change("yolanda_connection_resume", connection, |conn| {
            pause::resume(conn);
            0
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_set_nodelay(
    connection: *mut tcp_connection,
    on: c_int,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        change("yolanda_connection_set_nodelay", connection, |conn| {
            socket::set_nodelay(conn.number.get(), on != 0)
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_set_keepalive(
    connection: *mut tcp_connection,
    idle_s: c_int,
    interval_s: c_int,
    count: c_int,
) -> c_int {
    // SAFETY: handed on.
    unsafe {
        change("yolanda_connection_set_keepalive", connection, |conn| {
            let mut s = Settings::DEFAULT;
            match settings::set_keepalive(&mut s, idle_s, interval_s, count) {
                0 => socket::set_keepalive(conn.number.get(), idle_s, interval_s, count),
                failed => failed,
            }
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_set_water_marks(
    connection: *mut tcp_connection,
    low: usize,
    high: usize,
    on_low: yolanda_water_mark_callback,
    on_high: yolanda_water_mark_callback,
) -> c_int {
    let mut s = Settings::DEFAULT;
    // SAFETY: handed on.
    unsafe {
        if absent("yolanda_connection_set_water_marks", connection)
            || settings::set_water_marks(&mut s, low, high, on_low, on_high) < 0
        {
            return -1;
        }
        change_cold("yolanda_connection_set_water_marks", connection, |conn, cold| {
            water_marks::set(conn, cold, s.marks);
            true
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_set_limits(
    connection: *mut tcp_connection,
    max_queued: usize,
    max_unread: usize,
    policy: c_int,
) -> c_int {
    let mut s = Settings::DEFAULT;
    // SAFETY: handed on.
    unsafe {
        if absent("yolanda_connection_set_limits", connection)
            || settings::set_limits(&mut s, max_queued, max_unread, policy) < 0
        {
            return -1;
        }
        change_cold("yolanda_connection_set_limits", connection, |_, cold| {
            cold.set_limits(s.limits);
            true
        })
    }
}

pub unsafe extern "C-unwind" fn yolanda_connection_set_timeouts(
    connection: *mut tcp_connection,
    idle_ms: i64,
    read_ms: i64,
    write_ms: i64,
) -> c_int {
    let mut s = Settings::DEFAULT;
    // SAFETY: handed on.
    unsafe {
        if absent("yolanda_connection_set_timeouts", connection)
            || settings::set_timeouts(&mut s, idle_ms, read_ms, write_ms) < 0
        {
            return -1;
        }
        change_cold("yolanda_connection_set_timeouts", connection, |conn, cold| {
            timeouts::set(conn, cold, s.timeouts)
        })
    }
}
