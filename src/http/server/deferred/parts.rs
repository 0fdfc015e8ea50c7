//! Deferred responses that are sent in parts: the head, parts of the body, the end.
#![forbid(unsafe_code)]

use core::ffi::c_int;
use core::sync::atomic::Ordering::Relaxed;

use super::Deferred;
use crate::http::message::collected::Collected;
use crate::http::message::http_response::Form;
use crate::http::message::output::Output;
use crate::http::server::deferred::hold::Stage;
use crate::http::server::sending;
use crate::http::wire::date;
use crate::http::wire::encode::{Body, Sink, chunk_line, is_bodiless};
use crate::reactor::tcp_connection::Connection;
use crate::reactor::tcp_connection::protocol::Tail;
use crate::sys::{clock, errno};

/// How the end of a stream's body is marked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// The head hasn't been sent.
    None,
    /// This many bytes are still to come.
    Length(u64),
    Chunked,
    UntilEnd,
    /// A response to HEAD, or a status without a body: writes are dropped.
    Dropped,
}

impl Deferred {
    /// Sends the head for a body of this length; -1 if it is unknown. Err with errno.
    pub fn begin(&self, length: i64) -> Result<(), c_int> {
        if self.hold.stage() != Stage::Owned {
            return Err(libc::EALREADY);
        }
        if length < -1 {
            return Err(libc::EINVAL);
        }
        let response = &self.response;
        response.complete();
        let (body, framing) = match u64::try_from(length) {
            Ok(length) => (Body::Length(length), Framing::Length(length)),
            Err(_) if self.asked.is_1_0 => (Body::UntilEnd, Framing::UntilEnd),
            Err(_) => (Body::Chunked, Framing::Chunked),
        };
        let head_only = self.asked.head_only;
        let dropped = head_only || is_bodiless(response.status());
        let endless = framing == Framing::UntilEnd && !dropped;
        let close = self.asked.client_closes || response.asks_close() || endless;
        let date = date::text(clock::second());
        let form = Form { body: Some(body), date: Some(&date), close, head_only };
        let mut head = Collected::new();
        response.encode(&form, &mut head);
        if endless && !self.connection().set_tail(Tail::Unsent) {
            return Err(libc::ENOMEM);
        }
        if let Err(error) = self.send_collected(&head) {
            if endless {
                self.connection().set_tail(Tail::None);
            }
            return Err(error);
        }
        self.note_use();
        self.status.store(response.status(), Relaxed);
        self.closes.set(close);
        self.framing.set(if dropped { Framing::Dropped } else { framing });
        self.hold.begin();
        Ok(())
    }

    fn send_collected(&self, bytes: &Collected) -> Result<(), c_int> {
        self.send_bytes(bytes.bytes().ok_or(libc::ENOMEM)?)
    }

    fn send_bytes(&self, bytes: &[u8]) -> Result<(), c_int> {
        if self.connection().send_bytes(bytes) < 0 { Err(errno::get()) } else { Ok(()) }
    }

    /// Sends a part of the body, all of it or nothing. Err with errno.
    pub fn write(&self, data: &[u8]) -> Result<(), c_int> {
        if self.connection().has_closed() {
            return Err(libc::ENOTCONN);
        }
        let length = data.len() as u64;
        match self.framing.get() {
            Framing::None => return Err(libc::EINVAL),
            _ if data.is_empty() => (),
            Framing::Dropped => (),
            Framing::Length(left) => {
                let left = left.checked_sub(length).ok_or(libc::EMSGSIZE)?;
                self.send_bytes(data)?;
                self.framing.set(Framing::Length(left));
            }
            Framing::UntilEnd => self.send_bytes(data)?,
            Framing::Chunked => {
                let mut line = [0; 20];
                let digits = chunk_line(data.len(), &mut line);
                let mut chunk = Collected::with_room(digits + data.len() + 2);
                chunk.put(line.get(..digits).unwrap_or(b""));
                chunk.put(data);
                chunk.put(b"\r\n");
                self.send_collected(&chunk)?;
            }
        }
        if self.framing.get() != Framing::Dropped {
            self.sent.fetch_add(length, Relaxed);
        }
        self.note_use();
        self.look_for_stream();
        Ok(())
    }

    /// Records that something was sent.
    fn note_use(&self) {
        self.used.store(clock::now_ms() as u32, Relaxed);
    }

    /// Encodes the rest: the whole response, or the end of its stream. Returns whether the connection ends after
    /// it; None if the stream is incomplete, so that the connection has to be aborted. The response was given
    /// back. `last`: the connection accepts no further request.
    pub fn write_end(
        &self,
        conn: &Connection,
        date: &[u8; date::LENGTH],
        last: bool,
        out: &Output<'_>,
    ) -> Option<bool> {
        let response = &self.response;
        match self.framing.get() {
            Framing::None => {
                response.complete();
                let close = self.asked.client_closes
                    || response.asks_close()
                    || conn.has_ending_server()
                    || last;
                let head_only = self.asked.head_only;
                let form = Form { body: None, date: Some(date), close, head_only };
                let sent = sending::write(response, &form, out);
                self.sent.store(sent, Relaxed);
                self.status.store(response.status(), Relaxed);
                return Some(close);
            }
            Framing::Length(left) if left > 0 => {
                log_err!("http response: {} bytes fewer than announced", left);
                return None;
            }
            Framing::Chunked => out.put(b"0\r\n\r\n"),
            Framing::UntilEnd => {
                // There is room, because it was allocated for the head.
                conn.set_tail(Tail::Queued);
            }
            _ => (),
        }
        Some(self.closes.get() || conn.has_ending_server() || last)
    }
}
