//! Setting a cookie.

#![forbid(unsafe_code)]

use core::ffi::c_int;

use super::Response;
use crate::abi::types::response_header;
use crate::http::wire::cookie::{Fault, PAIR_MAX, SetCookie};
use crate::http::wire::encode::Sink;
use crate::sys::explained::{Lossy, explain};

/// Counts bytes.
struct Length(usize);

impl Sink for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// Writes to the start of a room that is large enough, and keeps what is left of it.
struct Filler<'a>(&'a mut [u8]);

impl Sink for Filler<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len())
        {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

impl Response {
    /// Adds a Set-Cookie header. Err with EINVAL, EMSGSIZE, ENOSPC or ENOMEM.
    pub fn set_cookie(&self, cookie: &SetCookie<'_>) -> Result<(), c_int> {
        cookie.check().map_err(|fault| explained(fault, cookie))?;
        let place = self.next_entry()?;
        let mut length = Length(1);
        cookie.write(&mut length);
        let value = self.text.filled(length.0, |room| {
            cookie.write(&mut Filler(room));
            Ok::<(), c_int>(())
        });
        let value = value.ok_or(libc::ENOMEM)??.as_ptr().cast();
        // The name is only read.
        self.fill_entry(place, response_header { key: c"Set-Cookie".as_ptr().cast_mut(), value });
        Ok(())
    }
}

fn explained(fault: Fault, cookie: &SetCookie<'_>) -> c_int {
    let name = Lossy(cookie.name);
    match fault {
        Fault::Name => explain!(libc::EINVAL, "cookie '{name}': the name isn't a token"),
        Fault::Value(byte) => {
            explain!(libc::EINVAL, "cookie '{name}': byte 0x{byte:02x} can't stand in a value")
        }
        Fault::Path => explain!(
            libc::EINVAL,
            "cookie '{name}': invalid path '{}'",
            Lossy(cookie.path.unwrap_or(b""))
        ),
        Fault::Domain => explain!(
            libc::EINVAL,
            "cookie '{name}': invalid domain '{}'",
            Lossy(cookie.domain.unwrap_or(b""))
        ),
        Fault::Expires => explain!(
            libc::EINVAL,
            "cookie '{name}': expires is {}, outside of the years 1970 to 9999",
            cookie.expires.unwrap_or(0)
        ),
        Fault::SameSite => {
            explain!(libc::EINVAL, "cookie '{name}': SameSite=None needs Secure")
        }
        Fault::Prefix => explain!(
            libc::EINVAL,
            "cookie '{name}': its prefix needs Secure, and __Host- needs the path / and no domain"
        ),
        Fault::TooLong => explain!(
            libc::EMSGSIZE,
            "cookie '{name}': name and value have {} bytes, more than {PAIR_MAX}",
            cookie.name.len() + cookie.value.len()
        ),
    }
}
