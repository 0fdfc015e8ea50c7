//! The settings and counters of an HTTP server, its start and its end.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::abi::types::{
    yolanda_http_access_callback, yolanda_http_head_callback, yolanda_http_stats,
};
use crate::http::access::Log;
use crate::http::message::handler::Wish;
use crate::http::message::head_hook::Hook;
use crate::http::server::server_state::HttpServer;
use crate::http::wire::limits::Limits;
use crate::reactor::tcp_server::Server;

/// Deadlines in milliseconds; 0 means none.
pub struct DeadlineSet {
    pub idle: i64,
    pub head: i64,
    pub body: i64,
    pub answer: i64,
    pub write: i64,
}

/// The maximum size of requests; 0 means the default.
pub struct LimitSet {
    pub line: usize,
    pub head: usize,
    pub headers: usize,
    pub body: usize,
}

/// A duration for deadlines: at most half the range of the clock's lower 32 bits.
fn milliseconds(ms: i64) -> Result<u32, c_int> {
    i32::try_from(ms).ok().and_then(|ms| u32::try_from(ms).ok()).ok_or(libc::EINVAL)
}

impl HttpServer {
    fn tcp(&self) -> &Server {
        // SAFETY: the TCP server frees this one with itself, and a program doesn't change the field.
        unsafe { Server::from_public(self.public.tcpServer.get()) }
    }

    /// Whether the calling thread is that of the server's loop.
    pub fn is_own_thread(&self) -> bool {
        self.tcp().is_own_thread()
    }

    /// Whether the server has ever been started; its routes and hooks don't change afterwards.
    pub fn has_started(&self) -> bool {
        self.tcp().has_started()
    }

    /// Whether its owner has freed it, so that it exists only for its connections.
    pub fn is_freed(&self) -> bool {
        self.tcp().is_freed()
    }

    /// Starts the server. Err with errno.
    pub fn start(&self) -> Result<(), c_int> {
        self.tcp().start()
    }

    /// Starts the server like the original: failures are logged.
    pub fn start_or_renew(&self) {
        self.tcp().start_or_renew();
    }

    /// Frees the server with its TCP server. On failure, Err with errno, it remains.
    ///
    /// # Safety
    /// Called once by the owner, who uses neither of them after success.
    pub unsafe fn free(&self) -> Result<(), c_int> {
        // SAFETY: by contract the owner doesn't use the TCP server, which frees this one, afterwards.
        unsafe { Server::free(NonNull::from(self.tcp())) }
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

    /// Sets the minimum rate of bodies in bytes per second, and the milliseconds of grace before it counts.
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
        // The indices of a buffer are ints.
        if all.iter().any(|&(_, value, _)| value > (1 << 30)) {
            return Err(libc::EINVAL);
        }
        for (place, value, default) in all {
            place.store(if value == 0 { default } else { value } as u32, Relaxed);
        }
        self.bodies.suit(l.body.load(Relaxed) as usize);
        Ok(())
    }

    /// The maximum number of bytes of bodies that the server holds at once; 0 means the default.
    pub fn set_max_body_memory(&self, bytes: usize) {
        self.bodies.set_most(bytes, self.limits.body.load(Relaxed) as usize);
    }

    /// The number of requests after which a connection ends; 0 means never.
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

    /// Sets the head callback for requests with a body. Err with errno: EBUSY.
    pub fn set_head_hook(
        &self,
        callback: yolanda_http_head_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        if callback.is_some() {
            self.asks.store(true, Relaxed);
        }
        self.head.set(Hook { callback, data });
        Ok(())
    }

    /// Sets the head callback of a route. Err with errno: EBUSY, EINVAL, ENOENT, ENOMEM.
    pub fn set_route_head(&self, method: &[u8], pattern: &[u8], hook: Hook) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        self.routes.set_head(method, pattern, hook)?;
        if hook.is_some() {
            self.asks.store(true, Relaxed);
        }
        Ok(())
    }

    /// Adds a route; an empty method stands for any. Err with errno: EBUSY, EINVAL for an invalid pattern,
    /// EEXIST, ENOMEM; on failure the caller still owns the data of `wish`.
    pub fn add_route(&self, method: &[u8], pattern: &[u8], wish: Wish) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        // SAFETY: a server that hasn't started has no connections, and only those use the routes.
        unsafe { self.routes.add(method, pattern, wish) }
    }

    /// Sets the access log's callback. Err with errno: EBUSY.
    pub fn set_access_log(
        &self,
        callback: yolanda_http_access_callback,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        if self.has_started() {
            return Err(libc::EBUSY);
        }
        self.log.set(callback.is_some().then(|| Log::new(callback, data)));
        Ok(())
    }
}
