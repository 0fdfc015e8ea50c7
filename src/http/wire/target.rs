//! The four forms of a request's target (RFC 9112, 3.2), and hosts (RFC 3986, 3.2.2).

#![forbid(unsafe_code)]

use core::net::Ipv6Addr;
use core::ops::Range;

use crate::http::wire::scan::host_name_len;
use crate::http::wire::status::{BAD_REQUEST, MISDIRECTED, NOT_IMPLEMENTED, Status};

/// Checks whether a target can be served. It must not be empty or contain blanks, controls or `#`.
#[inline]
pub fn check(method: &[u8], target: &[u8]) -> Result<(), Status> {
    match target.first() {
        Some(b'/') if method != b"CONNECT" => Ok(()),
        _ => check_other(method, target),
    }
}

/// Checks the forms that aren't a path.
#[cold]
fn check_other(method: &[u8], target: &[u8]) -> Result<(), Status> {
    match (method, target) {
        (b"OPTIONS", b"*") => return Ok(()),
        (b"CONNECT", _) => {
            // Tunnels to HOST:PORT aren't supported.
            let port = target.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let host = target.get(..target.len() - port).unwrap_or(b"");
            let is_authority = port > 0 && host.len() > 1 && host.ends_with(b":");
            return Err(match is_authority && is_host(target) {
                true => NOT_IMPLEMENTED,
                false => BAD_REQUEST,
            });
        }
        _ => (),
    }
    let Some(authority) = authority(target) else {
        return Err(BAD_REQUEST);
    };
    let authority = target.get(authority).unwrap_or(b"");
    // A URL must have a host, not only a port.
    if !is_host(authority) || matches!(authority.first(), None | Some(b':')) {
        return Err(BAD_REQUEST);
    }
    match scheme_len(target) {
        4 if target.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"http")) => Ok(()),
        _ => Err(MISDIRECTED),
    }
}

/// The position of `HOST:PORT` in `SCHEME://HOST:PORT/PATH`. None for the other forms.
pub fn authority(target: &[u8]) -> Option<Range<usize>> {
    let scheme = scheme_len(target);
    let rest = target.get(scheme..)?.strip_prefix(b"://")?;
    if scheme == 0 {
        return None;
    }
    let start = scheme + 3;
    let len = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    Some(start..start + len)
}

/// The two parts of a target that contains a host: `HOST:PORT`, and the path with the query, which is empty or
/// begins with a slash or a question mark. None for the other forms.
pub fn absolute(target: &[u8]) -> Option<(Range<usize>, &[u8])> {
    if target.first() == Some(&b'/') {
        return None;
    }
    let authority = authority(target)?;
    let path = target.get(authority.end..)?;
    Some((authority, path))
}

fn scheme_len(target: &[u8]) -> usize {
    if !target.first().is_some_and(u8::is_ascii_alphabetic) {
        return 0;
    }
    let in_scheme = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    target.iter().take_while(in_scheme).count()
}

/// Whether this is HOST or HOST:PORT, each of which may be empty, without `user@`.
pub fn is_host(text: &[u8]) -> bool {
    match text.get(host_name_len(text)..) {
        None | Some([]) => true,
        Some([b':', port @ ..]) => port.iter().all(u8::is_ascii_digit),
        _ => is_odd_host(text),
    }
}

/// Hosts with brackets or escapes.
#[cold]
fn is_odd_host(text: &[u8]) -> bool {
    let mut rest = text;
    if let Some(inner) = text.strip_prefix(b"[") {
        let Some(end) = inner.iter().position(|&b| b == b']') else {
            return false;
        };
        let (literal, behind) = inner.split_at(end);
        if !is_ip_literal(literal) {
            return false;
        }
        rest = behind.get(1..).unwrap_or(b"");
    } else {
        loop {
            rest = rest.get(host_name_len(rest)..).unwrap_or(b"");
            match rest {
                [b'%', high, low, behind @ ..]
                    if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                {
                    rest = behind;
                }
                _ => break,
            }
        }
    }
    match rest {
        [] => true,
        [b':', port @ ..] => port.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// An IPv6 address, or an address of a future version: `v1.x`.
fn is_ip_literal(text: &[u8]) -> bool {
    if let [b'v' | b'V', future @ ..] = text {
        let digits = future.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        return match future.get(digits..) {
            Some([b'.', rest @ ..]) => {
                let names = || rest.split(|&b| b == b':');
                digits > 0 && !rest.is_empty() && names().all(|n| host_name_len(n) == n.len())
            }
            _ => false,
        };
    }
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "",
            "a",
            "a.b-c_d",
            "a:80",
            "a:",
            ":80",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:80",
            "[1:2::]:",
            "[::ffff:1.2.3.4]",
            "[v1.a:b]",
            "%e4.b",
            "a%2Fb:1",
            "a,b;c",
            "xn--a~",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "a b",
            "a/b",
            "a@b",
            "a:b",
            "a:80:81",
            "a:-1",
            "::1",
            "[::1",
            "::1]",
            "[]",
            "[a]",
            "[::1]a",
            "[::1%25eth0]",
            "[1:2]",
            "[v.a]",
            "[v1.]",
            "%",
            "%zz",
            "a%2",
            "a\u{e4}",
            "a\\b",
            "a\"b",
            "<a>",
            "a?b",
            "a#b",
            "[::1]:x",
            "a|b",
            "a^b",
            "{a}",
            "a\t",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn targets() {
        for (method, target, result) in [
            ("GET", "/", Ok(())),
            ("GET", "//a", Ok(())),
            ("OPTIONS", "/", Ok(())),
            ("OPTIONS", "*", Ok(())),
            ("OPTIONS", "http://a", Ok(())),
            ("GET", "http://a", Ok(())),
            ("GET", "HTTP://a:80?b", Ok(())),
            ("GET", "http://[::1]:80/b?c", Ok(())),
            ("GET", "http://a:/b", Ok(())),
            ("GET", "https://a/", Err(421)),
            ("GET", "ftp://a/", Err(421)),
            ("GET", "httpx://a/", Err(421)),
            ("GET", "*", Err(400)),
            ("OPTIONS", "*/", Err(400)),
            ("GET", "a", Err(400)),
            ("GET", "a:80", Err(400)),
            ("GET", "?a", Err(400)),
            ("GET", "http:", Err(400)),
            ("GET", "http:/a", Err(400)),
            ("GET", "http://", Err(400)),
            ("GET", "http:///a", Err(400)),
            ("GET", "http://:80/", Err(400)),
            ("GET", "http://u@a/", Err(400)),
            ("GET", "http://u:p@a/", Err(400)),
            ("GET", "http://a:b/", Err(400)),
            ("GET", "://a/", Err(400)),
            ("GET", "1http://a/", Err(400)),
            ("GET", "mailto:a@b", Err(400)),
            ("GET", "a/b://c", Err(400)),
            ("CONNECT", "a:443", Err(501)),
            ("CONNECT", "[::1]:443", Err(501)),
            ("CONNECT", "a", Err(400)),
            ("CONNECT", "a:", Err(400)),
            ("CONNECT", ":443", Err(400)),
            ("CONNECT", "[::1]", Err(400)),
            ("CONNECT", "/", Err(400)),
            ("CONNECT", "http://a:443/", Err(400)),
            ("CONNECT", "*", Err(400)),
            ("connect", "/", Ok(())),
        ] {
            assert_eq!(check(method.as_bytes(), target.as_bytes()), result, "{method} {target}");
        }
    }

    #[test]
    fn authorities() {
        let of = |target: &'static str| authority(target.as_bytes()).map(|range| &target[range]);
        assert_eq!(of("http://a:80/b"), Some("a:80"));
        assert_eq!(of("http://a?b/c"), Some("a"));
        assert_eq!(of("x+y-z.1://a"), Some("a"));
        assert_eq!(of("http://"), Some(""));
        assert_eq!(of("/http://a"), None);
        assert_eq!(of("*"), None);
    }

    #[test]
    fn absolute_forms() {
        for (target, parts) in [
            ("http://a:80/b?c", Some(("a:80", "/b?c"))),
            ("HTTP://a", Some(("a", ""))),
            ("http://a?b=/c", Some(("a", "?b=/c"))),
            ("/http://a", None),
            ("*", None),
        ] {
            let found = absolute(target.as_bytes());
            let found =
                found.map(|(host, path)| (&target[host], core::str::from_utf8(path).unwrap()));
            assert_eq!(found, parts, "{target}");
        }
    }
}
