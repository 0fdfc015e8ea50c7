//! Path and parameters of a request's URL, decoded when somebody asks for them, and once.

use core::ffi::{c_char, c_int};
use core::mem::align_of;
use core::ptr::null_mut;

use super::{Front, Request};
use crate::http::wire::url::{decode, decode_segments, parameters, split};
use crate::sys::text::text;

/// Something that is read from the URL when it is first asked for.
#[derive(Clone, Copy)]
pub enum Lazy<T> {
    Unread,
    Malformed,
    Is(T),
}

/// Why there is nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// An escape that is none, or a NUL.
    Malformed,
    NoMemory,
}

/// A parameter of the query: two strings of the request.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Parameter {
    pub name: *mut c_char,
    pub value: *mut c_char,
}

#[derive(Clone, Copy)]
pub struct Parameters {
    table: *mut Parameter,
    count: usize,
}

impl Parameters {
    pub const NONE: Parameters = Parameters { table: null_mut(), count: 0 };

    /// How many there are: less than bytes of the URL, which a c_int can count.
    pub fn count(&self) -> c_int {
        c_int::try_from(self.count).unwrap_or(c_int::MAX)
    }

    pub fn get(&self, index: usize) -> Option<Parameter> {
        // SAFETY: the table has count entries.
        (index < self.count).then(|| unsafe { *self.table.add(index) })
    }
}

/// The decoded path of the URL.
///
/// # Safety
/// `request` is a live request; its URL is NULL, which counts as empty, or a string.
pub unsafe fn path(request: *mut Request) -> Result<*mut c_char, Lack> {
    // SAFETY: the caller's request; the URL stays as it is meanwhile.
    unsafe {
        let front = &raw mut (*request).front;
        if let Some(known) = known((*front).path) {
            return known;
        }
        let (path, _) = split(text((*front).public.url.get()));
        let found = decoded(front, path, false);
        (*front).path = remembered(found);
        found
    }
}

/// The decoded parameters of the URL.
///
/// # Safety
/// As for `path`.
pub unsafe fn query(request: *mut Request) -> Result<Parameters, Lack> {
    // SAFETY: as for `path`.
    unsafe {
        let front = &raw mut (*request).front;
        if let Some(known) = known((*front).query) {
            return known;
        }
        let (_, query) = split(text((*front).public.url.get()));
        let found = decoded_parameters(front, query);
        (*front).query = remembered(found);
        found
    }
}

fn known<T>(lazy: Lazy<T>) -> Option<Result<T, Lack>> {
    match lazy {
        Lazy::Unread => None,
        Lazy::Malformed => Some(Err(Lack::Malformed)),
        Lazy::Is(value) => Some(Ok(value)),
    }
}

fn remembered<T>(found: Result<T, Lack>) -> Lazy<T> {
    match found {
        Ok(value) => Lazy::Is(value),
        Err(Lack::Malformed) => Lazy::Malformed,
        Err(Lack::NoMemory) => Lazy::Unread,
    }
}

/// The path as routes look at it: decoded, with a NUL for each escaped slash.
///
/// # Safety
/// As for `path`; the result is good as long as the URL and the request stay as they are.
pub unsafe fn segments<'a>(request: *mut Request) -> Result<&'a [u8], Lack> {
    // SAFETY: as for `path`; the arena's piece is zeroed, and nobody else's.
    unsafe {
        let front = &raw mut (*request).front;
        let (path, _) = split(text((*front).public.url.get()));
        if !path.contains(&b'%') {
            return Ok(path);
        }
        let place = (*front).text.alloc(path.len());
        if place.is_null() {
            return Err(Lack::NoMemory);
        }
        place.write_bytes(0, path.len());
        let to = core::slice::from_raw_parts_mut(place, path.len());
        let len = decode_segments(path, to).ok_or(Lack::Malformed)?;
        Ok(core::slice::from_raw_parts(place, len))
    }
}

/// Keeps copies of what the parameters of a route stand for. `names` is a list of strings, one behind
/// the other; `values` hands over each of as many values, and does so again.
///
/// # Safety
/// As for `path`; the names stay as long as the request.
pub unsafe fn capture(
    request: *mut Request,
    names: *const c_char,
    values: impl Fn(&mut dyn FnMut(&[u8])),
) -> Result<(), Lack> {
    let (mut count, mut size) = (0, 0);
    values(&mut |value| {
        count += 1;
        size += value.len() + 1;
    });
    if count == 0 {
        return Ok(());
    }
    // SAFETY: the table has `count` places, the piece `size` bytes, of which each value takes its own.
    unsafe {
        let front = &raw mut (*request).front;
        let table = table_of(front, count)?;
        let mut place = (*front).text.alloc(size);
        if place.is_null() {
            return Err(Lack::NoMemory);
        }
        let (mut name, mut entry) = (names, table);
        values(&mut |value| {
            entry.write(Parameter { name: name.cast_mut(), value: place.cast() });
            entry = entry.add(1);
            name = name.add(text(name).len() + 1);
            for (i, &byte) in value.iter().enumerate() {
                place.add(i).write(if byte == 0 { b'/' } else { byte });
            }
            place.add(value.len()).write(0);
            place = place.add(value.len() + 1);
        });
        (*front).captured = Parameters { table, count };
    }
    Ok(())
}

/// The parameters of the request's route; none without one.
///
/// # Safety
/// `request` is a live request.
pub unsafe fn captured(request: *mut Request) -> Parameters {
    // SAFETY: as said.
    unsafe { (*request).front.captured }
}

/// An aligned place for so many parameters.
unsafe fn table_of(front: *mut Front, count: usize) -> Result<*mut Parameter, Lack> {
    let unit = align_of::<Parameter>();
    let size = count.checked_mul(size_of::<Parameter>()).and_then(|n| n.checked_add(unit));
    // SAFETY: the request's own arena; its piece has room for the places behind the first aligned one.
    unsafe {
        let place = (*front).text.alloc(size.ok_or(Lack::NoMemory)?);
        if place.is_null() {
            return Err(Lack::NoMemory);
        }
        Ok(place.add(place.align_offset(unit)).cast())
    }
}

unsafe fn decoded_parameters(front: *mut Front, query: &[u8]) -> Result<Parameters, Lack> {
    let count = parameters(query).count();
    if count == 0 {
        return Ok(Parameters { table: null_mut(), count });
    }
    // SAFETY: the table has a place for each of the parameters.
    unsafe {
        let table = table_of(front, count)?;
        for (i, (name, value)) in parameters(query).enumerate() {
            let name = decoded(front, name, true)?;
            let value = decoded(front, value, true)?;
            table.add(i).write(Parameter { name, value });
        }
        Ok(Parameters { table, count })
    }
}

/// A string of the request with the decoded bytes.
unsafe fn decoded(front: *mut Front, from: &[u8], plus: bool) -> Result<*mut c_char, Lack> {
    // SAFETY: the arena's piece has room for all of the bytes and a NUL, and is zeroed first.
    unsafe {
        let place = (*front).text.alloc(from.len() + 1);
        if place.is_null() {
            return Err(Lack::NoMemory);
        }
        place.write_bytes(0, from.len() + 1);
        let to = core::slice::from_raw_parts_mut(place, from.len());
        let len = decode(from, plus, to).ok_or(Lack::Malformed)?;
        // What an escape left over.
        *place.add(len) = 0;
        Ok(place.cast())
    }
}
