//! Which file a path names. Names that a file system could resolve to somewhere else are rejected.
#![forbid(unsafe_code)]

/// A longer path names no file (PATH_MAX).
pub const LONGEST: usize = 4095;

/// A path below a root: names separated by single slashes; empty for the root itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted<'a> {
    pub name: &'a [u8],
    /// It ends with a slash.
    pub is_folder: bool,
}

/// Checks a decoded path, in which NUL stands for an escaped slash. None if it names no file that is served: if
/// it has empty segments or "." or "..", and, unless `shows_hidden`, names that begin with a dot. A backslash is
/// an ordinary character.
pub fn wanted(path: &[u8], shows_hidden: bool) -> Option<Wanted<'_>> {
    let name = path.strip_prefix(b"/").unwrap_or(path);
    let (name, is_folder) = match name.strip_suffix(b"/") {
        Some(name) => (name, true),
        None => (name, name.is_empty() && !path.is_empty()),
    };
    let is_fine = |segment: &[u8]| {
        let hidden = segment.first() == Some(&b'.');
        !(segment.is_empty()
            || segment == b"."
            || segment == b".."
            || hidden && !shows_hidden
            || segment.contains(&0))
    };
    let fits = name.len() <= LONGEST;
    let no_name = name.is_empty() && matches!(path, b"" | b"/");
    (no_name || fits && name.split(|&b| b == b'/').all(is_fine))
        .then_some(Wanted { name, is_folder })
}

/// The target of a redirect to the same path with a slash at the end: the path as the client sent it, as far as
/// these bytes are allowed in a URL, and the query. It begins with exactly one slash, which isn't followed by a
/// backslash: otherwise browsers would take what follows for a host.
pub fn with_slash(path: &[u8], query: &[u8], mut put: impl FnMut(&[u8])) {
    put(b"/");
    if let Some(first) = path.iter().position(|&b| b != b'/') {
        put_escaped(path.get(first..).unwrap_or(b""), &mut put);
        put(b"/");
    }
    if !query.is_empty() {
        put(b"?");
        put_escaped(query, &mut put);
    }
}

/// Escapes bytes that aren't allowed in a URL (RFC 3986, 2). Percent signs aren't changed.
fn put_escaped(mut text: &[u8], put: &mut impl FnMut(&[u8])) {
    let may_stand = |b: &u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(b);
    while let Some((&first, behind)) = text.split_first() {
        let plain = text.iter().position(|b| !may_stand(b)).unwrap_or(text.len());
        if plain > 0 {
            put(text.get(..plain).unwrap_or(b""));
            text = text.get(plain..).unwrap_or(b"");
        } else {
            let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'A' - 10 };
            put(&[b'%', digit(first >> 4), digit(first & 15)]);
            text = behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served() {
        for (path, name, is_folder) in [
            ("/", "", true),
            ("", "", false),
            ("/a", "a", false),
            ("/a/", "a", true),
            ("a/b.c", "a/b.c", false),
            ("/a/b/", "a/b", true),
            ("/a b\\..\\c", "a b\\..\\c", false),
            ("/a..", "a..", false),
            ("/a./b", "a./b", false),
        ] {
            let expected = Wanted { name: name.as_bytes(), is_folder };
            assert_eq!(wanted(path.as_bytes(), false), Some(expected), "{path}");
        }
        let long = "x".repeat(LONGEST);
        assert!(wanted(long.as_bytes(), false).is_some());
    }

    #[test]
    fn what_isnt() {
        for path in [
            "//", "///", "//a", "/a//", "/a//b", ".", "..", "/.", "/..", "/./", "/../", "/a/.",
            "/a/..", "/a/./b", "/a/../b", "../a", "a\0b", "/a/\0", "\0", "/\0..", "/..\0..",
        ] {
            assert_eq!(wanted(path.as_bytes(), false), None, "{path:?}");
            assert_eq!(wanted(path.as_bytes(), true), None, "{path:?}");
        }
        for path in ["/.a", "/a/.b/c", "/...", ".a/"] {
            assert_eq!(wanted(path.as_bytes(), false), None, "{path:?}");
            assert!(wanted(path.as_bytes(), true).is_some(), "{path:?}");
        }
        assert_eq!(wanted("x".repeat(LONGEST + 1).as_bytes(), false), None);
    }

    #[test]
    fn redirects() {
        for (path, query, expected) in [
            ("/a", "", "/a/"),
            ("/a%20b", "c=d&e", "/a%20b/?c=d&e"),
            ("//host/a", "", "/host/a/"),
            ("///", "", "/"),
            ("/\\host", "", "/%5Chost/"),
            ("/a\"<b>\u{e4}|", "\"", "/a%22%3Cb%3E%C3%A4%7C/?%22"),
            ("/%2F%5C", "//host", "/%2F%5C/?//host"),
            ("a", "", "/a/"),
            ("", "", "/"),
        ] {
            let mut out = Vec::new();
            with_slash(path.as_bytes(), query.as_bytes(), |part| out.extend_from_slice(part));
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{path}");
        }
    }
}
