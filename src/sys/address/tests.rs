//! Conversion of addresses from and to text.

use super::*;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};

fn text(address: &Address) -> String {
    let mut out = [0xffu8; TEXT];
    let len = address.format(&mut out).unwrap();
    assert_eq!(out[len], 0);
    String::from_utf8(out[..len].to_vec()).unwrap()
}

fn socket(text: &str) -> Address {
    match Address::parse(text.as_bytes()) {
        Ok(Parsed::Socket(address)) => address,
        _ => panic!("{text}: no socket address"),
    }
}

fn error(text: &[u8]) -> c_int {
    Address::parse(text).err().unwrap_or(0)
}

#[test]
fn numeric_addresses_come_back_as_they_were() {
    for t in [
        "1.2.3.4:80",
        "0.0.0.0:0",
        "255.255.255.255:65535",
        "[::1]:80",
        "[::]:0",
        "[2001:db8::a:1]:65535",
        "[fe80::1%lo]:80",
        "[fe80::1%4000000]:80",
        "unix:/tmp/a socket",
        "unix:relative",
        "unix:@abstract",
        "unix:@a/b:80",
    ] {
        assert_eq!(text(&socket(t)), t);
    }
    assert_eq!(text(&socket("[fe80::1%1]:80")), text(&socket("[fe80::1%lo]:80")));
    assert_eq!(text(&socket("[::ffff:1.2.3.4]:80")), "1.2.3.4:80");
    assert_eq!(socket("[::ffff:1.2.3.4]:80").family(), libc::AF_INET6);
}

#[test]
fn the_kernels_structs_are_filled_in() {
    let a = socket("1.2.3.4:258");
    assert_eq!((a.family(), a.len), (libc::AF_INET, 16));
    let v4: sockaddr_in = a.view();
    assert_eq!(v4.sin_port.to_ne_bytes(), [1, 2]);
    assert_eq!(v4.sin_addr.s_addr.to_ne_bytes(), [1, 2, 3, 4]);
    let a = socket("[fe80::2%7]:258");
    assert_eq!((a.family(), a.len), (libc::AF_INET6, 28));
    let v6: sockaddr_in6 = a.view();
    assert_eq!((v6.sin6_port.to_ne_bytes(), v6.sin6_scope_id), ([1, 2], 7));
    assert_eq!((v6.sin6_addr.s6_addr[0], v6.sin6_addr.s6_addr[15]), (0xfe, 2));
    let a = socket("unix:/x");
    assert_eq!((a.family(), a.len), (libc::AF_UNIX, 2 + 3));
    let a = socket("unix:@x");
    assert_eq!((a.family(), a.len), (libc::AF_UNIX, 2 + 2));
    assert_eq!(a.view::<sockaddr_un>().sun_path[..2], [0, b'x' as libc::c_char]);
}

#[test]
fn ports_change_where_there_are_any() {
    let mut a = socket("1.2.3.4:80");
    assert!(a.set_port(81));
    assert_eq!((text(&a), a.port()), ("1.2.3.4:81".into(), Some(81)));
    let mut a = socket("[fe80::1%lo]:80");
    assert!(a.set_port(65535));
    assert_eq!((text(&a), a.port()), ("[fe80::1%lo]:65535".into(), Some(65535)));
    let mut a = socket("unix:/x");
    assert!(!a.set_port(81));
    assert_eq!((text(&a), a.port()), ("unix:/x".into(), None));
}

#[test]
fn the_same_end_is_told() {
    for t in ["1.2.3.4:80", "[fe80::1%lo]:80"] {
        assert!(socket(t).is_same(&socket(t)));
    }
    for (one, other) in [
        ("1.2.3.4:80", "1.2.3.4:81"),
        ("1.2.3.4:80", "1.2.3.5:80"),
        ("[::1]:80", "[::1]:81"),
        ("[::1]:80", "[::2]:80"),
        ("[::ffff:1.2.3.4]:80", "1.2.3.4:80"),
        ("unix:/x", "unix:/x"),
    ] {
        assert!(!socket(one).is_same(&socket(other)), "{one} {other}");
    }
}

#[test]
fn any_and_names() {
    assert!(matches!(Address::parse(b"*:80"), Ok(Parsed::Any(80))));
    assert!(matches!(Address::parse(b":0"), Ok(Parsed::Any(0))));
    for t in ["localhost", "a.b-c.d_e", "example.org.", "1and1.com", "x1", "b\u{fc}cher.example"] {
        let full = format!("{t}:443");
        match Address::parse(full.as_bytes()) {
            Ok(Parsed::Name { host, port }) => assert_eq!((host, port), (t.as_bytes(), 443)),
            _ => panic!("{t}: no name"),
        }
    }
}

#[test]
fn anything_else_is_refused() {
    for t in [
        "",
        ":",
        "*",
        "80",
        "*:",
        "x:",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:99999",
        "1.2.3.4:000080",
        "1.2.3.4:+1",
        "1.2.3.4:-1",
        "1.2.3.4: 1",
        "1.2.3.4:1 ",
        "1.2.3.4:0x1",
        "1.2.3:80",
        "256.1.1.1:80",
        "1.2.3.4.5:80",
        "0x7f.1:80",
        "a.0x7F:80",
        "7:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[1.2.3.4]:80",
        "[name]:80",
        "[::1%]:80",
        "[::1%nosuchif]:80",
        "[::1%4294967296]:80",
        "[::1%averyverylongname]:80",
        "a b:80",
        "a..b:80",
        ".a:80",
        ".:80",
        "a:b:80",
        "a/b:80",
        "unix:",
        "unix:@",
        "[[::1]]:80",
    ] {
        assert_eq!(error(t.as_bytes()), libc::EINVAL, "{t:?}");
    }
    assert_eq!(error(b"a\0b:80"), libc::EINVAL);
    assert_eq!(error(b"unix:a\0b"), libc::EINVAL);
    assert_eq!(error(b"\xff\xff"), libc::EINVAL);
    assert_eq!(error(format!("{}:1", "a".repeat(64)).as_bytes()), libc::EINVAL);
    assert_eq!(error(format!("{}:1", "a".repeat(63)).as_bytes()), 0);
    assert_eq!(error(format!("{}aa:1", "a.".repeat(127)).as_bytes()), libc::EINVAL);
    assert_eq!(error(format!("{}:1", "a.".repeat(127)).as_bytes()), 0);
}

#[test]
fn unix_names_that_just_fit() {
    let path = format!("unix:{}", "p".repeat(107));
    assert_eq!(text(&socket(&path)), path);
    assert_eq!(socket(&path).len, 110);
    assert_eq!(error(format!("{path}p").as_bytes()), libc::ENAMETOOLONG);
    let name = format!("unix:@{}", "n".repeat(107));
    assert_eq!(text(&socket(&name)), name);
    assert_eq!(socket(&name).len, 110);
    assert_eq!(error(format!("{name}n").as_bytes()), libc::ENAMETOOLONG);
}

#[test]
fn room_is_counted_with_the_nul() {
    let a = socket("1.2.3.4:80");
    let mut out = [0xffu8; 11];
    assert_eq!(a.format(&mut out), Some(10));
    assert_eq!(&out, b"1.2.3.4:80\0");
    assert_eq!(a.format(&mut out[..10]), None);
    assert_eq!(a.format(&mut []), None);
    let longest =
        Address::ipv6("1111:2222:3333:4444:5555:6666:7777:8888".parse().unwrap(), 65535, !0);
    assert!(text(&longest).len() < TEXT);
}

#[test]
fn both_ends_of_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let expected =
        [stream.peer_addr().unwrap().to_string(), stream.local_addr().unwrap().to_string()];
    errno::set(libc::EXDEV);
    let fd = stream.as_raw_fd();
    assert_eq!(text(&Address::of_peer(fd).unwrap()), expected[0]);
    assert_eq!(text(&Address::of_local(fd).unwrap()), expected[1]);
    assert_eq!(Address::of_peer(listener.as_raw_fd()).err(), Some(libc::ENOTCONN));
    assert_eq!(Address::of_local(-1).err(), Some(libc::EBADF));
    assert_eq!(errno::get(), libc::EXDEV);

    let path = std::env::temp_dir().join(format!("yolanda-address-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let stream = UnixStream::connect(&path).unwrap();
    let _ = std::fs::remove_file(&path);
    let expected = format!("unix:{}", path.display());
    assert_eq!(text(&Address::of_peer(stream.as_raw_fd()).unwrap()), expected);
    assert_eq!(text(&Address::of_local(listener.as_raw_fd()).unwrap()), expected);
    assert_eq!(text(&Address::of_local(stream.as_raw_fd()).unwrap()), "unix:");
}

#[test]
fn other_families_and_cut_addresses_are_named() {
    let mut a = socket("1.2.3.4:80");
    a.storage.ss_family = 77;
    assert_eq!(text(&a), "family:77");
    a.len = 0;
    assert_eq!(text(&a), "family:0");
    // SAFETY: the text of the address has 28 bytes.
    let copied = unsafe { Address::copy(socket("[::1]:5").as_ptr(), 28) };
    assert_eq!((text(&copied), copied.len), ("[::1]:5".into(), 28));
}
