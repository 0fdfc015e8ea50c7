//! Writes a response in one pass: status line, headers, body.
#![forbid(unsafe_code)]

use super::scan::{has_member, is_token, is_value};

/// Takes the bytes of responses, in order.
pub(super) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

/// A name and its value, as the program gave them.
pub(super) type Header<'a> = (&'a [u8], &'a [u8]);

pub(super) struct Answer<'a> {
    /// 100 to 999.
    pub(super) status: u32,
    pub(super) reason: &'a [u8],
    pub(super) content_type: Option<&'a [u8]>,
    pub(super) body: Option<&'a [u8]>,
    /// The connection ends behind this response.
    pub(super) close: bool,
    /// The answer to HEAD: all of it but the body.
    pub(super) head_only: bool,
}

pub(super) fn encode<'a>(
    answer: &Answer<'_>,
    headers: impl Iterator<Item = Header<'a>>,
    out: &mut impl Sink,
) {
    let mut digits = Digits::default();
    out.put(b"HTTP/1.1 ");
    out.put(digits.of(answer.status as usize));
    out.put(b" ");
    if is_printable("status message", answer.reason) {
        out.put(answer.reason);
    }
    if let Some(kind) = answer.content_type
        && is_printable("content type", kind)
    {
        out.put(b"\r\nContent-Type: ");
        out.put(kind);
    }
    let body = answer.body.unwrap_or(b"");
    // What never has a body has no length either; 304 may tell the length that 200 would have.
    let bodiless = matches!(answer.status, 100..=199 | 204 | 304);
    if !bodiless || (answer.status == 304 && answer.body.is_some()) {
        out.put(b"\r\nContent-Length: ");
        out.put(digits.of(body.len()));
    }
    out.put(match answer.close {
        true => b"\r\nConnection: close\r\n".as_slice(),
        false => b"\r\nConnection: Keep-Alive\r\n",
    });
    for (name, value) in headers {
        if may_be_added(name, value) {
            out.put(name);
            out.put(b": ");
            out.put(value);
            out.put(b"\r\n");
        }
    }
    out.put(b"\r\n");
    if !bodiless && !answer.head_only {
        out.put(body);
    }
}

/// Whether a program's header asks for the end of the connection.
pub(super) fn asks_for_close(header: Header<'_>) -> bool {
    header.0.eq_ignore_ascii_case(b"connection") && has_member(header.1, b"close")
}

/// Line ends in a program's text would let whoever supplied it write headers, or a whole response.
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
    // The encoder says itself where the response ends and what becomes of the connection: a second
    // word on that lets two readers of the stream disagree.
    let ours = name.eq_ignore_ascii_case(b"content-length")
        || name.eq_ignore_ascii_case(b"transfer-encoding")
        || (name.eq_ignore_ascii_case(b"connection")
            && (has_member(value, b"close") || has_member(value, b"keep-alive")));
    !ours && is_printable("header", value)
}

/// A number in decimal.
#[derive(Default)]
struct Digits([u8; 20]);

impl Digits {
    fn of(&mut self, mut number: usize) -> &[u8] {
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
