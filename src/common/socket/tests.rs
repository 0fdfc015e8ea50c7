use super::*;

#[test]
fn addresses_as_text() {
    let show = |ip, port| {
        let address = ipv4(ip, port);
        // SAFETY: an address, and the text of this thread.
        unsafe { CStr::from_ptr(sock_ntop(&raw const address, ADDRESS_LEN)) }.to_str().unwrap()
    };
    assert_eq!(show(0x7f00_0001, 80), "127.0.0.1:80");
    assert_eq!(show(0xffff_ffff, 65535), "255.255.255.255:65535");
    assert_eq!(show(0x0102_0304, 0), "1.2.3.4");
}

#[test]
fn names_resolve() {
    // SAFETY: NUL-terminated strings.
    unsafe {
        assert_eq!(resolve(null()), Some(0));
        assert_eq!(resolve(c"".as_ptr()), Some(0));
        assert_eq!(resolve(c"10.1.2.3".as_ptr()), Some(0x0a01_0203));
        assert_eq!(resolve(c"localhost".as_ptr()), Some(0x7f00_0001));
    }
}

#[test]
fn an_ephemeral_port_is_told() {
    let (fd, port) = listen_or_exit(0, true);
    assert!(port > 0);
    // SAFETY: a descriptor of our own.
    unsafe { libc::close(fd) };
}
