//! A connection's state for the access log: its peer, and the request that has no entry yet.

#![forbid(unsafe_code)]

use core::cell::{Cell, RefCell};
use core::ffi::c_char;
use core::ptr::{null, null_mut};

use crate::abi::types::yolanda_http_access;
use crate::http::message::request::Request;
use crate::http::wire::status::{Status, reason};
use crate::reactor::tcp_connection::Connection;
use crate::sys::address::Address;
use crate::sys::pool::{Bytes, Owned};
use crate::sys::{address, clock};

/// Method, URL, version, Referer, User-Agent.
const TEXTS: usize = 5;
/// The minimum size of the buffer for their copies. A buffer of more than KEPT bytes isn't kept for the next
/// request.
const ROOM: usize = 512;
const KEPT: usize = 4096;

/// The status that was sent, 0 if none, and the number of bytes of the body.
pub type Sent = (Status, u64);

/// Why a request has no entry yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// There is no such request, or it is being answered.
    No,
    /// A deferred response is outstanding.
    ForAnswer,
    /// The client hasn't received all of a file.
    ForFile,
}

pub struct Journal {
    /// The texts of the request that has no entry yet; NULL for missing ones.
    texts: Cell<[*const c_char; TEXTS]>,
    /// The buffer for the copies.
    room: RefCell<Bytes>,
    /// When the first bytes of the request were seen, in microseconds of the monotonic clock; 0 if none were.
    /// Below: when it was answered by the library instead of the program; 0 if it wasn't.
    began: Cell<u64>,
    ended: Cell<u64>,
    waits: Cell<Waits>,
    /// How much of the awaited response was passed to the connection.
    sent: Cell<Sent>,
    /// The status with which the library answered instead of the program; 0 if it didn't.
    turned_away: Cell<Status>,
    peer: [c_char; address::TEXT],
}

/// The monotonic clock in microseconds.
fn now_us() -> u64 {
    (clock::now_ns() / 1000) as u64
}

/// An entry that is due: what was sent, and whether the response is incomplete.
pub struct Due {
    pub sent: Sent,
    pub cut: bool,
}

impl Journal {
    /// None if out of memory.
    pub fn new(conn: &Connection) -> Option<Owned<Journal>> {
        let mut peer = [0u8; address::TEXT];
        if let Ok(address) = conn.ask(Address::of_peer) {
            address.format(&mut peer);
        }
        let journal = Owned::new(Journal {
            texts: Cell::new([null(); TEXTS]),
            room: RefCell::new(Bytes::new()),
            began: Cell::new(0),
            ended: Cell::new(0),
            waits: Cell::new(Waits::No),
            sent: Cell::new((0, 0)),
            turned_away: Cell::new(0),
            peer: peer.map(|byte| byte as c_char),
        });
        if journal.is_none() {
            log_err!("http server: no memory for the access log");
        }
        journal
    }

    /// Starts the time of a request whose first bytes may have arrived, unless it has been started.
    pub fn begin(&self) {
        if self.began.get() == 0 {
            self.began.set(now_us());
        }
    }

    /// Copies what the entry reports about a request. Does nothing if out of memory.
    pub fn take_down(&self, request: Option<&Request>) {
        self.texts.set([null(); TEXTS]);
        let Some(request) = request else {
            return;
        };
        let public = request.public();
        let header = |name| request.values(name).next().unwrap_or(null_mut());
        let all = [
            (public.method.get(), request.method()),
            (public.url.get(), request.url()),
            (public.version.get(), request.version()),
            (header(b"referer"), request.first_value(b"referer")),
            (header(b"user-agent"), request.first_value(b"user-agent")),
        ];
        let needed = all.iter().map(|(_, text)| text.len() + 1).sum::<usize>();
        let mut room = self.room.borrow_mut();
        room.clear();
        if needed > room.capacity() {
            *room = Bytes::new();
            if room.reserve(needed.max(ROOM)).is_none() {
                return;
            }
        }
        let mut texts = [null(); TEXTS];
        for (kept, (given, text)) in texts.iter_mut().zip(all) {
            if !given.is_null() {
                let start = room.bytes().len();
                if room.append(text).and_then(|()| room.append(b"\0")).is_none() {
                    return;
                }
                // The buffer isn't moved in between, because all texts fit.
                *kept = room.as_ptr().wrapping_add(start).cast_const().cast();
            }
        }
        self.texts.set(texts);
    }

    /// The response was deferred. In any case there will be an entry.
    pub fn wait_for_answer(&self) {
        self.waits.set(Waits::ForAnswer);
    }

    /// Records how much was sent of a deferred response whose client has gone or whose connection is ending.
    pub fn give_up(&self, sent: Sent) {
        self.sent.set(sent);
    }

    /// The whole response was passed to the connection, but its file hasn't been sent.
    pub fn wait_for_file(&self, sent: Sent) {
        self.waits.set(Waits::ForFile);
        self.sent.set(sent);
    }

    /// Whether the entry is made when a file has been sent.
    pub fn waits_for_file(&self) -> bool {
        self.waits.get() == Waits::ForFile
    }

    /// The library has answered with an error instead of the program. Another thread may be using the request of
    /// a deferred response, but its texts were copied when the response was deferred.
    pub fn turn_away(&self, request: Option<&Request>, status: Status) {
        if self.waits.get() == Waits::No {
            self.take_down(request);
        }
        self.turned_away.set(status);
        self.ended.set(now_us());
    }

    /// The outstanding entry of the last response, when the connection ends or has sent everything. `left` is the
    /// number of bytes of a file that weren't sent.
    pub fn due(&self, left: u64) -> Option<Due> {
        let (status, bytes) = self.sent.get();
        match (self.turned_away.get(), self.waits.get()) {
            (0, Waits::No) => None,
            (0, Waits::ForFile) => {
                Some(Due { sent: (status, bytes.saturating_sub(left)), cut: left > 0 })
            }
            (0, Waits::ForAnswer) => Some(Due { sent: (status, bytes), cut: true }),
            (status, _) => Some(Due { sent: (status, reason(status).len() as u64), cut: false }),
        }
    }

    /// The entry of the request. It is valid until the journal changes.
    pub fn entry(
        &self,
        conn: &Connection,
        request: Option<&Request>,
        (status, bytes): Sent,
        cut: bool,
    ) -> yolanda_http_access {
        let now = now_us();
        let ended = if self.ended.get() == 0 { now } else { self.ended.get() };
        let began = if self.began.get() == 0 { ended } else { self.began.get() };
        let age = now.saturating_sub(began);
        let [method, url, version, referer, user_agent] = self.texts.get();
        yolanda_http_access {
            peer: self.peer.as_ptr(),
            method,
            url,
            version,
            referer,
            user_agent,
            status: status as i32,
            cut: i32::from(cut),
            body_bytes: bytes,
            began_us: clock::wall_us().saturating_sub(age as i64),
            duration_us: ended.saturating_sub(began) as i64,
            request: request.map_or(null_mut(), Request::as_c),
            connection: conn.as_c(),
        }
    }

    /// The entry of the request was made.
    pub fn forget_request(&self) {
        let mut room = self.room.borrow_mut();
        if room.capacity() > KEPT {
            *room = Bytes::new();
        }
        self.texts.set([null(); TEXTS]);
        self.began.set(0);
        self.ended.set(0);
        self.turned_away.set(0);
        self.waits.set(Waits::No);
        self.sent.set((0, 0));
    }
}
