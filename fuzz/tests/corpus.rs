//! The checks as ordinary tests: over the corpus, and for a few seconds over simple mutations of it.
//!
//! YOLANDA_FUZZ_SECONDS: how long each check runs on mutations, 2 unless set. YOLANDA_FUZZ_SEED:
//! another number gives other mutations.

use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, panic};

/// The bytes of the requests that the server's tests replay.
fn requests() -> Vec<Vec<u8>> {
    files("../tests/net/http_corpus")
        .into_iter()
        .map(|file| {
            let mark = file.windows(4).position(|four| four == b"---\n").expect("a line of dashes");
            file[mark + 4..].to_vec()
        })
        .collect()
}

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect()
}

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Runs a check; where it panics, the input is shown as a Rust literal.
fn check(target: fn(&[u8]), input: &[u8]) {
    static HOOKED: AtomicBool = AtomicBool::new(false);
    if !HOOKED.swap(true, Ordering::Relaxed) {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            INPUT.with_borrow(|input| eprintln!("input: b\"{}\"", input.escape_ascii()));
            before(info);
        }));
    }
    INPUT.set(input.to_vec());
    target(input);
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n.max(1)
    }
}

/// What requests are made of, and what has been a way in before.
const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"\"",
    b"\\",
    b"=",
    b"\0",
    b"%00",
    b"%2f",
    b"%zz",
    b"+",
    b"?",
    b"#",
    b"&",
    b"//",
    b"://",
    b"@",
    b"[::1]",
    b"0\r\n\r\n",
    b"1\r\na\r\n",
    b"5;a=\"b\"\r\n",
    b"ffffffffffffffff\r\n",
    b"10000000000000000\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Host: a\r\n",
    b"Expect: 100-continue\r\n",
    b"Connection: close\r\n",
    b"\nRange: bytes=",
    b"\nIf-None-Match: \"",
    b"\nIf-Range: ",
    b"/../",
    b"%2e%2e/",
    b"HTTP/1.0",
    b"HTTP/1.1",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"http://b/",
    b"/",
    b"/:a",
    b"/:b",
    b"/*",
    b"/..",
    b"%2e",
    b"\r\n--x",
    b"--x\r\n",
    b"--x--\r\n",
    b"Content-Disposition: form-data; name=",
    b"; filename=\"",
    b"Content-Type: a\r\n",
    b"\x7f",
    b"\xff",
];

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let len = random.below(9).min(bytes.len() - at);
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.below(256) as u8,
            2 => drop(bytes.drain(at..at + len)),
            3 => {
                let piece = bytes[at..at + len].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => {
                let word = WORDS[random.below(WORDS.len())];
                bytes.splice(at..at + len * random.below(2), word.iter().copied());
            }
        }
    }
    bytes
}

fn number(name: &str, default: u64) -> u64 {
    let value = env::var(name).ok();
    value.map_or(default, |value| value.parse().expect("a number"))
}

/// All seeds, then mutations of them until the time is over.
fn run(target: fn(&[u8]), seeds: &[Vec<u8>]) {
    for seed in seeds {
        check(target, seed);
    }
    let end = Instant::now() + Duration::from_secs(number("YOLANDA_FUZZ_SECONDS", 2));
    let mut random = Random(number("YOLANDA_FUZZ_SEED", 4711).max(1));
    let mut count = 0u64;
    while Instant::now() < end {
        for _ in 0..100 {
            check(target, &mutate(&mut random, seeds));
        }
        count += 100;
    }
    println!("{count} mutations");
}

#[test]
fn request() {
    let seeds = [requests(), files("corpus/request")].concat();
    run(yolanda_fuzz::request, &seeds);
}

#[test]
fn request_cut_everywhere() {
    for seed in requests().iter().filter(|seed| seed.len() < 1000) {
        check(yolanda_fuzz::request_cut_everywhere, seed);
    }
}

#[test]
fn chunked() {
    let mut seeds = files("corpus/chunked");
    // The bodies of the requests.
    for request in requests() {
        let mark = b"chunked\r\n\r\n";
        if let Some(at) = request.windows(mark.len()).position(|window| window == mark) {
            seeds.push(request[at + mark.len()..].to_vec());
        }
    }
    run(yolanda_fuzz::chunked, &seeds);
}

#[test]
fn target() {
    let mut seeds = files("corpus/target");
    seeds.extend(requests().iter().filter_map(|request| {
        let line = request.split(|&b| b == b'\r').next()?;
        line.split(|&b| b == b' ').nth(1).map(<[u8]>::to_vec)
    }));
    run(yolanda_fuzz::target, &seeds);
}

#[test]
fn route() {
    run(yolanda_fuzz::route, &files("corpus/route"));
}

#[test]
fn static_files() {
    run(yolanda_fuzz::files, &files("corpus/files"));
}

#[test]
fn form() {
    run(yolanda_fuzz::form, &files("corpus/form"));
}
