//! What stands behind the public `struct http_server`: limits, deadlines, counts.

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::cell::Cell;

use super::head;
use crate::abi::types::{http_server, request_callback, tcp_connection};
use crate::http::access;
use crate::http::access::Log;
use crate::http::message::bodies::Bodies;
use crate::http::message::head_hook::Hook;
use crate::http::route::table;
use crate::http::route::table::Pattern;
use crate::http::server::rate::Terms;
use crate::http::wire::limits::Limits;

/// The public struct first, so that the pointers are the same. Written on the server's thread, read by
/// all that serve.
#[repr(C)]
pub struct HttpServer {
    pub public: http_server,
    pub deadlines: Deadlines,
    pub body_rate: Terms,
    pub limits: AtomicLimits,
    /// Requests that one connection may make; 0: any number.
    pub max_requests: AtomicU32,
    pub counts: Counts,
    /// NULL: none, all goes to the callback. Changed before the start only.
    pub routes: AtomicPtr<Pattern>,
    /// NULL: none. Changed before the start only.
    pub log: AtomicPtr<Log>,
    /// NULL: none. Changed before the start only.
    pub head: AtomicPtr<Hook>,
    /// There is a head callback, here or of a route. Changed before the start only.
    pub asks: AtomicBool,
    pub bodies: Bodies,
}

/// Milliseconds; 0: none.
pub struct Deadlines {
    /// Between requests, and before the first.
    pub idle: AtomicU32,
    /// For all of a request line and headers.
    pub head: AtomicU32,
    /// Without a byte of the body.
    pub body: AtomicU32,
    /// For a deferred response, or without a part of it.
    pub answer: AtomicU32,
    /// Without a byte that the client takes.
    pub write: AtomicU32,
}

pub struct AtomicLimits {
    pub line: AtomicU32,
    pub head: AtomicU32,
    pub headers: AtomicU32,
    pub body: AtomicU32,
}

#[derive(Default)]
pub struct Counts {
    pub requests: AtomicU64,
    /// By the first digit of the status, from 2.
    pub responses: [AtomicU64; 4],
    /// Connections that a deadline has ended.
    pub timeouts: AtomicU64,
}

const IDLE_MS: u32 = 75_000;
const OTHER_MS: u32 = 60_000;

/// A server's memory, from malloc; NULL when that is out.
pub fn allocate(callback: request_callback) -> *mut HttpServer {
    let ms = AtomicU32::new;
    let default = Limits::DEFAULT;
    // SAFETY: fresh memory is written at once.
    unsafe {
        let server: *mut HttpServer = libc::malloc(size_of::<HttpServer>()).cast();
        if !server.is_null() {
            server.write(HttpServer {
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
                body_rate: Terms::default(),
                limits: AtomicLimits {
                    line: AtomicU32::new(default.line as u32),
                    head: AtomicU32::new(default.head as u32),
                    headers: AtomicU32::new(default.headers as u32),
                    body: AtomicU32::new(default.body as u32),
                },
                max_requests: AtomicU32::new(0),
                counts: Counts::default(),
                routes: AtomicPtr::new(null_mut()),
                log: AtomicPtr::new(null_mut()),
                head: AtomicPtr::new(null_mut()),
                asks: AtomicBool::new(false),
                bodies: Bodies::new(),
            });
        }
        server
    }
}

/// Frees a server's memory, and what its routes hold.
///
/// # Safety
/// The block is that of a server which nobody uses any more.
pub unsafe fn dispose(block: *mut c_void) {
    let server: *mut HttpServer = block.cast();
    // SAFETY: as said; it came from malloc.
    unsafe {
        table::free(&(*server).routes);
        access::free((*server).log.load(Relaxed));
        head::free((*server).head.load(Relaxed));
        libc::free(block);
    }
}

/// The server of a connection; NULL where it has none.
///
/// # Safety
/// `conn` is a live connection of an HTTP server.
pub unsafe fn of(conn: *mut tcp_connection) -> *mut HttpServer {
    // SAFETY: the server set it as its connections' data.
    unsafe { (*conn).data.get().cast() }
}

/// What counts the bodies that come over a connection; NULL where it has no server.
///
/// # Safety
/// NULL, or a live connection of an HTTP server. The result is good as long as the connection's memory.
pub unsafe fn bodies(conn: *mut tcp_connection) -> *const Bodies {
    // SAFETY: as said; a connection keeps its server.
    unsafe {
        let server = if conn.is_null() { null_mut() } else { of(conn) };
        if server.is_null() { null() } else { &raw const (*server).bodies }
    }
}

impl HttpServer {
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

    /// A response was written.
    pub fn answered(&self, status: u32) {
        let class = (status / 100).checked_sub(2).map_or(3, |class| class.min(3));
        if let Some(counter) = self.counts.responses.get(class as usize) {
            counter.fetch_add(1, Relaxed);
        }
    }
}
