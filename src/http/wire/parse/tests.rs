//! Valid and invalid requests from bytes that arrive in pieces of any size.

#![forbid(unsafe_code)]

use super::*;

/// The calls of a store: the parts of the request line, names and values, the body.
#[derive(Default, PartialEq, Eq, Debug)]
struct Told {
    parts: Vec<String>,
    announced: Option<u64>,
    body: Vec<u8>,
}

impl Told {
    fn add(&mut self, part: &[u8]) {
        self.parts.push(String::from_utf8_lossy(part).into_owned());
    }
}

impl Store for Told {
    fn request_line(&mut self, line: &[u8], parts: &RequestLine) -> Result<(), Status> {
        self.add(&line[..parts.method_end]);
        self.add(&line[parts.url.clone()]);
        Ok(())
    }

    fn header(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status> {
        let (name, value) = (&line[..parts.name_end], &line[parts.value.clone()]);
        if name.eq_ignore_ascii_case(b"content-length") {
            self.announced = core::str::from_utf8(value).unwrap().parse().ok();
        }
        self.add(name);
        self.add(value);
        Ok(())
    }

    fn overridden_host(&mut self, line: &[u8], parts: &HeaderLine) -> Result<(), Status> {
        self.parts.push("(overridden)".into());
        self.header(line, parts)
    }

    fn body(&mut self, bytes: &[u8], left: Option<u64>) -> Result<(), Status> {
        assert!(!bytes.is_empty());
        if let Some(announced) = self.announced {
            assert_eq!(left, Some(announced - (self.body.len() + bytes.len()) as u64));
        }
        self.body.extend(bytes);
        Ok(())
    }
}

#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    told: Told,
    taken: usize,
    state: State,
    result: Result<(), Status>,
}

/// Feeds the input in portions that end at `ends`, as a growing buffer would.
fn feed(input: &[u8], ends: impl Iterator<Item = usize>) -> Outcome {
    let mut parser = Parser::new(false);
    let mut told = Told::default();
    let mut taken = 0;
    let mut result = Ok(());
    for end in ends {
        let (n, now) = parser.parse(&input[taken..end], &Limits::DEFAULT, &mut told);
        taken += n;
        result = now;
        if result.is_err() {
            break;
        }
    }
    Outcome { told, taken, state: parser.state, result }
}

fn whole(input: &[u8]) -> Outcome {
    feed(input, core::iter::once(input.len()))
}

const SERVED: &[&str] = &[
    "GET / HTTP/1.1\r\n\r\n",
    "\r\n\r\nGET /a?b=c HTTP/1.0\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost:x\r\nX-Long: 0123456789 0123456789 0123456789\t0\r\nEmpty:\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\ncontent-length: 005\r\n\r\n\r\n\r\n\r",
    "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n\
     0\r\nTrailer: t\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: \tchunked \r\nExpect: 100-continue, 100-Continue\r\n\r\n000\r\n\r\n",
];

const REFUSED: &[(&str, Status)] = &[
    ("GET / HTTP/1.1\n\n", 400),
    ("GET / HTTP/1.1\r\r\n", 400),
    ("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA: b\0\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\n A: b\r\n\r\n", 400),
    ("GET /\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\n\r\n", 505),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 5,\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 5 5\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: +5\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nContent-Length: 67108865\r\n\r\n", 413),
    ("P / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413),
    ("P / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ("P / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("P / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: ,chunked\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", 501),
    ("P / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    ("P / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", 501),
    ("P / HTTP/1.1\r\nExpect: 200-ok\r\n\r\n", 417),
    ("P / HTTP/1.1\r\nExpect: 100-continue, x\r\n\r\n", 417),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ("\r\n\r\n\r\n\r\n\r\n", 400),
    ("\n", 400),
    (" \r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n", 413),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nffffffffffffffff\r\n", 413),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000005\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"\r\n\"", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\r", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n", 400),
    ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHOST: b\r\n\r\n", 400),
];

#[test]
fn served() {
    for input in SERVED {
        let outcome = whole(input.as_bytes());
        assert_eq!(outcome.result, Ok(()), "{input:?}");
        assert_eq!(outcome.state, State::Done, "{input:?}");
        assert_eq!(outcome.taken, input.len(), "{input:?}");
    }
}

#[test]
fn refused() {
    for (input, status) in REFUSED {
        assert_eq!(whole(input.as_bytes()).result, Err(*status), "{input:?}");
    }
}

#[test]
fn bodies() {
    let cases: &[(&str, &[u8])] = &[
        ("P / HTTP/1.1\r\n\r\nGET", b""),
        ("P / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET", b""),
        ("P / HTTP/1.1\r\nContent-Length: 5\r\n\r\n\0\r\n\r\nGET", b"\0\r\n\r\n"),
        ("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET", b""),
        (
            "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3 ;a = \"\\\"\"\r\n0\r\n\r\n0000B\r\n\
             hello world\r\n000;b\r\nHosts: x\r\n\r\nGET",
            b"0\r\nhello world",
        ),
    ];
    for (input, body) in cases {
        let outcome = whole(input.as_bytes());
        assert_eq!((outcome.state, outcome.result), (State::Done, Ok(())), "{input:?}");
        assert_eq!(outcome.told.body, *body, "{input:?}");
        assert!(input.as_bytes()[outcome.taken..].len() <= 3, "{input:?}");
    }
}

#[test]
fn the_host_is_known() {
    let parse = |needs_host: bool, input: &str| {
        let mut parser = Parser::new(needs_host);
        let mut told = Told::default();
        let (_, result) = parser.parse(input.as_bytes(), &Limits::DEFAULT, &mut told);
        (result, told.parts)
    };
    for (input, result) in [
        ("GET / HTTP/1.1\r\n\r\n", Err(400)),
        ("GET / HTTP/1.3\r\n\r\n", Err(400)),
        ("GET http://a/ HTTP/1.1\r\n\r\n", Err(400)),
        ("GET / HTTP/1.0\r\n\r\n", Ok(())),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", Ok(())),
        ("GET / HTTP/1.1\r\nhOST: a:1\r\n\r\n", Ok(())),
    ] {
        assert_eq!(parse(true, input).0, result, "{input:?}");
    }
    assert_eq!(parse(false, "GET / HTTP/1.1\r\n\r\n").0, Ok(()));
    let input = "GET http://a/ HTTP/1.1\r\nX: y\r\nHost: b\r\nY: z\r\n\r\n";
    let expected = ["GET", "http://a/", "X", "y", "(overridden)", "Host", "b", "Y", "z"];
    assert_eq!(parse(true, input), (Ok(()), expected.map(String::from).to_vec()));
    let (_, parts) = parse(true, "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
    assert_eq!(parts, ["GET", "/", "Host", "b"]);
}

#[test]
fn limits_are_those_given() {
    let small = Limits { line: 20, head: 40, headers: 2, body: 4, ..Limits::DEFAULT };
    let outcome = |input: &str| {
        let mut parser = Parser::new(false);
        parser.parse(input.as_bytes(), &small, &mut Told::default()).1
    };
    assert_eq!(outcome("GET /abcdefg HTTP/1.1\r\n"), Err(414));
    assert_eq!(outcome("GET /abcdef HTTP/1.1\r\na: 45678901234\r\n\r\n"), Ok(()));
    assert_eq!(outcome("GET /abcdef HTTP/1.1\r\na: 456789012345\r\n\r\n"), Err(431));
    assert_eq!(outcome("GET / HTTP/1.1\r\na:\r\nb:\r\nc:\r\n\r\n"), Err(431));
    assert_eq!(outcome("P / HTTP/1.0\r\nContent-Length: 4\r\n\r\n"), Ok(()));
    assert_eq!(outcome("P / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"), Err(413));
    let chunked = "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let wide = Limits { head: 100, ..small };
    for (chunks, result) in [("2\r\nab\r\n2\r\n", Ok(())), ("2\r\nab\r\n3\r\n", Err(413))] {
        let input = format!("{chunked}{chunks}");
        let mut parser = Parser::new(false);
        let told = parser.parse(input.as_bytes(), &wide, &mut Told::default());
        assert_eq!(told.1, result, "{chunks}");
    }
    // Trailers count, too.
    let input = format!("{chunked}0\r\n{}\r\n", "t: 12345678\r\n".repeat(5));
    let mut parser = Parser::new(false);
    assert_eq!(parser.parse(input.as_bytes(), &wide, &mut Told::default()).1, Err(431));
}

#[test]
fn portions_make_no_difference() {
    let inputs = SERVED.iter().chain(REFUSED.iter().map(|(input, _)| input));
    for input in inputs {
        let input = input.as_bytes();
        let expected = whole(input);
        assert_eq!(feed(input, 0..=input.len()), expected);
        for split in 0..input.len() {
            assert_eq!(feed(input, [split, input.len()].into_iter()), expected);
        }
    }
}

#[test]
fn stops_behind_the_request() {
    let input = b"GET /a HTTP/1.1\r\nA: b\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
    let outcome = whole(input);
    assert_eq!(outcome.taken, 25);
    assert_eq!(outcome.told.parts, ["GET", "/a", "A", "b"]);
    let body = b"P / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
    assert_eq!(whole(body).taken, 38);
}

#[test]
fn lines_are_taken_as_they_complete() {
    let input = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (len, taken, state) in [
        (15, 0, State::RequestLine),
        (16, 16, State::Headers),
        (21, 16, State::Headers),
        (22, 22, State::Headers),
        (23, 22, State::Headers),
        (24, 24, State::Done),
    ] {
        let outcome = whole(&input[..len]);
        assert_eq!((outcome.taken, outcome.state), (taken, state), "{len}");
    }
}

#[test]
fn limits() {
    let line = |n| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(n));
    assert_eq!(whole(line(8178).as_bytes()).state, State::Done);
    assert_eq!(whole(line(8179).as_bytes()).result, Err(414));
    assert_eq!(whole("a".repeat(8193).as_bytes()).result, Err(501));
    assert_eq!(whole(format!("GET{}", "/".repeat(8190)).as_bytes()).result, Err(414));
    let version = format!("GET / HTTP/1.{}\r\n\r\n", "1".repeat(9000));
    assert_eq!(whole(version.as_bytes()).result, Err(400));

    let many = |n| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(n));
    assert_eq!(whole(many(1000).as_bytes()).state, State::Done);
    assert_eq!(whole(many(1001).as_bytes()).result, Err(431));

    let big = |n| format!("GET / HTTP/1.1\r\na:{}\r\n\r\n", "b".repeat(n));
    assert_eq!(whole(big(65_536 - 16 - 4 - 2).as_bytes()).state, State::Done);
    assert_eq!(whole(big(65_536 - 16 - 3 - 2).as_bytes()).result, Err(431));
    let unfinished = big(70_000);
    assert_eq!(whole(&unfinished.as_bytes()[..65_600]).result, Err(431));
}

/// The status of an unsupported line is known as soon as that line is complete.
#[test]
fn head_is_known() {
    for (input, is_head) in [
        ("HEAD / HTTP/2.0\r\n\r\n".into(), true),
        ("\r\nHEAD a HTTP/1.1\r\n\r\n".into(), true),
        ("HEAD /\n".into(), true),
        (format!("HEAD /{}", "a".repeat(9000)), true),
        ("HEAD / HTTP/1.1\r\na b\r\n".into(), true),
        ("HEADER / HTTP/2.0\r\n\r\n".into(), false),
        ("head / HTTP/2.0\r\n\r\n".into(), false),
        ("GET HEAD / HTTP/1.1\r\n\r\n".into(), false),
    ] {
        let mut parser = Parser::new(false);
        let (_, result) = parser.parse(input.as_bytes(), &Limits::DEFAULT, &mut Told::default());
        assert!(result.is_err(), "{input:?}");
        assert_eq!(parser.is_head, is_head, "{input:?}");
    }
}

#[test]
fn expectation_waits_for_the_body() {
    let head = b"P / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
    let mut parser = Parser::new(false);
    let mut told = Told::default();
    assert_eq!(parser.parse(&head[..20], &Limits::DEFAULT, &mut told), (14, Ok(())));
    assert!(!parser.expects_continue());
    let mut parser = Parser::new(false);
    assert_eq!(parser.parse(head, &Limits::DEFAULT, &mut told), (head.len(), Ok(())));
    assert!(parser.expects_continue());
    parser.continued();
    assert!(!parser.expects_continue());
}

/// It stops after a head with a body, whatever the length, and after each part of the body.
#[test]
fn stops_where_it_is_told_to() {
    let asks = Limits { ask: true, body: 4, ..Limits::DEFAULT };
    let parts = Limits { parts: true, ..Limits::DEFAULT };
    let stretches = |input: &str| {
        let (mut parser, mut told) = (Parser::new(false), Told::default());
        let (mut taken, result) = parser.parse(input.as_bytes(), &asks, &mut told);
        assert_eq!(result, Ok(()));
        let mut lengths = Vec::new();
        while parser.is_halted() {
            let before = told.body.len();
            let (n, result) = parser.parse(&input.as_bytes()[taken..], &parts, &mut told);
            assert_eq!(result, Ok(()));
            taken += n;
            if parser.is_halted() {
                lengths.push(told.body.len() - before);
            }
        }
        assert_eq!((parser.state, taken), (State::Done, input.len()));
        lengths
    };
    assert_eq!(stretches("GET / HTTP/1.1\r\n\r\n"), []);
    assert_eq!(stretches("P / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), [5]);
    let chunks = "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n";
    let head = "P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(stretches(&format!("{head}{chunks}")), [5, 6]);
    let mut parser = Parser::new(false);
    let head = b"P / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
    assert_eq!(parser.parse(head, &asks, &mut Told::default()).1, Ok(()));
    assert_eq!((parser.admit(4), parser.admit(5)), (Err(413), Ok(())));
}
