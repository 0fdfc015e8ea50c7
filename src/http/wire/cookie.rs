//! Cookies (RFC 6265): a tolerant parser for Cookie headers, and a strict writer for Set-Cookie.

#![forbid(unsafe_code)]

use super::date;
use crate::http::wire::encode::{Digits, Sink};
use crate::http::wire::scan::{is_token, trim};

/// Browsers reject cookies whose name and value are longer than this together, and ignore longer attributes.
pub const PAIR_MAX: usize = 4096;
pub const ATTRIBUTE_MAX: usize = 1024;
/// The last second that a date can express: 9999-12-31 23:59:59.
pub const EXPIRES_MAX: i64 = 253_402_300_799;

/// The names and values of a Cookie header. Quotes around a value are removed; pairs without a name are skipped.
pub fn cookies(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&b| b == b';').map(pair).filter(|(name, _)| !name.is_empty())
}

fn pair(text: &[u8]) -> (&[u8], &[u8]) {
    let mark = text.iter().position(|&b| b == b'=').unwrap_or(text.len());
    let value = trim(text.get(mark + 1..).unwrap_or(b""));
    let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    (trim(text.get(..mark).unwrap_or(b"")), unquoted.unwrap_or(value))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SameSite {
    Lax,
    Strict,
    None,
}

/// A cookie to be set.
#[derive(Clone, Copy)]
pub struct SetCookie<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
    pub path: Option<&'a [u8]>,
    pub domain: Option<&'a [u8]>,
    /// In seconds; 0 or less deletes the cookie.
    pub max_age: Option<i64>,
    /// Seconds since 1970-01-01, in UTC.
    pub expires: Option<i64>,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: Option<SameSite>,
}

/// What is wrong with a cookie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Name,
    /// The first byte that isn't allowed in a value.
    Value(u8),
    Path,
    Domain,
    Expires,
    /// SameSite=None without Secure.
    SameSite,
    /// The prefix of the name requires other attributes.
    Prefix,
    /// Name and value are longer than `PAIR_MAX` together.
    TooLong,
}

impl SetCookie<'_> {
    /// Checks that the header is well-formed and that browsers accept the cookie.
    pub fn check(&self) -> Result<(), Fault> {
        let is_path = |path: &[u8]| {
            path.first() == Some(&b'/')
                && path.len() <= ATTRIBUTE_MAX
                && path.iter().all(|&b| matches!(b, b' '..=b'~') && b != b';')
        };
        let is_domain = |domain: &[u8]| {
            !domain.is_empty()
                && domain.len() <= ATTRIBUTE_MAX
                && domain.iter().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(b))
        };
        let begins = |prefix: &[u8]| {
            self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let host = self.secure && self.domain.is_none() && self.path == Some(b"/");
        if !is_token(self.name) {
            return Err(Fault::Name);
        }
        if let Some(&byte) = self.value.iter().find(|&&b| !is_octet(b)) {
            return Err(Fault::Value(byte));
        }
        let faults = [
            (self.name.len() + self.value.len() > PAIR_MAX, Fault::TooLong),
            (!self.path.is_none_or(is_path), Fault::Path),
            (!self.domain.is_none_or(is_domain), Fault::Domain),
            (self.expires.is_some_and(|at| !(0..=EXPIRES_MAX).contains(&at)), Fault::Expires),
            (self.same_site == Some(SameSite::None) && !self.secure, Fault::SameSite),
            (begins(b"__Secure-") && !self.secure, Fault::Prefix),
            (begins(b"__Host-") && !host, Fault::Prefix),
        ];
        faults.iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, fault)| Err(*fault))
    }

    /// Writes the value of Set-Cookie. The cookie has passed `check`.
    pub fn write(&self, out: &mut impl Sink) {
        out.put(self.name);
        out.put(b"=");
        out.put(self.value);
        let mut attribute = |name: &[u8], value: Option<&[u8]>| {
            if let Some(value) = value {
                out.put(name);
                out.put(value);
            }
        };
        attribute(b"; Path=", self.path);
        attribute(b"; Domain=", self.domain);
        let expires = self.expires.map(date::text);
        attribute(b"; Expires=", expires.as_ref().map(|text| &text[..]));
        let mut digits = Digits::default();
        let max_age = self.max_age.map(|seconds| digits.of(seconds.max(0).unsigned_abs()));
        attribute(b"; Max-Age=", max_age);
        attribute(b"; Secure", self.secure.then_some(b""));
        attribute(b"; HttpOnly", self.http_only.then_some(b""));
        let same_site = self.same_site.map(|same_site| match same_site {
            SameSite::Lax => &b"Lax"[..],
            SameSite::Strict => b"Strict",
            SameSite::None => b"None",
        });
        attribute(b"; SameSite=", same_site);
    }
}

/// Whether a byte is allowed in a value (RFC 6265, 4.1.1).
fn is_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads() {
        let list = |header: &'static str| -> Vec<(&str, &str)> {
            let text = |bytes| std::str::from_utf8(bytes).unwrap();
            cookies(header.as_bytes()).map(|(n, v)| (text(n), text(v))).collect()
        };
        assert_eq!(list("a=b; c=d"), [("a", "b"), ("c", "d")]);
        assert_eq!(
            list("a=b;c=\"d e\";\t f = g=h= ;;  ; i"),
            [("a", "b"), ("c", "d e"), ("f", "g=h="), ("i", "")]
        );
        assert_eq!(list("a=\"b; c=d\""), [("a", "\"b"), ("c", "d\"")]);
        assert_eq!(list("a=\"; b=\"\"; =c; ="), [("a", "\""), ("b", "")]);
        assert_eq!(list("a=%20,b; a=2"), [("a", "%20,b"), ("a", "2")]);
        assert_eq!(list("  "), []);
    }

    const PLAIN: SetCookie<'static> = SetCookie {
        name: b"a",
        value: b"b",
        path: None,
        domain: None,
        max_age: None,
        expires: None,
        secure: false,
        http_only: false,
        same_site: None,
    };

    fn written(cookie: SetCookie<'_>) -> String {
        let mut out = Vec::new();
        assert_eq!(cookie.check(), Ok(()));
        cookie.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes() {
        assert_eq!(written(PLAIN), "a=b");
        let all = SetCookie {
            value: b"",
            path: Some(b"/a b"),
            domain: Some(b".example.com"),
            max_age: Some(i64::MAX),
            expires: Some(EXPIRES_MAX),
            secure: true,
            http_only: true,
            same_site: Some(SameSite::None),
            ..PLAIN
        };
        assert_eq!(
            written(all),
            "a=; Path=/a b; Domain=.example.com; Expires=Fri, 31 Dec 9999 23:59:59 GMT; \
             Max-Age=9223372036854775807; Secure; HttpOnly; SameSite=None"
        );
        assert_eq!(written(SetCookie { max_age: Some(-7), ..PLAIN }), "a=b; Max-Age=0");
        let lax = SetCookie { same_site: Some(SameSite::Lax), expires: Some(0), ..PLAIN };
        assert_eq!(written(lax), "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax");
    }

    #[test]
    fn checks() {
        for name in ["", "a b", "a=", "a;", "a\r\n", "\u{e4}", "a\"", "a,"] {
            let cookie = SetCookie { name: name.as_bytes(), ..PLAIN };
            assert_eq!(cookie.check(), Err(Fault::Name), "{name:?}");
        }
        for byte in 0..=255 {
            let value = [b'x', byte];
            let fine = matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
            let expected = if fine { Ok(()) } else { Err(Fault::Value(byte)) };
            assert_eq!(SetCookie { value: &value, ..PLAIN }.check(), expected);
            let path = [b'/', byte];
            let fine = matches!(byte, b' '..=b'~') && byte != b';';
            assert_eq!(SetCookie { path: Some(&path), ..PLAIN }.check().is_ok(), fine, "{byte}");
            let fine = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            let domain = SetCookie { domain: Some(&value), ..PLAIN };
            assert_eq!(domain.check().is_ok(), fine, "{byte}");
        }
        let value = [b'v'; PAIR_MAX];
        assert_eq!(SetCookie { value: &value, ..PLAIN }.check(), Err(Fault::TooLong));
        assert_eq!(SetCookie { value: &value[1..], ..PLAIN }.check(), Ok(()));
        let long = [b'/'; ATTRIBUTE_MAX + 1];
        for (path, fine) in
            [(&b""[..], false), (b"a", false), (b"/", true), (&long, false), (&long[1..], true)]
        {
            assert_eq!(SetCookie { path: Some(path), ..PLAIN }.check().is_ok(), fine);
        }
        assert_eq!(SetCookie { domain: Some(b""), ..PLAIN }.check(), Err(Fault::Domain));
        for expires in [-1, EXPIRES_MAX + 1] {
            let cookie = SetCookie { expires: Some(expires), ..PLAIN };
            assert_eq!(cookie.check(), Err(Fault::Expires));
        }
        let none = SetCookie { same_site: Some(SameSite::None), ..PLAIN };
        assert_eq!(none.check(), Err(Fault::SameSite));
    }

    #[test]
    fn prefixes() {
        let host = SetCookie { name: b"__Host-a", secure: true, path: Some(b"/"), ..PLAIN };
        assert_eq!(host.check(), Ok(()));
        for other in [
            SetCookie { secure: false, ..host },
            SetCookie { path: None, ..host },
            SetCookie { path: Some(b"/a"), ..host },
            SetCookie { domain: Some(b"a.b"), ..host },
            SetCookie { name: b"__secure-a", secure: false, ..host },
        ] {
            assert_eq!(other.check(), Err(Fault::Prefix));
        }
        assert_eq!(SetCookie { name: b"__Secure-a", path: None, ..host }.check(), Ok(()));
    }
}
