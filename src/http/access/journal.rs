//! What the access log needs of a connection: its peer, and the request that has had no entry yet.

use core::ffi::c_char;
use core::mem::size_of;
use core::ptr::{null, null_mut};

use crate::abi::types::{http_request, tcp_connection, yolanda_http_access};
use crate::http::message::http_request::values;
use crate::http::message::request::Request;
use crate::http::wire::status::Status;
use crate::reactor::tcp_connection::Connection;
use crate::sys::address::Address;
use crate::sys::text::text;
use crate::sys::{address, clock, pool};

/// Method, URL, version, Referer, User-Agent.
const TEXTS: usize = 5;
/// The least room for their copies; much more isn't kept from one request to the next.
const ROOM: usize = 512;
const KEPT: usize = 4096;

pub struct Journal {
    /// Of the request that has had no entry: NULL where it has none, or no such header.
    texts: [*const c_char; TEXTS],
    room: *mut u8,
    size: usize,
    /// When the first bytes of the request were there, in microseconds of the monotonic clock; 0 while
    /// there are none. And when it was turned away; 0 if it wasn't.
    began: u64,
    ended: u64,
    /// A deferred response is outstanding, or the rest of a file; what of it was given to the connection.
    pub pending: bool,
    pub is_file: bool,
    pub status: Status,
    pub bytes: u64,
    /// The library's answer in place of the program's; 0 if there is none.
    pub turned_away: Status,
    peer: [c_char; address::TEXT],
}

/// Microseconds of the monotonic clock.
fn now_us() -> u64 {
    (clock::now_ns() / 1000) as u64
}

impl Journal {
    /// NULL when memory is out.
    ///
    /// # Safety
    /// `conn` is a live connection.
    pub unsafe fn make(conn: *mut tcp_connection) -> *mut Journal {
        // SAFETY: fresh memory is written at once; the text has room for any address.
        unsafe {
            let journal: *mut Journal = pool::alloc(size_of::<Journal>()).cast();
            if journal.is_null() {
                log_err!("http server: no memory for the access log");
                return null_mut();
            }
            journal.write(Journal {
                texts: [null(); TEXTS],
                room: null_mut(),
                size: 0,
                began: 0,
                ended: 0,
                pending: false,
                is_file: false,
                status: 0,
                bytes: 0,
                turned_away: 0,
                peer: [0; address::TEXT],
            });
            if let Ok(peer) = Connection::from_c(conn).ask(Address::of_peer) {
                let mut text = [0u8; address::TEXT];
                peer.format(&mut text);
                (*journal).peer = text.map(|byte| byte as c_char);
            }
            journal
        }
    }

    /// # Safety
    /// `journal` is NULL or one of `make` that nobody uses any more.
    pub unsafe fn free(journal: *mut Journal) {
        if !journal.is_null() {
            // SAFETY: as said.
            unsafe {
                (*journal).give_room_back();
                pool::free(journal.cast(), size_of::<Journal>());
            }
        }
    }

    fn give_room_back(&mut self) {
        self.texts = [null(); TEXTS];
        if !self.room.is_null() {
            // SAFETY: the room that `take_down` made, of that size; no text points into it any more.
            unsafe { pool::free(self.room, self.size) };
        }
        (self.room, self.size) = (null_mut(), 0);
    }

    pub fn begin(&mut self) {
        if self.began == 0 {
            self.began = now_us();
        }
    }

    pub fn turn_away(&mut self, status: Status) {
        self.turned_away = status;
        self.ended = now_us();
    }

    /// Copies what an entry says of a request. Without memory it says nothing of it.
    ///
    /// # Safety
    /// `request` is NULL or a live request, whose strings nobody changes meanwhile.
    pub unsafe fn take_down(&mut self, request: *mut Request) {
        self.texts = [null(); TEXTS];
        if request.is_null() {
            return;
        }
        // SAFETY: as said; the room holds all of the copies.
        unsafe {
            let public: *mut http_request = request.cast();
            let header = |name| values(public, name).next().unwrap_or(null_mut());
            let (referer, agent) = (header(b"referer"), header(b"user-agent"));
            let all = [
                (*public).method.get(),
                (*public).url.get(),
                (*public).version.get(),
                referer,
                agent,
            ];
            let needed = all.iter().map(|&one| text(one).len() + 1).sum::<usize>();
            if needed > self.size {
                self.give_room_back();
                let size = needed.max(ROOM);
                self.room = pool::alloc(size);
                if self.room.is_null() {
                    return;
                }
                self.size = size;
            }
            let mut place = self.room;
            for (kept, &given) in self.texts.iter_mut().zip(&all) {
                if !given.is_null() {
                    let bytes = text(given);
                    place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                    place.add(bytes.len()).write(0);
                    *kept = place.cast();
                    place = place.add(bytes.len() + 1);
                }
            }
        }
    }

    /// The entry of the request; it is good as long as the journal stays as it is.
    pub fn entry(
        &self,
        conn: *mut tcp_connection,
        request: *mut Request,
        status: Status,
        bytes: u64,
        cut: bool,
    ) -> yolanda_http_access {
        let now = now_us();
        let ended = if self.ended == 0 { now } else { self.ended };
        let began = if self.began == 0 { ended } else { self.began };
        let age = now.saturating_sub(began);
        let [method, url, version, referer, user_agent] = self.texts;
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
            request: request.cast(),
            connection: conn,
        }
    }

    /// The request has had its entry.
    pub fn forget_request(&mut self) {
        if self.size > KEPT {
            self.give_room_back();
        }
        self.texts = [null(); TEXTS];
        (self.began, self.ended, self.turned_away) = (0, 0, 0);
        (self.pending, self.is_file, self.status, self.bytes) = (false, false, 0, 0);
    }
}
