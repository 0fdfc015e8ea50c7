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
        body: Some(b"hello"),
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
        let bare = Answer { reason: b"", content_type: None, body: None, close: true, ..FINE };
        let expected = "HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        assert_eq!(text(bare, &[]), expected);
    }

    #[test]
    fn without_a_body() {
        let head = Answer { head_only: true, ..FINE };
        assert!(text(head, &[]).ends_with("Content-Length: 5\r\nConnection: Keep-Alive\r\n\r\n"));
        for (status, has_length) in [(100, false), (204, false), (304, true)] {
            let text = text(Answer { status, ..FINE }, &[]);
            assert!(text.ends_with("\r\n\r\n"));
            assert_eq!(text.contains("Content-Length: 5"), has_length);
        }
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
        for number in [0, 7, 10, 99, 12345, usize::MAX] {
            assert_eq!(Digits::default().of(number), number.to_string().as_bytes());
        }
    }
}
