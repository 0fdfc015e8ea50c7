//! Addresses as text, names, and ports that the system chooses.

use super::*;

#[test]
fn addresses_as_text() {
    let show = |ip: u32, port: u16| {
        let address = sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: port.to_be(),
            sin_addr: libc::in_addr { s_addr: ip.to_be() },
            sin_zero: [0; 8],
        };
        show(&address);
        let shown = SHOWN.with(Cell::get);
        CStr::from_bytes_until_nul(&shown).unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(show(0x7f00_0001, 80), "127.0.0.1:80");
    assert_eq!(show(0xffff_ffff, 65535), "255.255.255.255:65535");
    assert_eq!(show(0x0102_0304, 0), "1.2.3.4");
}

#[test]
fn names_resolve() {
    let find = |name| find(name).map(Ipv4Addr::to_bits);
    assert_eq!(find(c""), Some(0));
    assert_eq!(find(c"10.1.2.3"), Some(0x0a01_0203));
    assert_eq!(find(c"localhost"), Some(0x7f00_0001));
}

#[test]
fn an_ephemeral_port_is_told() {
    let (fd, port) = listen_or_exit(0, true);
    assert!(port > 0);
    fd::close(fd);
}
