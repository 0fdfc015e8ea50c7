//! The path and the parameters of a request's URL, decoded once, when they are first needed.

use core::ffi::{c_char, c_int};
use core::ptr::{NonNull, null_mut};

use super::Request;
use crate::http::message::arena::Arena;
use crate::http::wire::url::{decode, decode_segments, parameters, split};
use crate::sys::text::text;

/// Something that is decoded from the URL when it is first needed.
#[derive(Clone, Copy)]
pub enum Lazy<T> {
    Unread,
    Malformed,
    Is(T),
}

/// Why something couldn't be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// An invalid escape or a NUL.
    Malformed,
    NoMemory,
}

/// A parameter of the query or of the route: two strings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Parameter {
    pub name: *mut c_char,
    pub value: *mut c_char,
}

/// A table of parameters in the memory of a request.
#[derive(Clone, Copy)]
pub struct Parameters {
    table: *mut Parameter,
    count: usize,
}

impl Parameters {
    pub const NONE: Parameters = Parameters { table: null_mut(), count: 0 };

    /// A table of this size, still without names and values. None if out of memory.
    pub(super) fn new(arena: &Arena, count: usize) -> Option<Parameters> {
        if count == 0 {
            return Some(Parameters::NONE);
        }
        let table: NonNull<Parameter> = arena.array(count)?;
        let empty = Parameter { name: null_mut(), value: null_mut() };
        for i in 0..count {
            // SAFETY: the array has `count` entries.
            unsafe { table.add(i).write(empty) };
        }
        Some(Parameters { table: table.as_ptr(), count })
    }

    pub(super) fn set(&self, index: usize, parameter: Parameter) {
        if index < self.count {
            // SAFETY: the table has `count` entries, and is valid until the request is reset, which clears the
            // pointer.
            unsafe { self.table.add(index).write(parameter) };
        }
    }

    /// The number of parameters. It is less than the length of what they come from, so it fits into a c_int.
    pub fn count(&self) -> c_int {
        c_int::try_from(self.count).unwrap_or(c_int::MAX)
    }

    pub fn get(&self, index: usize) -> Option<Parameter> {
        // SAFETY: the table has `count` entries, which `new` has initialised, and is valid until the request is
        // reset.
        (index < self.count).then(|| unsafe { *self.table.add(index) })
    }

    /// The first parameter with a name.
    pub fn find(&self, name: &[u8]) -> Option<Parameter> {
        let mut all = (0..self.count).filter_map(|index| self.get(index));
        // SAFETY: the names in a complete table are strings of the request or its route.
        all.find(|one| unsafe { text(one.name) } == name)
    }
}

impl Request {
    /// The decoded path of the URL, as a string for C.
    pub fn path(&self) -> Result<*mut c_char, Lack> {
        let known = &self.front.path;
        recalled(known.get()).unwrap_or_else(|| {
            let (path, _) = split(self.url());
            let found = decoded(&self.front.text, path, false);
            known.set(remembered(found));
            found
        })
    }

    /// The decoded parameters of the URL.
    pub fn query(&self) -> Result<Parameters, Lack> {
        let known = &self.front.query;
        recalled(known.get()).unwrap_or_else(|| {
            let (_, query) = split(self.url());
            let found = decoded_parameters(&self.front.text, query);
            known.set(remembered(found));
            found
        })
    }

    /// The path for routing: decoded, with a NUL for each escaped slash. It is valid until the URL or the request
    /// changes.
    pub fn segments(&self) -> Result<&[u8], Lack> {
        let (path, _) = split(self.url());
        if !path.contains(&b'%') {
            return Ok(path);
        }
        let mut len = 0;
        let decode = |room: &mut [u8]| {
            len = decode_segments(path, room).ok_or(Lack::Malformed)?;
            Ok(())
        };
        let place = self.front.text.filled(path.len(), decode).ok_or(Lack::NoMemory)??;
        // SAFETY: the piece has room for the whole path, and decoding doesn't make it longer.
        Ok(unsafe { core::slice::from_raw_parts(place.as_ptr(), len) })
    }

    /// Stores copies of the values of a route's parameters. `names` has a NUL after each name and outlives the
    /// request. `values` calls its argument with each value, in the order of the names, whenever it is called.
    pub fn capture(
        &self,
        names: &[u8],
        values: impl Fn(&mut dyn FnMut(&[u8])),
    ) -> Result<(), Lack> {
        let mut count = 0;
        values(&mut |_| count += 1);
        let table = Parameters::new(&self.front.text, count).ok_or(Lack::NoMemory)?;
        let (mut names, mut index) = (names.split(|&b| b == 0), 0);
        let mut copied = Some(());
        values(&mut |value| {
            let copy = self.front.text.filled(value.len() + 1, |room| {
                for (place, &byte) in room.iter_mut().zip(value) {
                    *place = if byte == 0 { b'/' } else { byte };
                }
                Ok::<(), Lack>(())
            });
            match (copy, names.next()) {
                (Some(Ok(value)), Some(name)) => {
                    let name = name.as_ptr().cast_mut().cast();
                    table.set(index, Parameter { name, value: value.as_ptr().cast() });
                }
                _ => copied = None,
            }
            index += 1;
        });
        copied.ok_or(Lack::NoMemory)?;
        self.front.captured.set(table);
        Ok(())
    }

    /// The value of the `*` in the request's route.
    pub fn captured_rest(&self) -> Option<&[u8]> {
        // SAFETY: a string of the request, even if the program has changed its characters.
        self.captured().find(b"*").map(|rest| unsafe { text(rest.value) })
    }

    /// The parameters of the request's route; empty without one.
    pub fn captured(&self) -> Parameters {
        self.front.captured.get()
    }
}

pub(super) fn recalled<T>(known: Lazy<T>) -> Option<Result<T, Lack>> {
    match known {
        Lazy::Unread => None,
        Lazy::Malformed => Some(Err(Lack::Malformed)),
        Lazy::Is(value) => Some(Ok(value)),
    }
}

pub(super) fn remembered<T>(found: Result<T, Lack>) -> Lazy<T> {
    match found {
        Ok(value) => Lazy::Is(value),
        Err(Lack::Malformed) => Lazy::Malformed,
        Err(Lack::NoMemory) => Lazy::Unread,
    }
}

/// The decoded parameters of a query, or the decoded fields of a form.
pub(super) fn decoded_parameters(arena: &Arena, query: &[u8]) -> Result<Parameters, Lack> {
    let table = Parameters::new(arena, parameters(query).count()).ok_or(Lack::NoMemory)?;
    for (i, (name, value)) in parameters(query).enumerate() {
        let name = decoded(arena, name, true)?;
        let value = decoded(arena, value, true)?;
        table.set(i, Parameter { name, value });
    }
    Ok(table)
}

/// A C string with the decoded bytes.
fn decoded(arena: &Arena, from: &[u8], plus: bool) -> Result<*mut c_char, Lack> {
    let decode = |room: &mut [u8]| {
        let len = decode(from, plus, room).ok_or(Lack::Malformed)?;
        // Escapes are longer than the bytes that they stand for.
        if let Some(end) = room.get_mut(len) {
            *end = 0;
        }
        Ok(())
    };
    let place = arena.filled(from.len() + 1, decode).ok_or(Lack::NoMemory)??;
    Ok(place.as_ptr().cast())
}
