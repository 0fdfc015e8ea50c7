//! The cookies of a request and the fields of an urlencoded body. Both are parsed on first use.

#![forbid(unsafe_code)]

use core::ffi::c_int;

use super::target::{Lack, Parameter, Parameters, decoded_parameters, recalled, remembered};
use super::{Intake, Request};
use crate::abi::types::REQUEST_DONE;
use crate::http::wire::cookie::cookies;
use crate::http::wire::url::parameters;
use crate::http::wire::urlencoded::is_urlencoded;
use crate::sys::explained::{Lossy, explain};

/// The largest number of fields. It bounds the memory for the table, which the limits for bodies don't count.
const FIELDS_MAX: usize = 10_000;

impl Request {
    /// The cookies of all Cookie headers, in order.
    pub fn cookies(&self) -> Result<Parameters, Lack> {
        let known = &self.front.cookies;
        recalled(known.get()).unwrap_or_else(|| {
            let found = self.read_cookies().ok_or(Lack::NoMemory);
            known.set(remembered(found));
            found
        })
    }

    fn read_cookies(&self) -> Option<Parameters> {
        let all = || self.value_bytes(b"cookie").flat_map(cookies);
        let arena = &self.front.text;
        let table = Parameters::new(arena, all().count())?;
        for (i, (name, value)) in all().enumerate() {
            let name = arena.copy(name)?.as_ptr().cast();
            let value = arena.copy(value)?.as_ptr().cast();
            table.set(i, Parameter { name, value });
        }
        Some(table)
    }

    /// The decoded fields of a body that is a urlencoded form. Err with errno: ENOTSUP, EINVAL, E2BIG, ENOMEM.
    pub fn form(&self) -> Result<Parameters, c_int> {
        let known = &self.front.form;
        let found = match recalled(known.get()) {
            Some(found) => found,
            None => {
                let body = self.form_body()?;
                let found = decoded_parameters(&self.front.text, body);
                known.set(remembered(found));
                found
            }
        };
        found.map_err(|lack| match lack {
            Lack::Malformed => explain!(libc::EINVAL, "the form has an invalid escape or a NUL"),
            Lack::NoMemory => libc::ENOMEM,
        })
    }

    /// The body, if it is a complete urlencoded form of not too many fields.
    fn form_body(&self) -> Result<&[u8], c_int> {
        if self.upload().is_some() || self.intake() == Intake::Dropped {
            return Err(explain!(libc::ENOTSUP, "the body wasn't collected"));
        }
        if self.state() != REQUEST_DONE {
            return Err(explain!(libc::EINVAL, "the request isn't complete"));
        }
        let kind = self.first_value(b"content-type");
        if !is_urlencoded(kind) {
            let kind = Lossy(kind);
            return Err(explain!(
                libc::ENOTSUP,
                "the body isn't an urlencoded form: Content-Type '{kind}'"
            ));
        }
        let body = self.body_bytes();
        let count = parameters(body).count();
        if count > FIELDS_MAX {
            return Err(explain!(
                libc::E2BIG,
                "the form has {count} fields, more than {FIELDS_MAX}"
            ));
        }
        Ok(body)
    }
}
