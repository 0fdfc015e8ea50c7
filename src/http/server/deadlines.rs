//! Deadlines. Each loop checks all of its HTTP connections periodically. So a connection needs no timer, which
//! would cost more, because it would have to be restarted for each request.

use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{protocol, rate, refuse};
use crate::abi::types::event_loop;
use crate::http::server::connection::Http;
use crate::http::server::finish::{self, Unanswered};
use crate::http::server::phase::Phase;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::status::{REQUEST_TIMEOUT, SERVICE_UNAVAILABLE, Status};
use crate::reactor::event_loop::state::Loop;
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::lists;
use crate::sys::clock;

/// The longest pause between two checks.
const PAUSE_MS: u32 = 1000;
/// The shortest pause.
const LEAST_MS: u32 = 10;
/// The maximum lag of the coarse clock.
const SLACK_MS: u32 = 10;

/// An HTTP connection was registered with its loop, whose thread this is.
pub fn registered(conn: &Connection) {
    let l = conn.event_loop();
    if l.attachment_timer.get() == 0 {
        let pause = HttpServer::of(conn).map_or(PAUSE_MS, |server| pause_of(server, PAUSE_MS));
        start_timer(l, pause);
    }
}

/// Schedules the next check of a loop's connections.
fn start_timer(l: &Loop, pause: u32) {
    l.attachment_timer.set(l.start_timer(i64::from(pause), 0, Some(on_time), null_mut()));
}

/// The pause until the next check, at most `longest`, so that no deadline of a server is missed by much.
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
    // SAFETY: the loop that runs the timer.
    let own = unsafe { Loop::from_c(l) };
    let now = clock::now_ms() as u32;
    let mut pause = PAUSE_MS;
    let mut any = false;
    let mut look = |conn: &Connection| {
        if conn.has_closed() || !protocol::serves(conn) {
            return;
        }
        any = true;
        let (Some(server), Some(http)) = (HttpServer::of(conn), Http::of(conn)) else {
            return;
        };
        pause = pause_of(server, pause);
        if over(conn, server, http, now).is_some() {
            conn.judge_soon();
        }
    };
    // The program isn't called here: connections are closed later in the iteration.
    lists::roster(own).each(&mut look);
    own.attachment_timer.set(0);
    if any {
        start_timer(own, pause);
    }
}

/// Whether a deadline that began at `since` has passed; a deadline of 0 never does.
fn is_over(deadline: &AtomicU32, since: u32, now: u32) -> bool {
    let deadline = deadline.load(Relaxed);
    let passed = now.wrapping_sub(since) as i32;
    deadline > 0 && i64::from(passed) > i64::from(deadline) + i64::from(SLACK_MS)
}

/// The consequence of a missed deadline.
enum Over {
    /// No request is in progress: the connection closes.
    Idle,
    /// The client gets this response, and the connection closes.
    Answer(Status),
    /// The connection is aborted.
    Cut,
}

/// Whether a connection has missed one of its deadlines.
fn over(conn: &Connection, server: &HttpServer, http: &Http, now: u32) -> Option<Over> {
    let deadlines = &server.deadlines;
    // Whether the client receives anything is noticed from one check to the next.
    let sends = conn.is_sending();
    let taken = if sends { conn.taken() } else { 0 };
    if !sends || http.taken.get() != taken {
        http.taken.set(taken);
        http.written.set(now);
    }
    if sends && is_over(&deadlines.write, http.written.get(), now) {
        return Some(Over::Cut);
    }
    if conn.is_ending() {
        // The connection lingers before it closes, for which the reactor has its own limit.
        return None;
    }
    if http.is_served() {
        // A callback runs the loop, so the client waits for the program and not the other way round.
        http.since.set(now);
        return None;
    }
    let deferred = http.deferred();
    if http.phase.get() == Phase::Answer
        && http.has_paused()
        && let Some(deferred) = deferred
    {
        deferred.look_for_end();
    }
    let since = http.since.get();
    match http.phase.get() {
        // The response being sent belongs to the previous request.
        Phase::Idle | Phase::Send if sends => None,
        Phase::Idle | Phase::Send => is_over(&deadlines.idle, since, now).then_some(Over::Idle),
        // The program makes the client wait and not the other way round.
        Phase::Body if conn.is_paused() => None,
        Phase::Head => late(is_over(&deadlines.head, since, now)),
        Phase::Body => {
            let slow = rate::is_over(http, server, SLACK_MS, now);
            late(slow || is_over(&deadlines.body, since, now))
        }
        Phase::Answer => {
            let last = deferred.map_or(since, |deferred| deferred.last_use(since));
            let begun = deferred.is_some_and(|deferred| deferred.has_begun());
            let how = if begun { Over::Cut } else { Over::Answer(SERVICE_UNAVAILABLE) };
            is_over(&deadlines.answer, last, now).then_some(how)
        }
    }
}

/// The response to a request that takes too long.
fn late(is_over: bool) -> Option<Over> {
    is_over.then_some(Over::Answer(REQUEST_TIMEOUT))
}

/// Ends an open connection that still misses a deadline after its turn.
pub fn judge(conn: &Connection) {
    let (Some(server), Some(http)) = (HttpServer::of(conn), Http::of(conn)) else {
        return;
    };
    let Some(over) = over(conn, server, http, clock::now_ms() as u32) else {
        return;
    };
    finish::unanswered(conn, Unanswered::TimedOut);
    match over {
        Over::Idle => conn.close_after_send(false),
        Over::Cut => conn.cut(libc::ETIMEDOUT),
        Over::Answer(status) => refuse::turn_away(conn, status),
    }
}
