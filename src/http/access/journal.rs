//! What the access log needs of a connection: its peer, and the request that has had no entry yet.

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
/// The least room for their copies; much more isn't kept from one request to the next.
const ROOM: usize = 512;
const KEPT: usize = 4096;

/// What was sent: the status, 0 if none, and bytes of the body.
pub type Sent = (Status, u64);

/// Why a request hasn't had its entry yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// There is no such request, or it is being answered.
    No,
    /// A deferred response is outstanding.
    ForAnswer,
    /// The client hasn't taken all of a file.
    ForFile,
}

pub struct Journal {
    /// The texts of the request that has had no entry; NULL for what it doesn't have.
    texts: Cell<[*const c_char; TEXTS]>,
    /// The memory of the copies.
    room: RefCell<Bytes>,
    /// When the first bytes of the request were there, in microseconds of the monotonic clock; 0 while
    /// there are none. And when it was turned away; 0 if it wasn't.
    began: Cell<u64>,
    ended: Cell<u64>,
    waits: Cell<Waits>,
    /// How much of the awaited response was given to the connection.
    sent: Cell<Sent>,
    /// The status that the library answered with in place of the program; 0 if it didn't.
    turned_away: Cell<Status>,
    peer: [c_char; address::TEXT],
}

/// Microseconds of the monotonic clock.
fn now_us() -> u64 {
    (clock::now_ns() / 1000) as u64
}

/// An entry that is due: what was sent, and whether the response isn't whole.
pub struct Due {
    pub sent: Sent,
    pub cut: bool,
}

impl Journal {
    /// None when memory is out.
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

    /// The first bytes of a request may be there: its time begins, unless it has begun.
    pub fn begin(&self) {
        if self.began.get() == 0 {
            self.began.set(now_us());
        }
    }

    /// Copies what the entry says about a request; nothing if memory is out.
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
                // The room isn't moved meanwhile: all of the texts fit.
                *kept = room.as_ptr().wrapping_add(start).cast_const().cast();
            }
        }
        self.texts.set(texts);
    }

    /// The response was deferred: whatever becomes of it, there will be an entry.
    pub fn wait_for_answer(&self) {
        self.waits.set(Waits::ForAnswer);
    }

    /// The client has gone, or the connection ends, before a deferred response was given: so much was sent.
    pub fn give_up(&self, sent: Sent) {
        self.sent.set(sent);
    }

    /// All of a response was given to the connection, but its file isn't sent.
    pub fn wait_for_file(&self, sent: Sent) {
        self.waits.set(Waits::ForFile);
        self.sent.set(sent);
    }

    /// Whether the entry comes when a file has been sent.
    pub fn waits_for_file(&self) -> bool {
        self.waits.get() == Waits::ForFile
    }

    /// The library has answered with an error in place of the program. The request of a deferred response may be in
    /// use on another thread, but was copied when the response was deferred.
    pub fn turn_away(&self, request: Option<&Request>, status: Status) {
        if self.waits.get() == Waits::No {
            self.take_down(request);
        }
        self.turned_away.set(status);
        self.ended.set(now_us());
    }

    /// The outstanding entry of the last response, when the connection ends or has sent everything. `left`: bytes
    /// of a file that weren't sent.
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

    /// The request has had its entry.
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
