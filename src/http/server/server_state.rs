//! The object of a public `struct http_server`: limits, deadlines, counters.

use core::cell::Cell;
use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::{NonNull, drop_in_place, null, null_mut};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::abi::types::{http_server, request_callback};
use crate::http::access::Log;
use crate::http::message::bodies::Bodies;
use crate::http::message::head_hook::Hook;
use crate::http::message::http_response::Response;
use crate::http::message::request::Request;
use crate::http::route;
use crate::http::route::table::Routes;
use crate::http::wire::limits::Limits;
use crate::http::wire::status::Status;
use crate::reactor::tcp_connection::Connection;

/// The public struct comes first, so that the pointers are the same. The fields are written on the server's
/// thread and read on all threads that serve. Those that aren't atomic change only before the start, which makes
/// them visible to the threads.
#[repr(C)]
pub struct HttpServer {
    pub public: http_server,
    pub deadlines: Deadlines,
    pub body_rate: BodyRate,
    pub limits: AtomicLimits,
    /// The maximum number of requests per connection; 0 means any number.
    pub max_requests: AtomicU32,
    pub counts: Counts,
    /// If there are none, the callback answers all requests.
    pub routes: Routes,
    pub log: Cell<Option<Log>>,
    pub head: Cell<Hook>,
    /// There is a head callback, of the server or of a route.
    pub asks: AtomicBool,
    pub bodies: Bodies,
}

/// Milliseconds; 0 means none.
pub struct Deadlines {
    /// Between requests, and before the first.
    pub idle: AtomicU32,
    /// For the whole request line and headers.
    pub head: AtomicU32,
    /// Between bytes of the body.
    pub body: AtomicU32,
    /// For a deferred response, or between its parts.
    pub answer: AtomicU32,
    /// While the client receives nothing.
    pub write: AtomicU32,
}

pub struct AtomicLimits {
    pub line: AtomicU32,
    pub head: AtomicU32,
    pub headers: AtomicU32,
    pub body: AtomicU32,
}

/// The minimum rate of bodies.
pub struct BodyRate {
    /// Milliseconds that a body has before its rate counts.
    pub grace: AtomicU32,
    /// Bytes per second; 0 means any rate.
    pub least: AtomicU32,
}

#[derive(Default)]
pub struct Counts {
    pub requests: AtomicU64,
    /// By the first digit of the status, starting from 2.
    pub responses: [AtomicU64; 4],
    /// Connections that a deadline has ended.
    pub timeouts: AtomicU64,
}

const IDLE_MS: u32 = 75_000;
const OTHER_MS: u32 = 60_000;
const GRACE_MS: u32 = 20_000;
const BYTES_PER_SECOND: u32 = 500;

/// A server's memory, from malloc. None if out of memory.
pub fn allocate(callback: request_callback) -> Option<NonNull<HttpServer>> {
    let ms = AtomicU32::new;
    let default = Limits::DEFAULT;
    // SAFETY: malloc accepts any size.
    let place = unsafe { libc::malloc(size_of::<HttpServer>()) };
    let place = NonNull::new(place.cast::<HttpServer>())?;
    let server = HttpServer {
        public: http_server {
            tcpServer: Cell::new(null_mut()),
            requestCallback: Cell::new(callback),
        },
        deadlines: Deadlines {
            idle: ms(IDLE_MS),
            head: ms(OTHER_MS),
            body: ms(OTHER_MS),
            answer: ms(OTHER_MS),
            write: ms(OTHER_MS),
        },
        body_rate: BodyRate { grace: ms(GRACE_MS), least: AtomicU32::new(BYTES_PER_SECOND) },
        limits: AtomicLimits {
            line: AtomicU32::new(default.line as u32),
            head: AtomicU32::new(default.head as u32),
            headers: AtomicU32::new(default.headers as u32),
            body: AtomicU32::new(default.body as u32),
        },
        max_requests: AtomicU32::new(0),
        counts: Counts::default(),
        routes: Routes::new(),
        log: Cell::new(None),
        head: Cell::new(Hook::NONE),
        asks: AtomicBool::new(false),
        bodies: Bodies::new(),
    };
    // SAFETY: new memory of that size.
    unsafe { place.write(server) };
    Some(place)
}

/// Frees a server's memory and its routes.
///
/// # Safety
/// `block` is that of a server that isn't used any more.
pub unsafe fn dispose(block: *mut c_void) {
    // SAFETY: `allocate` got it from malloc, and by contract it is freed once.
    unsafe {
        drop_in_place(block.cast::<HttpServer>());
        libc::free(block);
    }
}

impl HttpServer {
    /// The server of a connection. None if it has none.
    pub fn of(conn: &Connection) -> Option<&HttpServer> {
        // SAFETY: the server stores its pointer there for its connections, and a connection keeps its server,
        // including the HTTP server based on it.
        unsafe { conn.public.data.get().cast::<HttpServer>().as_ref() }
    }

    pub fn limits(&self) -> Limits {
        let read = |value: &AtomicU32| value.load(Relaxed) as usize;
        Limits {
            line: read(&self.limits.line),
            head: read(&self.limits.head),
            headers: read(&self.limits.headers),
            body: read(&self.limits.body).min(self.bodies.most()) as u64,
            ask: true,
            parts: false,
        }
    }

    /// The counter of request bodies of a server; NULL without one.
    pub fn bodies_of(server: Option<&HttpServer>) -> *const Bodies {
        server.map_or(null(), |server| &raw const server.bodies)
    }

    /// Whether a connection with this many requests may make no more.
    pub fn is_last(&self, requests: u32) -> bool {
        let most = self.max_requests.load(Relaxed);
        most > 0 && requests >= most
    }

    /// Counts a request that is passed to its handler.
    pub fn count_request(&self) {
        self.counts.requests.fetch_add(1, Relaxed);
    }

    /// Counts a response.
    pub fn count_response(&self, status: Status) {
        let class = (status / 100).checked_sub(2).map_or(3, |class| class.min(3));
        if let Some(counter) = self.counts.responses.get(class as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// Answers a request with its route, the server's callback, or the library's own response.
    pub fn handle(&self, request: &Request, response: &Response) {
        let callback = self.public.requestCallback.get();
        if !self.routes.is_empty() {
            route::answer(&self.routes, callback, request, response);
        } else if let Some(callback) = callback {
            // SAFETY: the program's callback gets what its header promises: a complete request, and a response to
            // fill in. Both stay valid until it has returned.
            unsafe { callback(request.as_c(), response.as_c()) };
        }
    }
}
