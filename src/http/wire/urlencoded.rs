//! Parses application/x-www-form-urlencoded from pieces of any size, with the same result as `url::parameters` and
//! `url::decode` for a whole text: `&` separates fields, `+` is a space, `%XX` is a byte.

#![forbid(unsafe_code)]

use crate::http::wire::form::{Event, Fault, Part, Span};

/// How much decoded data is reported at once.
const BLOCK: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Between fields.
    Start,
    Name,
    Value,
    /// A field without `=` has begun; it ends next.
    NameEnd,
    ValueEnd,
}

/// How far an escape has been parsed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Escape {
    None,
    Percent,
    /// The value of the first digit.
    Digit(u8),
}

pub struct Urlencoded {
    state: State,
    escape: Escape,
    /// The length of the name so far; its bytes are in the buffer.
    name: usize,
    block: [u8; BLOCK],
    decoded: usize,
    part: Part,
    parts: u64,
    parts_max: u64,
}

/// Whether a Content-Type is that of such a form.
pub fn is_urlencoded(content_type: &[u8]) -> bool {
    let kind = content_type.split(|&b| b == b';').next().unwrap_or(b"");
    kind.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

impl Urlencoded {
    pub fn new(parts_max: u64) -> Urlencoded {
        Urlencoded {
            state: State::Start,
            escape: Escape::None,
            name: 0,
            block: [0; BLOCK],
            decoded: 0,
            part: Part::default(),
            parts: 0,
            parts_max,
        }
    }

    /// The bytes of an `Event::Own`.
    pub fn own(&self, from: usize, to: usize) -> &[u8] {
        self.block.get(from..to).unwrap_or(b"")
    }

    /// The current field. Its name is in the buffer, followed by a NUL.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// How many fields have begun.
    pub fn parts(&self) -> u64 {
        self.parts
    }

    /// Parses up to the next event, and removes the parsed bytes from `input`. `room` is the same buffer in each call. It
    /// holds a name and a NUL; its length is the limit for those.
    pub fn next<'a>(&mut self, input: &mut &'a [u8], room: &mut [u8]) -> Result<Event<'a>, Fault> {
        loop {
            let is_end = matches!(self.state, State::NameEnd | State::ValueEnd);
            if self.decoded == BLOCK || self.decoded > 0 && (is_end || input.is_empty()) {
                return Ok(self.told());
            }
            if is_end {
                self.state = State::Start;
                return Ok(Event::End);
            }
            let before = *input;
            let Some((&byte, rest)) = before.split_first() else {
                return Ok(Event::More);
            };
            *input = rest;
            match (self.state, byte) {
                (State::Start, b'&') => (),
                (State::Start, _) => {
                    if self.parts == self.parts_max {
                        return Err(Fault::TooManyParts);
                    }
                    self.parts += 1;
                    self.name = 0;
                    self.state = State::Name;
                    if self.in_name(byte, room)? {
                        return Ok(Event::Begin);
                    }
                }
                (State::Name, _) => {
                    if self.in_name(byte, room)? {
                        return Ok(Event::Begin);
                    }
                }
                (_, _) => match self.in_value(byte) {
                    // Data before the fault is reported first, so that the result doesn't depend on the pieces.
                    Err(_) if self.decoded > 0 => {
                        *input = before;
                        return Ok(self.told());
                    }
                    result => result?,
                },
            }
        }
    }

    /// Returns the next event at the end of the body; `Event::More` if there is none.
    pub fn finish(&mut self, room: &mut [u8]) -> Result<Event<'static>, Fault> {
        self.whole()?;
        match self.state {
            State::Start => Ok(Event::More),
            State::Name => {
                self.begin(room)?;
                self.state = State::NameEnd;
                Ok(Event::Begin)
            }
            _ => {
                self.state = State::Start;
                Ok(Event::End)
            }
        }
    }

    fn told(&mut self) -> Event<'static> {
        Event::Own(0, core::mem::take(&mut self.decoded))
    }

    /// Parses a byte of a name or its end. Returns whether the field begins.
    fn in_name(&mut self, byte: u8, room: &mut [u8]) -> Result<bool, Fault> {
        if byte == b'=' || byte == b'&' {
            self.whole()?;
            self.begin(room)?;
            self.state = if byte == b'=' { State::Value } else { State::NameEnd };
            return Ok(true);
        }
        if let Some(byte) = self.decode(byte)? {
            *room.get_mut(self.name).ok_or(Fault::HeadTooLong)? = byte;
            self.name += 1;
        }
        Ok(false)
    }

    /// Parses a byte of a value or its end.
    fn in_value(&mut self, byte: u8) -> Result<(), Fault> {
        if byte == b'&' {
            self.whole()?;
            self.state = State::ValueEnd;
        } else if let Some(byte) = self.decode(byte)?
            && let Some(place) = self.block.get_mut(self.decoded)
        {
            *place = byte;
            self.decoded += 1;
        }
        Ok(())
    }

    fn begin(&mut self, room: &mut [u8]) -> Result<(), Fault> {
        *room.get_mut(self.name).ok_or(Fault::HeadTooLong)? = 0;
        self.part = Part { name: Some(Span { at: 0, len: self.name }), ..Part::default() };
        Ok(())
    }

    /// Fails within an escape.
    fn whole(&self) -> Result<(), Fault> {
        if self.escape == Escape::None { Ok(()) } else { Err(Fault::Escape) }
    }

    /// Decodes a byte; None within an escape. A fault leaves the state as it is.
    fn decode(&mut self, byte: u8) -> Result<Option<u8>, Fault> {
        let digit = || char::from(byte).to_digit(16).map(|digit| digit as u8).ok_or(Fault::Escape);
        let decoded = match (self.escape, byte) {
            (Escape::None, b'%') => {
                self.escape = Escape::Percent;
                return Ok(None);
            }
            (Escape::None, b'+') => b' ',
            (Escape::None, byte) => byte,
            (Escape::Percent, _) => {
                self.escape = Escape::Digit(digit()?);
                return Ok(None);
            }
            (Escape::Digit(high), _) => high << 4 | digit()?,
        };
        if decoded == 0 {
            return Err(Fault::Escape);
        }
        self.escape = Escape::None;
        Ok(Some(decoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::url::{decode, parameters};

    type Fields = Vec<(Vec<u8>, Vec<u8>)>;

    fn read_with(pieces: &[&[u8]], room: usize, parts_max: u64) -> Result<Fields, Fault> {
        let mut parser = Urlencoded::new(parts_max);
        let mut room = vec![0xee; room];
        let (mut fields, mut ended): (Fields, _) = (Vec::new(), 0);
        let mut take = |event, parser: &Urlencoded, room: &[u8]| {
            match event {
                Event::More => return false,
                Event::Begin => {
                    let name = parser.part().name.unwrap();
                    assert_eq!((room[name.len], fields.len()), (0, ended));
                    fields.push((room[..name.len].to_vec(), Vec::new()));
                }
                Event::Data(_) => panic!("it is decoded"),
                Event::Own(from, to) => fields.last_mut().unwrap().1.extend(parser.own(from, to)),
                Event::End => ended += 1,
            }
            true
        };
        for mut input in pieces.iter().copied() {
            while take(parser.next(&mut input, &mut room)?, &parser, &room) {}
        }
        while take(parser.finish(&mut room)?, &parser, &room) {}
        assert_eq!(fields.len(), ended);
        Ok(fields)
    }

    fn read(text: &str) -> Result<Fields, Fault> {
        let text = text.as_bytes();
        let whole = read_with(&[text], 100, 9);
        for at in 0..=text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(read_with(&[one, two], 100, 9), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(read_with(&bytes, 100, 9), whole, "byte by byte");
        whole
    }

    #[test]
    fn as_whole_texts_are_read() {
        let long = format!("a={}&b={}", "x".repeat(BLOCK), "%41".repeat(BLOCK + 1));
        let all = |from: &[u8]| {
            let mut to = vec![0; from.len()];
            let len = decode(from, true, &mut to)?;
            to.truncate(len);
            Some(to)
        };
        for text in [
            "",
            "&",
            "a",
            "a&",
            "=",
            "=b",
            "a=",
            "a=b",
            "a=b&c=d",
            "&&a&&=&b==c&",
            "a+%2b=%26%3d+",
            "%e4%BD%A0=\u{4f60}",
            "%",
            "a%",
            "a%2",
            "a%2&b",
            "a=%",
            "a=%z",
            "a=%2z",
            "a=%00",
            "a\0",
            "%00=b",
            "a=b\0",
            "a=%&b=c",
            &long,
        ] {
            let pairs = parameters(text.as_bytes());
            let expected: Option<Fields> = pairs.map(|(n, v)| Some((all(n)?, all(v)?))).collect();
            assert_eq!(read(text), expected.ok_or(Fault::Escape), "{text}");
        }
    }

    #[test]
    fn limits() {
        assert!(read_with(&[b"ab=12345"], 3, 1).is_ok());
        assert_eq!(read_with(&[b"abc=1"], 3, 1), Err(Fault::HeadTooLong));
        assert_eq!(read_with(&[b"abc"], 3, 1), Err(Fault::HeadTooLong));
        assert_eq!(read_with(&[b"a&b"], 3, 1), Err(Fault::TooManyParts));
    }

    #[test]
    fn content_types() {
        for text in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded ; charset=utf-8",
        ] {
            assert!(is_urlencoded(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "application/x-www-form-urlencodedx",
            "text/plain",
            "multipart/form-data; boundary=a",
        ] {
            assert!(!is_urlencoded(text.as_bytes()), "{text}");
        }
    }
}
