//! Tags, long lines and text of any encoding.

use super::*;

fn made(severity: c_int, text: fmt::Arguments<'_>) -> Vec<u8> {
    let mut line = Line::new(severity);
    let _ = line.write_fmt(text);
    line.finish(b'\n').to_vec()
}

#[test]
fn tags() {
    assert_eq!(made(DEBUG, format_args!("a {}", 1)), b"[debug] a 1\n");
    assert_eq!(made(MSG, format_args!("a")), b"[msg] a\n");
    assert_eq!(made(WARN, format_args!("a")), b"[warn] a\n");
    assert_eq!(made(ERR, format_args!("a")), b"[err] a\n");
    assert_eq!(made(77, format_args!("a")), b"[???] a\n");
}

#[test]
fn long_text_is_cut() {
    let text = "x".repeat(5000);
    for severity in [DEBUG, ERR, -1] {
        let line = made(severity, format_args!("{text}{text}"));
        assert_eq!(line.len(), tag(severity).len() + TEXT_MAX + 1);
        assert_eq!(line.last(), Some(&b'\n'));
    }
}

#[test]
fn c_text() {
    let show = |text: *const c_char, line: &str| {
        let mut shown = Line::new(ERR);
        // SAFETY: all callers pass NULL or literals.
        let _ = write!(shown, "{}", unsafe { CText::new(text) });
        assert_eq!(shown.finish(b'\n'), [b"[err] ", line.as_bytes(), b"\n"].concat());
    };
    show(core::ptr::null(), "(null)");
    show(c"main thread".as_ptr(), "main thread");
    show(c"主线程".as_ptr(), "主线程");
    let mut gbk = Line::new(ERR);
    // SAFETY: a literal.
    let _ = write!(gbk, "{}", unsafe { CText::new(c"\xd6\xf7".as_ptr()) });
    assert_eq!(gbk.finish(b'\n'), b"[err] \xd6\xf7\n");
}
