//! Path patterns: `/users/:id/posts`, `/static/*`.
//!
//! A pattern is stored as the decoded path that it matches, with a NUL in place of a `:name`, and two in place of
//! the `*`. In a path a NUL stands for an escaped slash (`url::decode_segments`), which doesn't separate
//! segments.
#![forbid(unsafe_code)]

use core::cmp::{Ordering, Reverse};

use crate::http::wire::url::{decode_segments, has_dot_segment};

/// Stands for a name.
const MARK: u8 = 0;
/// Stands for the rest of the path.
const REST: [u8; 2] = [MARK, MARK];

/// Appends bytes to the caller's buffer.
pub struct Text<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Text<'a> {
    pub fn new(room: &'a mut [u8]) -> Text<'a> {
        Text { room, len: 0 }
    }

    pub fn bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or(b"")
    }

    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.room.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    fn put_decoded(&mut self, segment: &[u8]) -> Option<()> {
        self.len += decode_segments(segment, self.room.get_mut(self.len..)?)?;
        Some(())
    }
}

/// The size of a buffer that is large enough for either text of this pattern.
pub fn room_for(pattern: &[u8]) -> usize {
    pattern.len() + 1
}

/// Writes the path that a pattern matches, and the names of its parameters, each followed by a NUL. None if the
/// pattern is invalid.
pub fn compile(pattern: &[u8], path: &mut Text<'_>, names: &mut Text<'_>) -> Option<()> {
    let mut ended = false;
    for segment in pattern.strip_prefix(b"/")?.split(|&b| b == b'/') {
        if ended {
            return None;
        }
        path.put(b"/")?;
        match segment {
            b"*" => {
                path.put(&REST)?;
                names.put(b"*\0")?;
                ended = true;
            }
            [b':', name @ ..] => {
                let known = || names.bytes().split(|&b| b == 0).any(|known| known == name);
                if !is_name(name) || known() {
                    return None;
                }
                path.put(&[MARK])?;
                names.put(name)?;
                names.put(b"\0")?;
            }
            _ => {
                if segment.iter().any(|&b| b.is_ascii_control() || b"*?#".contains(&b)) {
                    return None;
                }
                let before = path.len;
                path.put_decoded(segment)?;
                let decoded = path.bytes().get(before..)?;
                if decoded.contains(&MARK) || has_dot_segment(decoded) {
                    return None;
                }
            }
        }
    }
    Some(())
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether the pattern matches a path that `decode_segments` has decoded. Passes the values of the parameters to
/// `captured` in order; if the path doesn't match, possibly only some of them.
#[inline]
pub fn matches(pattern: &[u8], path: &[u8], mut captured: impl FnMut(&[u8])) -> bool {
    let (mut pattern, mut path) = (pattern, path);
    while let Some((&wanted, behind)) = pattern.split_first() {
        if wanted != MARK {
            match path.split_first() {
                Some((&byte, rest)) if byte == wanted => path = rest,
                _ => return false,
            }
        } else if behind.first() == Some(&MARK) {
            captured(path);
            return true;
        } else {
            let end = path.iter().position(|&b| b == b'/').unwrap_or(path.len());
            let (segment, rest) = path.split_at(end);
            if segment.is_empty() {
                return false;
            }
            captured(segment);
            path = rest;
        }
        pattern = behind;
    }
    path.is_empty()
}

/// The order in which patterns are tried: first those without names, then those with names, then those with `*`,
/// of which those with more segments come first. Among equals, the pattern that is literal at the first
/// difference comes first. Patterns are equal only if they match the same paths.
pub fn order(one: &[u8], other: &[u8]) -> Ordering {
    let rank = |pattern: &[u8]| {
        let segments = pattern.iter().filter(|&&b| b == b'/').count();
        match pattern {
            [.., MARK, MARK] => (2, Reverse(segments)),
            _ if pattern.contains(&MARK) => (1, Reverse(0)),
            _ => (0, Reverse(0)),
        }
    };
    let weight = |&byte: &u8| if byte == MARK { 256 } else { u16::from(byte) };
    let first_difference = || one.iter().map(weight).cmp(other.iter().map(weight));
    rank(one).cmp(&rank(other)).then_with(first_difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(pattern: &str) -> Option<(Vec<u8>, String)> {
        let (mut path, mut names) = (vec![0; room_for(pattern.as_bytes())], vec![0; 100]);
        names.truncate(room_for(pattern.as_bytes()));
        let (mut path, mut names) = (Text::new(&mut path), Text::new(&mut names));
        compile(pattern.as_bytes(), &mut path, &mut names)?;
        Some((path.bytes().to_vec(), String::from_utf8(names.bytes().to_vec()).unwrap()))
    }

    #[test]
    fn compiles() {
        for (pattern, path, names) in [
            ("/", "/", ""),
            ("/users", "/users", ""),
            ("/users/:id/posts/:post", "/users/\0/posts/\0", "id\0post\0"),
            ("/*", "/\0\0", "*\0"),
            ("/a/:b/*", "/a/\0/\0\0", "b\0*\0"),
            ("/a b/%2A/%3Aid/a:b//", "/a b/*/:id/a:b//", ""),
            ("/%25", "/%", ""),
        ] {
            assert_eq!(compiled(pattern), Some((path.into(), names.into())), "{pattern}");
        }
        for pattern in [
            "", "a", "*", ":a", "/:", "/a/:/b", "/:a/:a", "/:a.b", "/:a-:b", "/:a*", "/*/a", "/*/",
            "/a*", "/**", "/a?b", "/a#b", "/a\n", "/%zz", "/%2F", "/%00", "/a/..", "/./a", "/%2e",
        ] {
            assert_eq!(compiled(pattern), None, "{pattern}");
        }
    }

    fn captured(pattern: &str, path: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        let mut add = |value: &[u8]| found.push(String::from_utf8(value.to_vec()).unwrap());
        let matched = matches(&compiled(pattern).unwrap().0, path.as_bytes(), &mut add);
        matched.then_some(found)
    }

    #[test]
    fn captures() {
        for (pattern, path, values) in [
            ("/", "/", &[][..]),
            ("/a/b", "/a/b", &[]),
            ("/:x", "/a", &["a"]),
            ("/:x/b/:y", "/1/b/2\0z", &["1", "2\0z"]),
            ("/a/*", "/a/", &[""]),
            ("/a/*", "/a/b//c", &["b//c"]),
            ("/:x/*", "/a/b", &["a", "b"]),
        ] {
            assert_eq!(captured(pattern, path).unwrap(), values, "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/", ""),
            ("/", "//"),
            ("/", "*"),
            ("/a", "/a/"),
            ("/a/", "/a"),
            ("/a", "/A"),
            ("/a/b", "/a\0b"),
            ("/:x", "/"),
            ("/:x", "/a/"),
            ("/:x/b", "//b"),
            ("/:x/b", "/a\0b"),
            ("/a/*", "/a"),
            ("/a/:x", "/a\0b"),
        ] {
            assert_eq!(captured(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_asked_first() {
        let in_order = [
            "/", "/a/", "/a/b", "/b", "/a/:x", "/:x", "/:x/b", "/:x/:y", "/:x/b/*", "/a/b/*",
            "/a/*", "/:x/*", "/*",
        ];
        let path = |pattern| compiled(pattern).unwrap().0;
        for (i, one) in in_order.iter().enumerate() {
            for (j, other) in in_order.iter().enumerate() {
                // Some of them can't match the same path. Their order doesn't matter, but it must be consistent.
                let found = order(&path(one), &path(other));
                assert_eq!(found, order(&path(other), &path(one)).reverse(), "{one} {other}");
                assert_eq!(found == Ordering::Equal, i == j, "{one} {other}");
            }
        }
        for (first, second) in [
            ("/a/b", "/a/:x"),
            ("/a/:x", "/:x/b"),
            ("/a/:x", "/:x/:y"),
            ("/:x/:y", "/a/*"),
            ("/:x/:y/:z", "/a/b/*"),
            ("/a/b/*", "/a/*"),
            ("/:x/b/*", "/a/*"),
            ("/a/:x/*", "/:x/b/*"),
            ("/a/*", "/*"),
            ("/:x", "/*"),
            ("/a/", "/a/*"),
        ] {
            assert_eq!(order(&path(first), &path(second)), Ordering::Less, "{first} {second}");
        }
        assert_eq!(order(&path("/:a/b"), &path("/:c/b")), Ordering::Equal);
    }
}
