//! Parses multipart/form-data (RFC 7578; RFC 2046, 5.1) from pieces of any size. Data is reported as slices of the input.
//! Between pieces, only the length of a partial boundary and the head of the current part are kept.
//!
//! A delimiter begins with its only CR. After a mismatch, the search therefore continues behind the compared bytes, and
//! parsing takes linear time.

#![forbid(unsafe_code)]

mod boundary;
mod head;

use self::boundary::{BOUNDARY_MAX, boundary};
use self::head::Head;
use crate::http::wire::form::{Event, Fault, Part};

/// What precedes a boundary; at the start of a body, only the dashes.
const BEFORE: &[u8; 4] = b"\r\n--";
/// The part of it that ends the previous line.
const LINE_END: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Before the first boundary.
    Preamble,
    Data,
    /// A boundary was found behind a part.
    PartEnd,
    /// After a boundary.
    Delimiter,
    /// After a boundary and a dash.
    Dash,
    /// Blanks after a boundary.
    Padding,
    /// After the CR of a boundary's line.
    DelimiterCr,
    /// In a line of a part's head.
    Line,
    /// After the CR of such a line.
    LineCr,
    /// After the last boundary.
    Epilogue,
}

pub struct Multipart {
    state: State,
    delimiter: [u8; BEFORE.len() + BOUNDARY_MAX],
    delimiter_len: usize,
    /// How many bytes of the delimiter have been matched.
    matched: usize,
    /// How many of those don't belong to the data if the match fails: they ended the line before.
    no_data: usize,
    head: Head,
    parts: u64,
    parts_max: u64,
}

impl Multipart {
    /// For the body of a request with this Content-Type; None if that isn't multipart/form-data with a boundary.
    pub fn new(content_type: &[u8], parts_max: u64) -> Option<Multipart> {
        let boundary = boundary(content_type)?;
        let mut delimiter = [0; BEFORE.len() + BOUNDARY_MAX];
        for (place, &byte) in delimiter.iter_mut().zip(BEFORE.iter().chain(boundary)) {
            *place = byte;
        }
        Some(Multipart {
            state: State::Preamble,
            delimiter,
            delimiter_len: BEFORE.len() + boundary.len(),
            matched: LINE_END,
            no_data: LINE_END,
            head: Head::default(),
            parts: 0,
            parts_max,
        })
    }

    fn delimiter(&self) -> &[u8] {
        self.delimiter.get(..self.delimiter_len).unwrap_or(b"")
    }

    /// The bytes of an `Event::Own`.
    pub fn own(&self, from: usize, to: usize) -> &[u8] {
        self.delimiter().get(from..to).unwrap_or(b"")
    }

    /// The current part. Its strings are in the buffer, each followed by a NUL.
    pub fn part(&self) -> &Part {
        self.head.part()
    }

    /// How many parts have begun.
    pub fn parts(&self) -> u64 {
        self.parts
    }

    /// Parses up to the next event, and removes the parsed bytes from `input`. `room` is the same buffer in each call. It
    /// holds the head of a part; its length is the limit for heads.
    pub fn next<'a>(&mut self, input: &mut &'a [u8], room: &mut [u8]) -> Result<Event<'a>, Fault> {
        loop {
            match self.state {
                State::PartEnd => {
                    self.state = State::Delimiter;
                    return Ok(Event::End);
                }
                State::Epilogue => *input = b"",
                _ if input.is_empty() => (),
                State::Preamble | State::Data => {
                    let is_data = self.state == State::Data;
                    match self.search(input) {
                        Some(event) if is_data => return Ok(event),
                        _ => continue,
                    }
                }
                State::Line => {
                    if self.head.line(input, room)? {
                        self.state = State::LineCr;
                    }
                }
                _ => {
                    if self.step(take(input), room)? {
                        return Ok(Event::Begin);
                    }
                }
            }
            if input.is_empty() && self.state != State::PartEnd {
                return Ok(Event::More);
            }
        }
    }

    /// The end of the body.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.state == State::Epilogue { Ok(()) } else { Err(Fault::Unfinished) }
    }

    /// Searches for the next boundary, or for the start of one at the end of the input. Returns the data before it.
    fn search<'a>(&mut self, input: &mut &'a [u8]) -> Option<Event<'a>> {
        if self.matched > 0 {
            let n = common(self.delimiter().get(self.matched..).unwrap_or(b""), input);
            skip(input, n);
            self.matched += n;
            if self.matched == self.delimiter_len {
                self.found();
                return None;
            }
            if input.is_empty() {
                return None;
            }
            let (from, to) = (self.no_data, self.matched);
            (self.matched, self.no_data) = (0, 0);
            return (to > from).then_some(Event::Own(from, to));
        }
        let mut from = 0;
        let end = loop {
            let at = find_cr(input, from);
            let rest = input.get(at..).unwrap_or(b"");
            let n = common(self.delimiter(), rest);
            if n == self.delimiter_len || n == rest.len() {
                self.matched = n;
                break at;
            }
            from = at + n;
        };
        let data = input.get(..end).unwrap_or(b"");
        skip(input, end + self.matched);
        if self.matched == self.delimiter_len {
            self.found();
        }
        (!data.is_empty()).then_some(Event::Data(data))
    }

    fn found(&mut self) {
        self.state = match self.state {
            State::Data => State::PartEnd,
            _ => State::Delimiter,
        };
        (self.matched, self.no_data) = (0, 0);
    }

    /// Parses one byte outside of data and lines. Returns whether the part's data begins.
    fn step(&mut self, byte: u8, room: &mut [u8]) -> Result<bool, Fault> {
        self.state = match (self.state, byte) {
            (State::Delimiter, b'-') => State::Dash,
            (State::Dash, b'-') => State::Epilogue,
            (State::Delimiter | State::Padding, b' ' | b'\t') => State::Padding,
            (State::Delimiter | State::Padding, b'\r') => State::DelimiterCr,
            (State::DelimiterCr, b'\n') => {
                if self.parts == self.parts_max {
                    return Err(Fault::TooManyParts);
                }
                self.parts += 1;
                self.head = Head::default();
                State::Line
            }
            (State::LineCr, b'\n') => {
                if self.head.end_line(room)? {
                    (self.matched, self.no_data) = (LINE_END, LINE_END);
                    self.state = State::Data;
                    return Ok(true);
                }
                State::Line
            }
            (State::LineCr, _) => return Err(Fault::Line),
            _ => return Err(Fault::Delimiter),
        };
        Ok(false)
    }
}

/// Removes the first byte of an input that isn't empty.
fn take(input: &mut &[u8]) -> u8 {
    let byte = input.first().copied().unwrap_or(0);
    skip(input, 1);
    byte
}

fn skip(input: &mut &[u8], bytes: usize) {
    *input = input.get(bytes..).unwrap_or(b"");
}

/// The length of the common prefix.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// The position of the first CR from `from` on, or the length of the text.
fn find_cr(text: &[u8], from: usize) -> usize {
    let mut at = from.min(text.len());
    // No branch per byte, so that the compiler vectorizes it.
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<32>())
        && !block.iter().fold(false, |found, &b| found | (b == b'\r'))
    {
        at += 32;
    }
    let rest = text.get(at..).unwrap_or(b"");
    at + rest.iter().position(|&b| b == b'\r').unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::form::Span;

    type Field = (String, Option<String>, Option<String>, Vec<u8>);

    /// The parts of a body that comes in these pieces; the name of a part that hasn't ended isn't told.
    fn read_with(
        boundary: &str,
        room: usize,
        parts_max: u64,
        pieces: &[&[u8]],
    ) -> Result<Vec<Field>, Fault> {
        let kind = format!("multipart/form-data; boundary={boundary}");
        let mut parser = Multipart::new(kind.as_bytes(), parts_max).unwrap();
        let mut room = vec![0xee; room];
        let (mut fields, mut open): (Vec<Field>, _) = (Vec::new(), false);
        for &piece in pieces {
            let mut input = piece;
            loop {
                match parser.next(&mut input, &mut room)? {
                    Event::More => break,
                    Event::Begin => {
                        assert!(!open);
                        open = true;
                        let text = |span: Span| {
                            assert_eq!(room[span.at + span.len], 0);
                            String::from_utf8(room[span.at..span.at + span.len].to_vec()).unwrap()
                        };
                        let part = parser.part();
                        fields.push((
                            text(part.name.unwrap()),
                            part.filename.map(text),
                            part.content_type.map(text),
                            Vec::new(),
                        ));
                    }
                    Event::Data(bytes) => {
                        assert!(open && !bytes.is_empty());
                        fields.last_mut().unwrap().3.extend(bytes);
                    }
                    Event::Own(from, to) => {
                        assert!(open && from < to);
                        fields.last_mut().unwrap().3.extend(parser.own(from, to));
                    }
                    Event::End => assert!(std::mem::take(&mut open)),
                }
            }
            assert!(input.is_empty());
        }
        parser.finish()?;
        assert!(!open);
        Ok(fields)
    }

    /// The same for every way to cut it in two, and byte by byte.
    fn read(body: &str) -> Result<Vec<Field>, Fault> {
        let body = body.as_bytes();
        let whole = read_with("xyz", 500, 9, &[body]);
        for at in 0..=body.len() {
            let (one, two) = body.split_at(at);
            assert_eq!(read_with("xyz", 500, 9, &[one, two]), whole, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read_with("xyz", 500, 9, &bytes), whole, "byte by byte");
        whole
    }

    fn field(name: &str, data: &str) -> Field {
        (name.into(), None, None, data.into())
    }

    fn one(data: &str) -> String {
        format!("--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n{data}\r\n--xyz--")
    }

    #[test]
    fn fields_and_files() {
        let body = "--xyz\r\nContent-Disposition: form-data; name=\"a b\"\r\n\r\n1\r\n\r\n--xyz\t \r\n\
            X-Other: \"\r\ncontent-type:  text/plain; charset=utf-8 \r\n\
            CONTENT-DISPOSITION:Form-Data ; filename=\"q\\\"\\\\\\x;.txt\";name=\"\u{4f60}\"; x=y\r\n\
            \r\n\r\n--xy\r\n-\r--xyz\r\n--xyz--\r\nepilogue\r\n--xyz\r\n";
        let file = (
            "\u{4f60}".into(),
            Some("q\"\\\\x;.txt".into()),
            Some("text/plain; charset=utf-8".into()),
            b"\r\n--xy\r\n-\r--xyz".to_vec(),
        );
        assert_eq!(read(body).unwrap(), [field("a b", "1\r\n"), file]);
    }

    #[test]
    fn boundaries() {
        assert_eq!(read("--xyz--").unwrap(), []);
        assert_eq!(read("\r\n--xyz--").unwrap(), []);
        assert_eq!(read("pre--xyz\r\n--xy\r\n\r\n--xyz-- \r\n").unwrap(), []);
        for data in
            ["", "\r", "\n", "\r\n", "\r\r\n--xy", "--xyz", "\r\n-", "\r\n--\r\n--x", "x\r\n\r\n"]
        {
            let expected =
                if data == "--xyz" { Err(Fault::Delimiter) } else { Ok(vec![field("a", data)]) };
            let body = if data == "--xyz" { one("--xyzq") } else { one(data) };
            assert_eq!(read(&body), expected, "{data:?}");
        }
        // The line end behind the head is also that of the boundary.
        let body = one("").replace("\r\n\r\n\r\n", "\r\n\r\n");
        assert_eq!(read(&body).unwrap(), [field("a", "")]);
        for body in ["--xyz", "--xyz\r", "--xyz-", "", "text", "--xy--"] {
            assert_eq!(read(body), Err(Fault::Unfinished), "{body:?}");
        }
        for behind in ["q", "\n", "-q", "\rq", " q", " -"] {
            let body = one("").replace("xyz--", &format!("xyz{behind}"));
            assert_eq!(read(&body), Err(Fault::Delimiter), "{behind:?}");
        }
        assert_eq!(
            read("--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nb"),
            Err(Fault::Unfinished)
        );
    }

    #[test]
    fn heads() {
        let head = |head: &str| read(&format!("--xyz\r\n{head}\r\n\r\n1\r\n--xyz--"));
        for (name, expected) in [("name=\"\"", ""), ("name=\"%22\"", "%22"), ("name=a+b;;", "")] {
            let found = head(&format!("Content-Disposition: form-data; {name}"));
            match expected {
                "" if name.ends_with(";;") => assert_eq!(found, Err(Fault::Line)),
                expected => assert_eq!(found.unwrap(), [field(expected, "1")]),
            }
        }
        let disposition = "Content-Disposition: form-data; name=a";
        for (text, fault) in [
            ("X: y".into(), Fault::Name),
            ("".into(), Fault::Name),
            ("Content-Disposition: form-data".into(), Fault::Name),
            ("Content-Disposition: form-data; filename=b".into(), Fault::Name),
            ("Content-Disposition: attachment; name=a".into(), Fault::Name),
            (format!("{disposition}; filename*=UTF-8''b"), Fault::Name),
            (format!("{disposition}; name=a"), Fault::Twice),
            (format!("{disposition}; filename=a; filename=a"), Fault::Twice),
            (format!("{disposition}\r\n{disposition}"), Fault::Twice),
            (format!("{disposition}\r\nContent-Type: a\r\nContent-Type: a"), Fault::Twice),
            (format!("{disposition}; x"), Fault::Line),
            (format!("{disposition}\r\n folded"), Fault::Line),
            (format!("{disposition}\r\nX : y"), Fault::Line),
            (format!("{disposition}\r\nnothing"), Fault::Line),
            (format!("{disposition}\nX: y"), Fault::Line),
            (format!("{disposition}\rX: y"), Fault::Line),
            (format!("{disposition}\0"), Fault::Line),
        ] {
            assert_eq!(head(&text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn limits() {
        let body = one("1");
        let head = "Content-Disposition: form-data; name=a\r\n\r\n".len();
        let read = |room, parts| read_with("xyz", room, parts, &[body.as_bytes()]);
        assert!(read(head, 1).is_ok());
        assert_eq!(read(head - 1, 1), Err(Fault::HeadTooLong));
        assert_eq!(read(head, 0), Err(Fault::TooManyParts));
    }

    #[test]
    fn line_ends_are_found() {
        for at in 0..100 {
            let mut text = [b'\n'; 100];
            text[at] = b'\r';
            assert_eq!(
                (find_cr(&text, 0), find_cr(&text, at), find_cr(&text, at + 1)),
                (at, at, 100)
            );
        }
    }
}
