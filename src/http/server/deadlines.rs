//! Deadlines. Each loop with HTTP connections looks at all of them every now and then: that costs a
//! connection no timer, and less than a timer would at the number of requests that it makes.

use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::connection;
use super::server_state;
use super::{deferred, protocol, rate, refuse};
use crate::abi::types::{event_loop, tcp_connection};
use crate::http::server::connection::{Http, Phase};
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::{REQUEST_TIMEOUT, SERVICE_UNAVAILABLE, Status};
use crate::reactor::event_loop::state;
use crate::reactor::event_loop::{roster, timers};
use crate::reactor::tcp_connection::{Connection, close_after_send, is_open, judge_in_pass};
use crate::sys::clock;

/// The longest pause between two looks.
const PAUSE_MS: u32 = 1000;
/// The shortest one.
const LEAST_MS: u32 = 10;
/// What the coarse clock may be behind.
const SLACK_MS: u32 = 10;

/// A connection of an HTTP server has come to its loop.
///
/// # Safety
/// A live connection on its loop's thread.
pub unsafe fn registered(conn: *mut tcp_connection) {
    // SAFETY: as said; the timer's number is the loop's.
    unsafe {
        let l = (*conn).eventLoop.get();
        let timer = (*state::of(l)).attachment_timer.as_ptr();
        if *timer == 0 {
            let server = server_state::of(conn);
            let pause = if server.is_null() { PAUSE_MS } else { pause_of(&*server, PAUSE_MS) };
            *timer = timers::start(l, i64::from(pause), 0, Some(on_time), null_mut());
        }
    }
}

/// How long to wait at most, so that no deadline of a server is missed by much.
fn pause_of(server: &HttpServer, longest: u32) -> u32 {
    let all = &server.deadlines;
    [&all.idle, &all.head, &all.body, &all.answer, &all.write]
        .into_iter()
        .map(|deadline| deadline.load(Relaxed))
        .chain(rate::pause_of(server))
        .filter(|&ms| ms > 0)
        .map(|ms| (ms / 4).max(LEAST_MS))
        .fold(longest, u32::min)
}

unsafe extern "C-unwind" fn on_time(l: *mut event_loop, _timer: u64, _data: *mut c_void) {
    // SAFETY: on the loop's thread; nothing here calls the program: closing waits for the pass.
    unsafe {
        let now = clock::now_ms() as u32;
        let mut pause = PAUSE_MS;
        let mut any = false;
        roster::each(l, |own| {
            let conn: *mut tcp_connection = own.cast();
            if !is_open(conn) || !protocol::serves(Connection::from_c(conn)) {
                return;
            }
            any = true;
            let (server, http) = (server_state::of(conn), connection::of(conn));
            if server.is_null() || http.is_null() {
                return;
            }
            pause = pause_of(&*server, pause);
            if over(conn, &*server, http, now).is_some() {
                judge_in_pass(own);
            }
        });
        let timer = (*state::of(l)).attachment_timer.as_ptr();
        *timer = 0;
        if any {
            *timer = timers::start(l, i64::from(pause), 0, Some(on_time), null_mut());
        }
    }
}

/// Whether a time that began at `since` is over; a deadline of 0 never is.
fn is_over(deadline: &AtomicU32, since: u32, now: u32) -> bool {
    let deadline = deadline.load(Relaxed);
    let passed = now.wrapping_sub(since) as i32;
    deadline > 0 && i64::from(passed) > i64::from(deadline) + i64::from(SLACK_MS)
}

/// What a connection is over.
enum Over {
    /// Nobody waits for anything: it closes.
    Idle,
    /// The client gets this answer, and the connection closes.
    Answer(Status),
    /// It is cut.
    Cut,
}

/// Whether a connection is over one of its deadlines.
unsafe fn over(
    conn: *mut tcp_connection,
    server: &HttpServer,
    http: *mut Http,
    now: u32,
) -> Option<Over> {
    // SAFETY: a live connection on its thread, with its state.
    unsafe {
        let deadlines = &server.deadlines;
        // What the client takes is seen from look to look.
        let sends = Connection::from_c(conn).is_sending();
        let taken = if sends { Connection::from_c(conn).taken() } else { 0 };
        if !sends || (*http).taken.get() != taken {
            (*http).taken.set(taken);
            (*http).written.set(now);
        }
        if sends && is_over(&deadlines.write, (*http).written.get(), now) {
            return Some(Over::Cut);
        }
        if Connection::from_c(conn).is_ending() {
            // It lingers at last: the reactor has a limit for that.
            return None;
        }
        if connection::is_served(http) {
            // A callback runs the loop: the client waits for the program, not the other way round.
            (*http).since.set(now);
            return None;
        }
        if (*http).paused.get()
            && (*http).phase.get() == Phase::Answer
            && !(*http).deferred.get().is_null()
        {
            deferred::look_for_end((*http).deferred.get());
        }
        let since = (*http).since.get();
        match (*http).phase.get() {
            // An answer on its way belongs to the request before.
            Phase::Idle | Phase::Send if sends => None,
            Phase::Idle | Phase::Send => is_over(&deadlines.idle, since, now).then_some(Over::Idle),
            // The program lets the client wait, not the other way round.
            Phase::Body if Connection::from_c(conn).is_paused() => None,
            Phase::Head => late(is_over(&deadlines.head, since, now)),
            Phase::Body => {
                let slow = rate::is_over(http, server, SLACK_MS, now);
                late(slow || is_over(&deadlines.body, since, now))
            }
            Phase::Answer => {
                let last = deferred::last_use((*http).deferred.get(), since);
                let begun = deferred::has_begun((*http).deferred.get());
                let how = if begun { Over::Cut } else { Over::Answer(SERVICE_UNAVAILABLE) };
                is_over(&deadlines.answer, last, now).then_some(how)
            }
        }
    }
}

/// A request that takes too long.
fn late(is_over: bool) -> Option<Over> {
    is_over.then_some(Over::Answer(REQUEST_TIMEOUT))
}

/// Ends a connection that is over a deadline.
///
/// # Safety
/// An open connection of an HTTP server, on its thread, after its turn.
pub unsafe fn judge(conn: *mut tcp_connection) {
    // SAFETY: as said.
    unsafe {
        let (server, http) = (server_state::of(conn), connection::of(conn));
        if server.is_null() || http.is_null() {
            return;
        }
        let Some(over) = over(conn, &*server, http, clock::now_ms() as u32) else {
            return;
        };
        (*server).counts.timeouts.fetch_add(1, Relaxed);
        match over {
            Over::Idle => close_after_send(conn, false),
            Over::Cut => Connection::from_c(conn).cut(libc::ETIMEDOUT),
            Over::Answer(status) => {
                refuse::turn_away(conn, status);
                (*server).answered(status);
            }
        }
    }
}
