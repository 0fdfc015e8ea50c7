//! Parses the head of a part. Lines are collected in a buffer, `room`; the strings of the part stay there.

#![forbid(unsafe_code)]

use core::ops::Range;

use crate::http::wire::form::{Fault, Part, Span};
use crate::http::wire::parameter::{is_escape, next_parameter};
use crate::http::wire::scan::{find_control, is_blank, token_len, trim};

/// The buffer holds the strings found so far, followed by the current line.
#[derive(Default)]
pub struct Head {
    kept: usize,
    line: usize,
    /// The length of the head so far.
    bytes: usize,
    part: Part,
}

impl Head {
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// Collects bytes of a line. Returns whether the line's CR was reached.
    pub fn line(&mut self, input: &mut &[u8], room: &mut [u8]) -> Result<bool, Fault> {
        let at = find_control(input, 0);
        let (text, control) = input.split_at_checked(at).unwrap_or((input, b""));
        self.put(text, room)?;
        let mut is_end = false;
        match control.first() {
            None => (),
            Some(b'\t') => self.put(b"\t", room)?,
            Some(b'\r') => {
                // Including the LF.
                self.count(2, room)?;
                is_end = true;
            }
            Some(_) => return Err(Fault::Line),
        }
        *input = control.get(1..).unwrap_or(b"");
        Ok(is_end)
    }

    /// Parses a complete line. Returns whether it ends the head.
    pub fn end_line(&mut self, room: &mut [u8]) -> Result<bool, Fault> {
        if self.line == 0 {
            return if self.part.name.is_none() { Err(Fault::Name) } else { Ok(true) };
        }
        self.header(room)?;
        self.line = 0;
        Ok(false)
    }

    fn count(&mut self, bytes: usize, room: &[u8]) -> Result<(), Fault> {
        self.bytes += bytes;
        if self.bytes > room.len() { Err(Fault::HeadTooLong) } else { Ok(()) }
    }

    fn put(&mut self, text: &[u8], room: &mut [u8]) -> Result<(), Fault> {
        self.count(text.len(), room)?;
        let start = self.kept + self.line;
        let place = room.get_mut(start..start + text.len()).ok_or(Fault::HeadTooLong)?;
        place.copy_from_slice(text);
        self.line += text.len();
        Ok(())
    }

    /// Parses a header line and keeps the strings of the part.
    fn header(&mut self, room: &mut [u8]) -> Result<(), Fault> {
        let (start, end) = (self.kept, self.kept + self.line);
        let line = room.get(start..end).unwrap_or(b"");
        let name = token_len(line);
        if name == 0 || line.get(name) != Some(&b':') {
            return Err(Fault::Line);
        }
        let is = |other: &[u8]| line.get(..name).is_some_and(|n| n.eq_ignore_ascii_case(other));
        let value = start + name + 1;
        if is(b"content-disposition") {
            self.disposition(value, end, room)
        } else if is(b"content-type") {
            if self.part.content_type.is_some() {
                return Err(Fault::Twice);
            }
            let whole = room.get(value..end).unwrap_or(b"");
            let len = trim(whole).len();
            let blanks = whole.iter().take_while(|b| is_blank(b)).count();
            let first = value + blanks;
            self.part.content_type = Some(self.keep(first..first + len, false, room));
            Ok(())
        } else {
            Ok(())
        }
    }

    fn disposition(&mut self, value: usize, end: usize, room: &mut [u8]) -> Result<(), Fault> {
        if self.part.name.is_some() {
            return Err(Fault::Twice);
        }
        let whole = room.get(value..end).unwrap_or(b"");
        let semicolon = whole.iter().position(|&b| b == b';').ok_or(Fault::Name)?;
        if !trim(whole.get(..semicolon).unwrap_or(b"")).eq_ignore_ascii_case(b"form-data") {
            return Err(Fault::Name);
        }
        // Strings are moved to the start of the line, which has been parsed by then.
        let mut at = value + semicolon;
        loop {
            let text = room.get(..end).unwrap_or(b"");
            let Some(found) = next_parameter(text, &mut at).map_err(|_| Fault::Line)? else {
                break;
            };
            let name = text.get(found.name).unwrap_or(b"");
            let is_name = name.eq_ignore_ascii_case(b"name");
            // RFC 7578, 4.2 forbids `filename*`: parsers disagree on whether it or `filename` takes precedence.
            if name.eq_ignore_ascii_case(b"filename*") || name.eq_ignore_ascii_case(b"name*") {
                return Err(Fault::Name);
            }
            if !is_name && !name.eq_ignore_ascii_case(b"filename") {
                continue;
            }
            let known = if is_name { self.part.name } else { self.part.filename };
            if known.is_some() {
                return Err(Fault::Twice);
            }
            let span = Some(self.keep(found.value, found.is_quoted, room));
            *(if is_name { &mut self.part.name } else { &mut self.part.filename }) = span;
        }
        if self.part.name.is_none() { Err(Fault::Name) } else { Ok(()) }
    }

    /// Moves a text from further on in the buffer to the end of the kept strings, decodes its escapes if it was quoted,
    /// and adds a NUL.
    fn keep(&mut self, from: Range<usize>, is_quoted: bool, room: &mut [u8]) -> Span {
        let (at, mut len, mut read) = (self.kept, 0, from.start);
        while read < from.end {
            read += usize::from(is_quoted && is_escape(room, read));
            let byte = room.get(read).copied().unwrap_or(0);
            if let Some(place) = room.get_mut(at + len) {
                *place = byte;
            }
            (len, read) = (len + 1, read + 1);
        }
        if let Some(place) = room.get_mut(at + len) {
            *place = 0;
        }
        self.kept = at + len + 1;
        Span { at, len }
    }
}
