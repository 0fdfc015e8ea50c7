//! Parsing and formatting addresses.

use super::{Address, PATH, PATH_AT};
use crate::sys::errno;
use libc::{c_int, sa_family_t, sockaddr_in, sockaddr_in6, sockaddr_un, socklen_t};
use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str;

/// The maximum length of a host name: 253 characters (DNS) and a trailing dot.
const NAME: usize = 254;

/// The result of parsing an address.
pub enum Parsed<'a> {
    /// `1.2.3.4:80`, `[::1]:80`, `unix:/path`, `unix:@abstract`
    Socket(Address),
    /// `*:80`, `:80`: every address of this host
    Any(u16),
    /// `name:80`: the name has to be looked up
    Name { host: &'a [u8], port: u16 },
}

impl Address {
    /// Parses an address. EINVAL if the text isn't one, ENAMETOOLONG for a Unix path that is too
    /// long. Host names aren't looked up; only the name of an interface (`[fe80::1%eth0]:80`) is.
    pub fn parse(text: &[u8]) -> Result<Parsed<'_>, c_int> {
        if let Some(path) = text.strip_prefix(b"unix:") {
            return Self::unix(path).map(Parsed::Socket);
        }
        let colon = text.iter().rposition(|&b| b == b':').ok_or(libc::EINVAL)?;
        let (host, port) = (&text[..colon], port(&text[colon + 1..]).ok_or(libc::EINVAL)?);
        if host.is_empty() || host == b"*" {
            return Ok(Parsed::Any(port));
        }
        if let Some(inner) = host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]")) {
            return scoped(inner, port).map(Parsed::Socket).ok_or(libc::EINVAL);
        }
        if let Some(ip) = str::from_utf8(host).ok().and_then(|h| h.parse().ok()) {
            return Ok(Parsed::Socket(Self::ipv4(ip, port)));
        }
        if is_name(host) { Ok(Parsed::Name { host, port }) } else { Err(libc::EINVAL) }
    }

    /// A path, or a name in Linux's abstract namespace after '@' (unix(7)).
    fn unix(path: &[u8]) -> Result<Self, c_int> {
        let is_abstract = path.first() == Some(&b'@');
        if path.is_empty() || path == b"@" || path.contains(&0) {
            return Err(libc::EINVAL);
        }
        // A path needs room for its NUL. An abstract name begins with a NUL, which takes the place of '@'.
        if path.len() + usize::from(!is_abstract) > PATH {
            return Err(libc::ENAMETOOLONG);
        }
        let mut un = sockaddr_un { sun_family: libc::AF_UNIX as sa_family_t, sun_path: [0; PATH] };
        for (to, &from) in un.sun_path.iter_mut().zip(path) {
            *to = from as libc::c_char;
        }
        if is_abstract {
            un.sun_path[0] = 0;
        }
        let mut address = Self::of(un);
        address.len = (PATH_AT + path.len() + usize::from(!is_abstract)) as socklen_t;
        Ok(address)
    }

    /// Writes the text and a NUL, and returns the text's length. None if `out` is too small.
    ///
    /// `1.2.3.4:5` (also for an IPv4 peer of an IPv6 socket), `[::1]:5`, `[fe80::1%eth0]:5`,
    /// "unix:/path", "unix:@abstract" (a NUL in the name is shown as '@'), "unix:" for an unnamed
    /// end, and "family:N" for other families.
    pub fn format(&self, out: &mut [u8]) -> Option<usize> {
        let mut text = Text { out, len: 0 };
        self.write(&mut text).ok()?;
        *text.out.get_mut(text.len)? = 0;
        Some(text.len)
    }

    fn write(&self, to: &mut Text<'_>) -> fmt::Result {
        match self.family() {
            libc::AF_INET => {
                let v4: sockaddr_in = self.view();
                let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
                write!(to, "{ip}:{}", u16::from_be(v4.sin_port))
            }
            libc::AF_INET6 => {
                let v6: sockaddr_in6 = self.view();
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                let port = u16::from_be(v6.sin6_port);
                match ip.to_ipv4_mapped() {
                    Some(v4) => write!(to, "{v4}:{port}"),
                    None if v6.sin6_scope_id == 0 => write!(to, "[{ip}]:{port}"),
                    None => {
                        write!(to, "[{ip}%")?;
                        scope_name(v6.sin6_scope_id, to)?;
                        write!(to, "]:{port}")
                    }
                }
            }
            libc::AF_UNIX => {
                let un: sockaddr_un = self.view();
                let used = (self.len as usize).saturating_sub(PATH_AT).min(PATH);
                let path = &un.sun_path[..used];
                to.write_str("unix:")?;
                match path.first() {
                    None => Ok(()),
                    Some(0) if path.iter().all(|&c| c == 0) => Ok(()),
                    Some(0) => path.iter().try_for_each(|&c| match c {
                        0 => to.push(b'@'),
                        c => to.push(c as u8),
                    }),
                    Some(_) => {
                        path.iter().take_while(|&&c| c != 0).try_for_each(|&c| to.push(c as u8))
                    }
                }
            }
            other => write!(to, "family:{other}"),
        }
    }
}

/// A port in decimal: at most five digits, at most 65535.
fn port(text: &[u8]) -> Option<u16> {
    if text.len() > 5 {
        return None;
    }
    number(text).and_then(|n| u16::try_from(n).ok())
}

/// A number of decimal digits only.
fn number(text: &[u8]) -> Option<u32> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

/// An IPv6 address with or without "%scope", where the scope is the index or the name of an interface.
fn scoped(text: &[u8], port: u16) -> Option<Address> {
    let (ip, scope) = match text.iter().position(|&b| b == b'%') {
        None => (text, 0),
        Some(at) => {
            let scope = &text[at + 1..];
            (&text[..at], number(scope).or_else(|| scope_index(scope))?)
        }
    };
    let ip: Ipv6Addr = str::from_utf8(ip).ok()?.parse().ok()?;
    Some(Address::ipv6(ip, port, scope))
}

/// The index of an interface. None for an unknown name.
fn scope_index(name: &[u8]) -> Option<u32> {
    let _keep = errno::Keep::new();
    let mut text = [0u8; libc::IF_NAMESIZE];
    if name.is_empty() || name.len() >= text.len() || name.contains(&0) {
        return None;
    }
    text[..name.len()].copy_from_slice(name);
    // SAFETY: the text is shorter than the zeroed buffer, so it ends with a NUL.
    let index = unsafe { libc::if_nametoindex(text.as_ptr().cast()) };
    (index != 0).then_some(index)
}

/// Writes an interface's name, or its index if there is no such interface.
fn scope_name(index: u32, to: &mut Text<'_>) -> fmt::Result {
    let _keep = errno::Keep::new();
    let mut name = [0u8; libc::IF_NAMESIZE];
    // SAFETY: if_indextoname writes at most IF_NAMESIZE bytes.
    if unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) }.is_null() {
        return write!(to, "{index}");
    }
    name.iter().take_while(|&&b| b != 0).try_for_each(|&b| to.push(b))
}

/// Whether this is a valid host name: letters, digits, '-', '_' and non-ASCII bytes, in labels separated by dots.
/// A numeric last label means a misspelt IPv4 address, which getaddrinfo(3) would take for a different address.
fn is_name(host: &[u8]) -> bool {
    let labels = host.strip_suffix(b".").unwrap_or(host);
    let good = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') || *b >= 0x80;
    let label = |l: &[u8]| (1..=63).contains(&l.len()) && l.iter().all(good);
    let Some(last) = labels.rsplit(|&b| b == b'.').next() else { return false };
    let hex = last.strip_prefix(b"0x").or_else(|| last.strip_prefix(b"0X"));
    let numeric = last.iter().all(u8::is_ascii_digit)
        || hex.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    host.len() <= NAME && !numeric && labels.split(|&b| b == b'.').all(label)
}

/// Appends text to a buffer of fixed size.
struct Text<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Text<'_> {
    fn push(&mut self, byte: u8) -> fmt::Result {
        *self.out.get_mut(self.len).ok_or(fmt::Error)? = byte;
        self.len += 1;
        Ok(())
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        s.bytes().try_for_each(|b| self.push(b))
    }
}
