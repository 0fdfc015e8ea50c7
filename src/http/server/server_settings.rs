//! What a program sets and asks of an HTTP server, its start and its end.

use core::ffi::c_int;
use core::mem::size_of;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::abi::types::{
    TCPserver, yolanda_http_access_callback, yolanda_http_head_callback, yolanda_http_stats,
};
use crate::http::access::{self, Log};
use crate::http::message::head_hook::Hook;
use crate::http::route::table::{self, Wish};
use crate::http::server::head;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::Limits;
use crate::reactor::event_loop::owner::on_owner;
use crate::reactor::tcp_server::{
    has_started, is_freed, tcp_server_start, yolanda_server_free, yolanda_server_start,
};
use crate::sys::pool;

/// Deadlines, in milliseconds; 0: none.
pub struct DeadlineSet {
    pub idle: i64,
    pub head: i64,
    pub body: i64,
    pub answer: i64,
    pub write: i64,
}

/// How large requests may be; 0 stands for the default.
pub struct LimitSet {
    pub line: usize,
    pub head: usize,
    pub headers: usize,
    pub body: usize,
}

/// A time for deadlines: half the range of the clock's lower 32 bits at most.
fn milliseconds(ms: i64) -> Result<u32, c_int> {
    i32::try_from(ms).ok().and_then(|ms| u32::try_from(ms).ok()).ok_or(libc::EINVAL)
}

impl HttpServer {
    fn tcp(&self) -> *mut TCPserver {
        self.public.tcpServer.get()
    }

    /// Whether the calling thread is that of the server's loop.
    pub fn is_own_thread(&self) -> bool {
        // SAFETY: the TCP server is freed after this one, and its loop after both.
        unsafe { on_owner((*self.tcp()).eventLoop.get()) }
    }

    /// Whether the server was started once; its routes and hooks don't change from then on.
    pub fn has_started(&self) -> bool {
        // SAFETY: the TCP server is freed after this one.
        unsafe { has_started(self.tcp()) }
    }

    /// Whether its owner has freed it, so that only connections keep it.
    pub fn is_freed(&self) -> bool {
        // SAFETY: the TCP server is freed after this one.
        unsafe { is_freed(self.tcp()) }
    }

    /// 0, or -1 with errno.
    pub fn start(&self) -> c_int {
        // SAFETY: the TCP server is freed after this one; it looks itself which thread calls.
        unsafe { yolanda_server_start(self.tcp()) }
    }

    /// Starts the server as the original does: an error ends the process.
    pub fn start_or_exit(&self) {
        // SAFETY: the TCP server is freed after this one; it looks itself which thread calls.
        unsafe { tcp_server_start(self.tcp()) }
    }

    /// Frees the server with its TCP server: 0, or -1 with errno, and it stays.
    ///
    /// # Safety
    /// On 0 nobody uses the server any more but its connections.
    pub unsafe fn free(&self) -> c_int {
        // SAFETY: the caller gives up both, of which the TCP server frees this one.
        unsafe { yolanda_server_free(self.tcp()) }
    }

    pub fn set_deadlines(&self, set: &DeadlineSet) -> Result<(), c_int> {
        let d = &self.deadlines;
        let all = [
            (&d.idle, milliseconds(set.idle)?),
            (&d.head, milliseconds(set.head)?),
            (&d.body, milliseconds(set.body)?),
            (&d.answer, milliseconds(set.answer)?),
            (&d.write, milliseconds(set.write)?),
        ];
        for (place, ms) in all {
            place.store(ms, Relaxed);
        }
        Ok(())
    }

    /// How fast bodies have to come, in bytes per second, after so many milliseconds of grace.
    pub fn set_body_rate(&self, grace_ms: i64, bytes_per_second: i64) -> Result<(), c_int> {
        let least = u32::try_from(bytes_per_second).map_err(|_| libc::EINVAL)?;
        let grace = milliseconds(grace_ms)?;
        if least > 0 && grace == 0 {
            return Err(libc::EINVAL);
        }
        self.body_rate.grace.store(grace, Relaxed);
        self.body_rate.least.store(least, Relaxed);
        Ok(())
    }

    pub fn set_limits(&self, set: &LimitSet) -> Result<(), c_int> {
        let default = Limits::DEFAULT;
        let l = &self.limits;
        let all: [(&AtomicU32, usize, usize); 4] = [
            (&l.line, set.line, default.line),
            (&l.head, set.head, default.head),
            (&l.headers, set.headers, default.headers),
            (&l.body, set.body, default.body as usize),
        ];
        // A buffer holds no more than an int says.
        if all.iter().any(|&(_, value, _)| value > (1 << 30)) {
            return Err(libc::EINVAL);
        }
        for (place, value, default) in all {
            place.store(if value == 0 { default } else { value } as u32, Relaxed);
        }
        self.bodies.suit(l.body.load(Relaxed) as usize);
        Ok(())
    }

    /// How many bytes of bodies the server may hold at once; 0 stands for the default.
    pub fn set_max_body_memory(&self, bytes: usize) {
        self.bodies.set_most(bytes, self.limits.body.load(Relaxed) as usize);
    }

    /// After how many requests a connection ends; 0: never.
    pub fn set_max_requests(&self, requests: c_int) -> Result<(), c_int> {
        let requests = u32::try_from(requests).map_err(|_| libc::EINVAL)?;
        self.max_requests.store(requests, Relaxed);
        Ok(())
    }

    pub fn stats(&self) -> yolanda_http_stats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        let [ok, elsewhere, client, server] = &self.counts.responses;
        yolanda_http_stats {
            requests: read(&self.counts.requests),
            responses_2xx: read(ok),
            responses_3xx: read(elsewhere),
            responses_4xx: read(client),
            responses_5xx: read(server),
            timeouts: read(&self.counts.timeouts),
        }
    }

    /// Whom to ask behind the heads of requests with a body. Err with errno: EBUSY, ENOMEM.
    pub fn set_head_hook(
        &self,
        callback: yolanda_http_head_callback,
        data: *mut core::ffi::c_void,
    ) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        let mut hook: *mut Hook = null_mut();
        if callback.is_some() {
            hook = pool::alloc(size_of::<Hook>()).cast();
            if hook.is_null() {
                return Err(libc::ENOMEM);
            }
            // SAFETY: fresh memory of that size.
            unsafe { hook.write(Hook { callback, data }) };
            self.asks.store(true, Relaxed);
        }
        // SAFETY: a server that hasn't started has no connections, which alone look at the hook.
        unsafe { head::free(self.head.swap(hook, Relaxed)) };
        Ok(())
    }

    /// Whom to ask behind the heads of a route's requests. Err with errno: EBUSY, EINVAL, ENOENT, ENOMEM.
    pub fn set_route_head(&self, method: &[u8], pattern: &[u8], hook: Hook) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        // SAFETY: the table of a server that hasn't started is its loop's thread's.
        unsafe { (*table::added(&self.routes, method, pattern)?).head = hook };
        if hook.is_some() {
            self.asks.store(true, Relaxed);
        }
        Ok(())
    }

    /// Adds a route; an empty method stands for any. Err with errno: EBUSY, EINVAL for what is no pattern, EEXIST,
    /// ENOMEM; then what was wished for stays the caller's.
    pub fn add_route(&self, method: &[u8], pattern: &[u8], wish: Wish) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        // SAFETY: the table of a server that hasn't started is its loop's thread's.
        unsafe { table::add(&self.routes, method, pattern, wish) }
    }

    /// Whom to tell of responses. Err with errno: EBUSY, ENOMEM.
    pub fn set_access_log(
        &self,
        callback: yolanda_http_access_callback,
        data: *mut core::ffi::c_void,
    ) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        let log = match callback.is_some() {
            true => Log::make(callback, data).ok_or(libc::ENOMEM)?,
            false => null_mut(),
        };
        // SAFETY: a server that hasn't started has no connections, which alone look at the log.
        unsafe { access::free(self.log.swap(log, Relaxed)) };
        Ok(())
    }
}
