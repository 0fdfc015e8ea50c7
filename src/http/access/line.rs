//! Formats a line of the Combined Log Format as Apache does.
#![forbid(unsafe_code)]

use crate::http::wire::date;
use crate::http::wire::encode::{Digits, Sink};

pub struct Line<'a> {
    pub peer: &'a [u8],
    pub method: Option<&'a [u8]>,
    pub url: &'a [u8],
    pub version: &'a [u8],
    /// When the request arrived, in seconds since 1970-01-01 UTC.
    pub second: i64,
    pub status: i32,
    pub bytes: u64,
    pub referer: Option<&'a [u8]>,
    pub agent: Option<&'a [u8]>,
}

impl Line<'_> {
    pub fn write(&self, out: &mut impl Sink) {
        match host(self.peer) {
            b"" => out.put(b"-"),
            host => escape(host, true, out),
        }
        out.put(b" - - ");
        out.put(&date::in_brackets(self.second));
        out.put(b" \"");
        match self.method {
            None => out.put(b"-"),
            Some(method) => {
                escape(method, false, out);
                for part in [self.url, self.version] {
                    out.put(b" ");
                    escape(part, false, out);
                }
            }
        }
        out.put(b"\" ");
        number(u64::try_from(self.status).unwrap_or(0), out);
        out.put(b" ");
        number(self.bytes, out);
        for header in [self.referer, self.agent] {
            out.put(b" \"");
            escape(header.unwrap_or(b"-"), false, out);
            out.put(b"\"");
        }
    }
}

/// The peer's address without its port.
fn host(peer: &[u8]) -> &[u8] {
    let end = match peer {
        [b'u', b'n', b'i', b'x', b':', ..] => None,
        _ => peer.iter().rposition(|&b| b == b':'),
    };
    let host = end.and_then(|end| peer.get(..end)).unwrap_or(peer);
    host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
}

/// Zero is written as `-`.
fn number(number: u64, out: &mut impl Sink) {
    match number {
        0 => out.put(b"-"),
        _ => out.put(Digits::default().of(number)),
    }
}

/// Escapes text that a client may have chosen: quotes and backslashes are preceded by a backslash, bytes that
/// aren't printable ASCII become `\xhh`, and so do blanks if they would end the field.
fn escape(text: &[u8], blanks: bool, out: &mut impl Sink) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let is_plain = |b: &u8| match b {
        b'"' | b'\\' => false,
        b' ' => !blanks,
        b => b.is_ascii_graphic(),
    };
    let mut rest = text;
    loop {
        let len = rest.iter().take_while(|b| is_plain(b)).count();
        let (plain, odd) = rest.split_at(len);
        out.put(plain);
        let Some((&byte, behind)) = odd.split_first() else {
            return;
        };
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble & 15)).copied().unwrap_or(b'?');
        match byte {
            b'"' | b'\\' => out.put(&[b'\\', byte]),
            _ => out.put(&[b'\\', b'x', digit(byte >> 4), digit(byte)]),
        }
        rest = behind;
    }
}

/// A buffer that may be too small: bytes that don't fit are only counted.
pub struct Bounded<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Bounded<'a> {
    pub fn new(room: &'a mut [u8]) -> Bounded<'a> {
        Bounded { room, len: 0 }
    }

    /// Adds a NUL after the bytes that fit. Returns the length of the whole text.
    pub fn end(self) -> usize {
        let last = self.room.len().saturating_sub(1);
        if let Some(place) = self.room.get_mut(self.len.min(last)) {
            *place = 0;
        }
        self.len
    }
}

impl Sink for Bounded<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room.get_mut(self.len..) {
            for (place, byte) in room.iter_mut().zip(bytes) {
                *place = *byte;
            }
        }
        self.len = self.len.saturating_add(bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Line<'static> = Line {
        peer: b"192.0.2.1:1234",
        method: Some(b"GET"),
        url: b"/a?b",
        version: b"HTTP/1.1",
        second: 971_186_136,
        status: 200,
        bytes: 2326,
        referer: Some(b"http://a/"),
        agent: Some(b"an agent"),
    };

    fn text(line: Line<'_>) -> String {
        let mut out = Vec::new();
        line.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines() {
        assert_eq!(
            text(FINE),
            "192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /a?b HTTP/1.1\" 200 2326 \
             \"http://a/\" \"an agent\""
        );
        let nothing = Line {
            peer: b"",
            method: None,
            status: 0,
            bytes: 0,
            referer: None,
            agent: None,
            ..FINE
        };
        assert_eq!(text(nothing), "- - - [10/Oct/2000:13:55:36 +0000] \"-\" - - \"-\" \"-\"");
    }

    #[test]
    fn peers() {
        for (peer, expected) in [
            ("[::1]:80", "::1"),
            ("[fe80::1%2]:80", "fe80::1%2"),
            ("unix:", "unix:"),
            ("unix:/a b\n", "unix:/a\\x20b\\x0a"),
            ("unix:@a:1", "unix:@a:1"),
            ("odd", "odd"),
        ] {
            let line = text(Line { peer: peer.as_bytes(), ..FINE });
            assert_eq!(line.split(' ').next(), Some(expected));
        }
    }

    #[test]
    fn hostile_text() {
        let all: Vec<u8> = (1..=255).collect();
        let line = text(Line {
            method: Some(&all),
            url: &all,
            version: &all,
            referer: Some(&all),
            agent: Some(b"\" 200 1\r\n"),
            ..FINE
        });
        assert!(line.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));
        assert!(line.ends_with(r#" "\" 200 1\x0d\x0a""#), "{line}");
        assert!(
            line.contains(r##"\x1f !\"#$"##)
                && line.contains(r"[\\]")
                && line.contains(r"}~\x7f\x80")
        );
        // Apart from the escaped ones, there are three pairs of quotes.
        assert_eq!(line.replace("\\\\", "").replace("\\\"", "").matches('"').count(), 6);
    }

    #[test]
    fn room() {
        let whole = text(FINE);
        for size in 0..=whole.len() + 2 {
            let mut room = vec![b'?'; size];
            let mut out = Bounded::new(&mut room);
            FINE.write(&mut out);
            assert_eq!(out.end(), whole.len());
            let fits = whole.len().min(size.saturating_sub(1));
            assert_eq!(&room[..fits], &whole.as_bytes()[..fits]);
            assert!(size == 0 || room[fits] == 0);
        }
    }
}
