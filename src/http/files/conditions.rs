//! Conditional GET and HEAD requests for an existing file (RFC 9110, 13).
#![forbid(unsafe_code)]

use crate::http::files::validator::Validator;
use crate::http::wire::date;
use crate::http::wire::scan::is_blank;

/// The result of a request's conditions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The request is answered as if it had none.
    Holds,
    /// The client has the current file: 304.
    NotModified,
    /// The file isn't the one that the client expects: 412.
    Fails,
}

/// Evaluates all conditions in the order of RFC 9110, 13.2.2. `values` returns the values of all headers with a
/// name.
pub fn judge<'a, I>(file: &Validator, values: impl Fn(&'static [u8]) -> I) -> Verdict
where
    I: Iterator<Item = &'a [u8]>,
{
    let date_of = |name| alone(values(name)).and_then(|value| date::parse(value, file.now));
    if values(b"if-match").next().is_some() {
        if !values(b"if-match").any(|list| has_tag(list, &file.tag, true)) {
            return Verdict::Fails;
        }
    } else if date_of(b"if-unmodified-since").is_some_and(|date| file.modified > date) {
        return Verdict::Fails;
    }
    let same = if values(b"if-none-match").next().is_some() {
        values(b"if-none-match").any(|list| has_tag(list, &file.tag, false))
    } else {
        date_of(b"if-modified-since").is_some_and(|date| file.modified <= date)
    };
    if same { Verdict::NotModified } else { Verdict::Holds }
}

/// Whether a range may be sent: not if If-Range names another state of the file (RFC 9110, 13.1.5).
pub fn may_be_part<'a, I>(file: &Validator, values: impl Fn(&'static [u8]) -> I) -> bool
where
    I: Iterator<Item = &'a [u8]>,
{
    if values(b"if-range").next().is_none() {
        return true;
    }
    let Some(value) = alone(values(b"if-range")) else {
        return false;
    };
    if value.contains(&b'"') {
        return value == file.tag;
    }
    // A file may change again within the same second and keep its date (RFC 9110, 8.8.2.2).
    date::parse(value, file.now) == Some(file.modified) && file.modified < file.now
}

/// The value of a header that occurs exactly once.
fn alone<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    values.next().filter(|_| values.next().is_none())
}

/// Whether a list of entity tags contains this one, or is `*`. A weak tag matches unless the comparison must be
/// strong (RFC 9110, 8.8.3.2). The list ends at the first invalid tag.
fn has_tag(list: &[u8], tag: &[u8], strong: bool) -> bool {
    let mut rest = list;
    loop {
        let start = rest.iter().position(|b| !(is_blank(b) || *b == b','));
        rest = start.and_then(|start| rest.get(start..)).unwrap_or(b"");
        if rest == b"*" {
            return true;
        }
        let (weak, quoted) = match rest.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let Some(inner) = quoted.strip_prefix(b"\"") else {
            return false;
        };
        let Some(end) = inner.iter().position(|&b| b == b'"') else {
            return false;
        };
        // Including both quotes.
        let (one, behind) = quoted.split_at(end + 2);
        if one == tag && !(weak && strong) {
            return true;
        }
        let next = behind.iter().find(|b| !is_blank(b));
        if next.is_some_and(|&b| b != b',') {
            return false;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"0123456789abcdef\"";
    const OLD: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const NEW: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn file() -> Validator {
        let tag = TAG.as_bytes().try_into().unwrap();
        Validator { tag, modified: 784_111_777, now: 784_111_779 }
    }

    fn of<'a>(
        headers: &'a [(&'a str, &'a str)],
    ) -> impl Fn(&'static [u8]) -> std::vec::IntoIter<&'a [u8]> {
        |name| {
            let named = headers.iter().filter(|(key, _)| key.as_bytes() == name);
            named.map(|(_, value)| value.as_bytes()).collect::<Vec<_>>().into_iter()
        }
    }

    #[test]
    fn tags() {
        let tag = TAG.as_bytes();
        for list in [
            "*",
            " * ",
            TAG,
            "\"a\", \"0123456789abcdef\"",
            ",,\"a,b\" ,\t\"0123456789abcdef\",\"c\"",
        ] {
            let expected = list != " * ";
            assert_eq!(has_tag(list.as_bytes(), tag, true), expected, "{list}");
        }
        let weak = format!("W/{TAG}, \"x\"");
        assert!(has_tag(weak.as_bytes(), tag, false) && !has_tag(weak.as_bytes(), tag, true));
        for list in [
            "",
            ",",
            "\"",
            "W/",
            "W/*",
            "\"a",
            "0123456789abcdef",
            "\"a\" \"0123456789abcdef\"",
            "*, \"a\"",
            "w/\"0123456789abcdef\"",
            "\"0123456789ABCDEF\"",
            "x, \"0123456789abcdef\"",
            "\"a\"\"0123456789abcdef\"",
        ] {
            assert!(!has_tag(list.as_bytes(), tag, false), "{list}");
        }
    }

    #[test]
    fn precedence() {
        use Verdict::*;
        let other = "\"other\"";
        for (headers, expected) in [
            (&[][..], Holds),
            (&[("if-match", TAG)], Holds),
            (&[("if-match", other), ("if-match", TAG)], Holds),
            (&[("if-match", other)], Fails),
            (&[("if-match", "nonsense")], Fails),
            (&[("if-match", "W/\"0123456789abcdef\"")], Fails),
            (&[("if-unmodified-since", OLD)], Fails),
            (&[("if-unmodified-since", SAME)], Holds),
            (&[("if-unmodified-since", "nonsense")], Holds),
            (&[("if-unmodified-since", OLD), ("if-unmodified-since", OLD)], Holds),
            (&[("if-match", TAG), ("if-unmodified-since", OLD)], Holds),
            (&[("if-none-match", TAG)], NotModified),
            (&[("if-none-match", "W/\"0123456789abcdef\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", other)], Holds),
            (&[("if-none-match", other), ("if-none-match", TAG)], NotModified),
            (&[("if-modified-since", OLD)], Holds),
            (&[("if-modified-since", SAME)], NotModified),
            (&[("if-modified-since", NEW)], NotModified),
            (&[("if-modified-since", "nonsense")], Holds),
            (&[("if-none-match", other), ("if-modified-since", NEW)], Holds),
            (&[("if-match", TAG), ("if-none-match", TAG)], NotModified),
            (&[("if-match", other), ("if-none-match", TAG)], Fails),
            (&[("if-unmodified-since", NEW), ("if-modified-since", SAME)], NotModified),
        ] {
            assert_eq!(judge(&file(), of(headers)), expected, "{headers:?}");
        }
    }

    #[test]
    fn parts() {
        for (headers, expected) in [
            (&[][..], true),
            (&[("if-range", TAG)], true),
            (&[("if-range", "\"other\"")], false),
            (&[("if-range", "W/\"0123456789abcdef\"")], false),
            (&[("if-range", SAME)], true),
            (&[("if-range", OLD)], false),
            (&[("if-range", NEW)], false),
            (&[("if-range", "nonsense")], false),
            (&[("if-range", TAG), ("if-range", TAG)], false),
        ] {
            assert_eq!(may_be_part(&file(), of(headers)), expected, "{headers:?}");
        }
        let fresh = Validator { now: 784_111_777, ..file() };
        assert!(!may_be_part(&fresh, of(&[("if-range", SAME)])));
    }
}
