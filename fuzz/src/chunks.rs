//! Another reader of chunked bodies, from the grammar of RFC 9112, 7.1, with the limits that
//! docs/abi.md names. Slow and plain: it shares nothing with the library.

pub enum Body {
    /// The bytes, and how many of the stream they took.
    Is(Vec<u8>, usize),
    /// More bytes could make it a body.
    Unfinished,
    Malformed,
}

const LINE_MAX: usize = 1 << 10;
const BODY_MAX: usize = 64 << 20;
const HEAD_MAX: usize = 64 << 10;
/// The request line and headers that the trailers are counted with.
const HEAD: usize = 56;

pub fn read(stream: &[u8]) -> Body {
    let (mut body, mut at, mut excess) = (Vec::new(), 0, 0);
    loop {
        let line = match line(&stream[at..], LINE_MAX) {
            Ok(line) => line,
            Err(body) => return body,
        };
        let Some(size) = size(line) else {
            return Body::Malformed;
        };
        at += line.len() + 2;
        if size > BODY_MAX - body.len() {
            return Body::Malformed;
        }
        excess = usize::saturating_sub(excess + line.len(), 16 + 2 * size);
        if excess > 16 << 10 {
            return Body::Malformed;
        }
        if size == 0 {
            return trailers(stream, at, body);
        }
        let rest = &stream[at..];
        if rest.len() <= size {
            return Body::Unfinished;
        }
        body.extend(&rest[..size]);
        match rest[size..] {
            [b'\r', b'\n', ..] => at += size + 2,
            [b'\r'] => return Body::Unfinished,
            _ => return Body::Malformed,
        }
    }
}

fn trailers(stream: &[u8], mut at: usize, body: Vec<u8>) -> Body {
    let mut head = HEAD;
    loop {
        let Some(limit) = HEAD_MAX.checked_sub(head + 2) else {
            return Body::Malformed;
        };
        let line = match line(&stream[at..], limit) {
            Ok(line) => line,
            Err(end) => return end,
        };
        at += line.len() + 2;
        head += line.len() + 2;
        if line.is_empty() {
            return Body::Is(body, at);
        }
        let name = line.split(|&b| b == b':').next().unwrap();
        if name.is_empty() || name.len() == line.len() || !name.iter().all(is_token) {
            return Body::Malformed;
        }
        let name = String::from_utf8_lossy(name).to_lowercase();
        if ["host", "content-length", "transfer-encoding"].contains(&&name[..]) {
            return Body::Malformed;
        }
    }
}

/// A line without its CRLF.
fn line(stream: &[u8], limit: usize) -> Result<&[u8], Body> {
    for (at, byte) in stream.iter().enumerate() {
        if (*byte < b' ' && *byte != b'\t') || *byte == 0x7f {
            if at > limit {
                return Err(Body::Malformed);
            }
            return match stream[at..] {
                [b'\r', b'\n', ..] => Ok(&stream[..at]),
                [b'\r'] => Err(Body::Unfinished),
                _ => Err(Body::Malformed),
            };
        }
    }
    Err(if stream.len() > limit { Body::Malformed } else { Body::Unfinished })
}

fn is_token(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

/// The size of a chunk; None where the line isn't one.
fn size(line: &[u8]) -> Option<usize> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if !(1..=16).contains(&digits) || !extensions(&line[digits..]) {
        return None;
    }
    let text = std::str::from_utf8(&line[..digits]).ok()?;
    usize::from_str_radix(text, 16).ok()
}

/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`, as a state machine.
fn extensions(text: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        /// A blank or a semicolon; `true` behind a blank.
        Start(bool),
        BeforeName,
        Name,
        /// Behind a name and a blank.
        BehindName,
        BeforeValue,
        Value,
        Quoted,
        Escaped,
        BehindQuoted,
    }
    let mut state = At::Start(false);
    for byte in text {
        let blank = *byte == b' ' || *byte == b'\t';
        state = match (state, byte) {
            (At::Start(_), b';') => At::BeforeName,
            (At::Start(_), _) if blank => At::Start(true),
            (At::BeforeName, _) if blank => At::BeforeName,
            (At::BeforeName | At::Name, byte) if is_token(byte) => At::Name,
            (At::Name | At::BehindName, b'=') => At::BeforeValue,
            (At::Name | At::BehindName, b';') => At::BeforeName,
            (At::Name | At::BehindName, _) if blank => At::BehindName,
            (At::BeforeValue, _) if blank => At::BeforeValue,
            (At::BeforeValue, b'"') => At::Quoted,
            (At::BeforeValue | At::Value, byte) if is_token(byte) => At::Value,
            (At::Value | At::BehindQuoted, b';') => At::BeforeName,
            (At::Value | At::BehindQuoted, _) if blank => At::Start(true),
            (At::Quoted, b'"') => At::BehindQuoted,
            (At::Quoted, b'\\') => At::Escaped,
            (At::Quoted | At::Escaped, _) => At::Quoted,
            _ => return false,
        };
    }
    matches!(state, At::Start(false) | At::Name | At::Value | At::BehindQuoted)
}
