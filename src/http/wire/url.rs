//! The path and the query of a request's target, with their escapes decoded (RFC 3986, 2.1 and 3; parameters as
//! browsers send them, WHATWG URL, 5).

#![forbid(unsafe_code)]

/// The path and the query of a target in any form, without decoding; the query without its question mark.
pub fn split(target: &[u8]) -> (&[u8], &[u8]) {
    let (target, query) = match target.iter().position(|&b| b == b'?') {
        Some(mark) => (target.get(..mark), target.get(mark + 1..)),
        None => (Some(target), None),
    };
    (path(target.unwrap_or(b"")), query.unwrap_or(b""))
}

/// The path of a target without query: `/a` for `/a` and `http://host/a`, `/` for `http://host`.
fn path(target: &[u8]) -> &[u8] {
    if target.first() == Some(&b'/') {
        return target;
    }
    let Some(scheme) = target.windows(3).position(|three| three == b"://") else {
        return target;
    };
    let rest = target.get(scheme + 3..).unwrap_or(b"");
    let start = rest.iter().position(|&b| b == b'/');
    start.and_then(|start| rest.get(start..)).unwrap_or(b"/")
}

/// The names and values of a query's parameters, without decoding.
pub fn parameters(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|&b| b == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mark = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
        (pair.get(..mark).unwrap_or(b""), pair.get(mark + 1..).unwrap_or(b""))
    })
}

/// Decodes `%XX`, and `+` to a blank if `plus` is set, into `to`, which has room for all of `from`. Returns the
/// length. None for an invalid escape and for NUL, which a C string can't contain.
pub fn decode(from: &[u8], plus: bool, to: &mut [u8]) -> Option<usize> {
    decode_with(from, plus, b'/', to)
}

/// Decodes a path as `decode` does. An escaped slash doesn't separate segments: it becomes a NUL.
pub fn decode_segments(path: &[u8], to: &mut [u8]) -> Option<usize> {
    decode_with(path, false, 0, to)
}

/// Whether a decoded path has a segment `.` or `..`. Escaped slashes count as separators here.
pub fn has_dot_segment(path: &[u8]) -> bool {
    let mut segments = path.split(|&b| b == b'/' || b == 0);
    path.contains(&b'.') && segments.any(|segment| segment == b"." || segment == b"..")
}

/// `slash` replaces an escaped slash.
fn decode_with(from: &[u8], plus: bool, slash: u8, to: &mut [u8]) -> Option<usize> {
    let mut len = 0;
    let mut rest = from;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        let byte = match first {
            b'%' => {
                let (two, behind) = rest.split_first_chunk()?;
                rest = behind;
                match hex(two)? {
                    0 => return None,
                    b'/' => slash,
                    byte => byte,
                }
            }
            0 => return None,
            b'+' if plus => b' ',
            other => other,
        };
        *to.get_mut(len)? = byte;
        len += 1;
    }
    Some(len)
}

fn hex([high, low]: &[u8; 2]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    // Two hexadecimal digits fit into a byte.
    Some((digit(*high)? << 4 | digit(*low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        for (target, path, query) in [
            ("/", "/", ""),
            ("/a/b?c=d", "/a/b", "c=d"),
            ("/?a?b", "/", "a?b"),
            ("//a://b", "//a://b", ""),
            ("http://host", "/", ""),
            ("HTTP://host:80/a/b?c", "/a/b", "c"),
            ("http://host?x=http://y/z", "/", "x=http://y/z"),
            ("*", "*", ""),
            ("", "", ""),
            ("/a?", "/a", ""),
        ] {
            assert_eq!(split(target.as_bytes()), (path.as_bytes(), query.as_bytes()), "{target}");
        }
    }

    #[test]
    fn lists_parameters() {
        let list =
            |query: &'static str| -> Vec<(&[u8], &[u8])> { parameters(query.as_bytes()).collect() };
        assert_eq!(list("").len(), 0);
        assert_eq!(
            list("a=b&&c&=d&e=f=g&"),
            [(&b"a"[..], &b"b"[..]), (b"c", b""), (b"", b"d"), (b"e", b"f=g"),]
        );
        assert_eq!(list("a=b;c=d"), [(&b"a"[..], &b"b;c=d"[..])]);
    }

    fn decoded(from: &str, plus: bool) -> Option<Vec<u8>> {
        let mut to = vec![0; from.len()];
        let len = decode(from.as_bytes(), plus, &mut to)?;
        to.truncate(len);
        Some(to)
    }

    #[test]
    fn decodes() {
        assert_eq!(decoded("/a%20b+c", false).unwrap(), b"/a b+c");
        assert_eq!(decoded("a%2Bb+c", true).unwrap(), b"a+b c");
        assert_eq!(decoded("%e4%BD%A0\u{e4}", false).unwrap(), "\u{4f60}\u{e4}".as_bytes());
        assert_eq!(decoded("%25zz", false).unwrap(), b"%zz");
        assert_eq!(decoded("%ff%01", true).unwrap(), [0xff, 1]);
        assert_eq!(decoded("", true).unwrap(), b"");
        for malformed in ["%", "a%2", "%zz", "%+1", "% 1", "%1g", "%00", "%%20", "a%u0041"] {
            assert_eq!(decoded(malformed, true), None, "{malformed}");
        }
        assert_eq!(decode(b"ab", false, &mut [0; 1]), None);
    }

    #[test]
    fn decodes_segments() {
        let mut to = [b'?'; 20];
        assert_eq!(decode_segments(b"/a%2Fb/%2fc%41+", &mut to), Some(9));
        assert_eq!(&to[..9], b"/a\0b/\0cA+");
        for malformed in [&b"/%00"[..], b"/%", b"/a\0"] {
            assert_eq!(decode_segments(malformed, &mut to), None, "{malformed:?}");
        }
    }

    #[test]
    fn dot_segments() {
        for path in [&b"/."[..], b"/..", b"/a/../b", b"/./", b"/a\0..", b"..\0a", b"/../a"] {
            assert!(has_dot_segment(path), "{path:?}");
        }
        for path in [&b"/"[..], b"/...", b"/a.", b"/.a", b"/..a/b..", b"", b"/a.b/. "] {
            assert!(!has_dot_segment(path), "{path:?}");
        }
    }
}
