//! Encodes a response in one pass: status line, headers, body.

#![forbid(unsafe_code)]

use super::date;
use crate::http::wire::scan::{has_member, is_token, is_value};
use crate::http::wire::status::RESET_CONTENT;

/// Receives the bytes of responses in order.
pub trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

/// A name and its value, as the program set them.
pub type Header<'a> = (&'a [u8], &'a [u8]);

/// What follows the head, and how its end is marked (RFC 9112, 6).
#[derive(Clone, Copy)]
pub enum Body<'a> {
    None,
    Bytes(&'a [u8]),
    /// This many bytes, which the caller sends separately.
    Length(u64),
    /// Chunks, which the caller sends separately.
    Chunked,
    /// Everything until the connection ends.
    UntilEnd,
}

pub struct Answer<'a> {
    /// 100 to 999.
    pub status: u32,
    pub reason: &'a [u8],
    pub content_type: Option<&'a [u8]>,
    pub body: Body<'a>,
    pub date: Option<&'a [u8; date::LENGTH]>,
    /// The connection ends after this response.
    pub close: bool,
    /// A response to HEAD: everything except the body.
    pub head_only: bool,
}

/// Whether responses with this status never have a body (RFC 9110, 6.4.1 and 15.3.6).
pub fn is_bodiless(status: u32) -> bool {
    matches!(status, 100..=199 | 204 | RESET_CONTENT | 304)
}

/// Encodes a response. Returns the length of the body that is part of the output.
pub fn encode<'a>(
    answer: &Answer<'_>,
    headers: impl Iterator<Item = Header<'a>>,
    out: &mut impl Sink,
) -> u64 {
    // Pieces of constant length are copied without a function call.
    if (answer.status, answer.reason) == (200, b"OK") {
        out.put(b"HTTP/1.1 200 OK");
    } else {
        out.put(b"HTTP/1.1 ");
        out.put(Digits::default().of(answer.status.into()));
        out.put(b" ");
        if is_printable("status message", answer.reason) {
            out.put(answer.reason);
        }
    }
    if let Some(kind) = answer.content_type
        && is_printable("content type", kind)
    {
        out.put(b"\r\nContent-Type: ");
        out.put(kind);
    }
    let bodiless = is_bodiless(answer.status);
    match answer.body {
        // The status alone doesn't determine where it ends (RFC 9112, 6.3).
        _ if answer.status == RESET_CONTENT => out.put(b"\r\nContent-Length: 0"),
        // A response that never has a body has no length either. A 304 may have the length of the 200 response.
        Body::None if bodiless => (),
        Body::None => out.put(b"\r\nContent-Length: 0"),
        Body::Bytes(_) | Body::Length(_) if bodiless && answer.status != 304 => (),
        Body::Bytes(bytes) => put_length(bytes.len() as u64, out),
        Body::Length(length) => put_length(length, out),
        Body::Chunked if !bodiless => out.put(b"\r\nTransfer-Encoding: chunked"),
        Body::Chunked | Body::UntilEnd => (),
    }
    match answer.close {
        true => out.put(b"\r\nConnection: close"),
        false => out.put(b"\r\nConnection: Keep-Alive"),
    }
    if let Some(date) = answer.date {
        out.put(b"\r\nDate: ");
        out.put(date);
    }
    for (name, value) in headers {
        if may_be_added(name, value) {
            out.put(b"\r\n");
            out.put(name);
            out.put(b": ");
            out.put(value);
        }
    }
    out.put(b"\r\n\r\n");
    match answer.body {
        _ if bodiless || answer.head_only => 0,
        Body::Bytes(bytes) => {
            out.put(bytes);
            bytes.len() as u64
        }
        Body::Length(length) => length,
        _ => 0,
    }
}

fn put_length(length: u64, out: &mut impl Sink) {
    out.put(b"\r\nContent-Length: ");
    out.put(Digits::default().of(length));
}

/// Formats the line before a chunk (RFC 9112, 7.1), and returns its length. Every line fits.
pub fn chunk_line(size: usize, line: &mut [u8; 20]) -> usize {
    let digits = size.max(1).ilog2() as usize / 4 + 1;
    for (i, place) in line.iter_mut().take(digits).enumerate() {
        let nibble = (size >> (4 * (digits - 1 - i)) & 15) as u8;
        *place = nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    }
    for (place, byte) in line.iter_mut().skip(digits).zip(*b"\r\n") {
        *place = byte;
    }
    digits + 2
}

/// Whether a program may set this header.
pub fn is_settable(name: &[u8], value: &[u8]) -> bool {
    is_token(name) && is_value(value) && !is_framing(name)
}

fn is_framing(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
}

/// Whether a header of the program closes the connection.
pub fn asks_for_close(header: Header<'_>) -> bool {
    header.0.eq_ignore_ascii_case(b"connection") && has_member(header.1, b"close")
}

/// Line ends in a program's text would let whoever supplied it add headers or a whole response.
fn is_printable(what: &str, text: &[u8]) -> bool {
    let fine = is_value(text);
    if !fine {
        log_err!("http response: {} with control characters left out", what);
    }
    fine
}

fn may_be_added(name: &[u8], value: &[u8]) -> bool {
    if !is_token(name) {
        log_err!("http response: header with a malformed name left out");
        return false;
    }
    // The encoder itself determines where the response ends and whether the connection stays open. With a second
    // header about that, two readers of the stream could disagree.
    let ours = is_framing(name)
        || (name.eq_ignore_ascii_case(b"connection")
            && (has_member(value, b"close") || has_member(value, b"keep-alive")));
    !ours && is_printable("header", value)
}

/// A number in decimal.
#[derive(Default)]
pub struct Digits([u8; 20]);

impl Digits {
    pub fn of(&mut self, mut number: u64) -> &[u8] {
        let mut start = self.0.len();
        for (i, digit) in self.0.iter_mut().enumerate().rev() {
            *digit = b'0' + (number % 10) as u8;
            start = i;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.get(start..).unwrap_or(b"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sink for Vec<u8> {
        fn put(&mut self, bytes: &[u8]) {
            self.extend_from_slice(bytes);
        }
    }

    const FINE: Answer<'static> = Answer {
        status: 200,
        reason: b"OK",
        content_type: Some(b"text/plain"),
        body: Body::Bytes(b"hello"),
        date: None,
        close: false,
        head_only: false,
    };

    fn text(answer: Answer<'_>, headers: &[(&str, &str)]) -> String {
        let mut out = Vec::new();
        let headers = headers.iter().map(|(k, v)| (k.as_bytes(), v.as_bytes()));
        encode(&answer, headers, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_fields() {
        assert_eq!(
            text(FINE, &[("X-A", "1"), ("X-B", "")]),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\
             Connection: Keep-Alive\r\nX-A: 1\r\nX-B: \r\n\r\nhello"
        );
        let bare =
            Answer { reason: b"", content_type: None, body: Body::None, close: true, ..FINE };
        let expected = "HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        assert_eq!(text(bare, &[]), expected);
    }

    #[test]
    fn without_a_body() {
        let head = Answer { head_only: true, ..FINE };
        assert!(text(head, &[]).ends_with("Content-Length: 5\r\nConnection: Keep-Alive\r\n\r\n"));
        let reset = text(Answer { status: RESET_CONTENT, ..FINE }, &[]);
        assert!(reset.contains("Length: 0\r\n") && reset.ends_with("\r\n\r\n"));
        for (status, has_length) in [(100, false), (204, false), (304, true)] {
            let text = text(Answer { status, ..FINE }, &[]);
            assert!(text.ends_with("\r\n\r\n"));
            assert_eq!(text.contains("Content-Length: 5"), has_length);
        }
    }

    #[test]
    fn bodies_that_others_write() {
        let dated = Answer { body: Body::Length(7), date: Some(&date::text(0)), ..FINE };
        assert!(text(dated, &[]).ends_with(
            "Length: 7\r\nConnection: Keep-Alive\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n"
        ));
        let chunked = text(Answer { body: Body::Chunked, ..FINE }, &[]);
        assert!(
            chunked.contains("\r\nTransfer-Encoding: chunked\r\n") && !chunked.contains("Length")
        );
        let endless = text(Answer { body: Body::UntilEnd, close: true, ..FINE }, &[]);
        assert!(!endless.contains("Length") && !endless.contains("chunked"));
        let none = text(Answer { body: Body::Chunked, status: 204, ..FINE }, &[]);
        assert!(!none.contains("chunked"));
    }

    #[test]
    fn chunk_lines() {
        for (size, expected) in [(1, "1\r\n"), (16, "10\r\n"), (0xabcdef, "abcdef\r\n")] {
            let mut line = [0; 20];
            let n = chunk_line(size, &mut line);
            assert_eq!(&line[..n], expected.as_bytes());
        }
        let mut line = [0; 20];
        assert_eq!(chunk_line(usize::MAX, &mut line), 18);
        assert_eq!(chunk_line(0, &mut line), 3);
    }

    #[test]
    fn nothing_is_injected() {
        let foul = Answer { reason: b"OK\r\nX: y", content_type: Some(b"a\nb"), ..FINE };
        let headers = [
            ("A\r\nB", "c"),
            ("A", "b\r\nC: d"),
            ("A b", "c"),
            ("A:", "c"),
            ("", "c"),
            ("content-length", "7"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "close"),
        ];
        assert_eq!(
            text(foul, &headers),
            "HTTP/1.1 200 \r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\nhello"
        );
    }

    #[test]
    fn numbers() {
        for number in [0, 7, 10, 99, 12345, u64::MAX] {
            assert_eq!(Digits::default().of(number), number.to_string().as_bytes());
        }
    }
}
