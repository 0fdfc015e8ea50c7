//! The types of yolanda.h for cookies.

#![forbid(unsafe_code)]

use core::ffi::{c_char, c_int};

/// A value of `same_site`: the browser sends the cookie with requests of the same site, and when the
/// user follows a link from another one.
pub const YOLANDA_HTTP_SAME_SITE_LAX: c_int = 1;

/// A value of `same_site`: the browser sends the cookie with requests of the same site only.
pub const YOLANDA_HTTP_SAME_SITE_STRICT: c_int = 2;

/// A value of `same_site`: the browser sends the cookie with all requests. Needs `secure`.
pub const YOLANDA_HTTP_SAME_SITE_NONE: c_int = 3;

/// The attributes of a cookie (RFC 6265, 4.1.2). Set `size`, and the fields that you want; those that
/// are 0 or NULL add no attribute. Later versions may add fields at the end.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct yolanda_http_cookie {
    /// sizeof(struct yolanda_http_cookie).
    pub size: usize,
    /// The paths that the cookie is for: it begins with a slash, has up to 1,024 printable ASCII
    /// characters and no semicolon. Without it the browser takes the folder of the request's path.
    pub path: *const c_char,
    /// The domain that the cookie is for, subdomains included: up to 1,024 letters, digits, dots and
    /// hyphens. Without it the cookie is for the host of the request only.
    pub domain: *const c_char,
    /// For how many seconds the browser keeps the cookie. A negative number deletes it. Without
    /// `max_age` and `expires` it is kept until the browser ends.
    pub max_age: i64,
    /// Until when the browser keeps the cookie: seconds since 1970-01-01, in UTC, up to the year 9999.
    /// `max_age` takes precedence.
    pub expires: i64,
    /// Not 0: only over TLS.
    pub secure: c_int,
    /// Not 0: scripts don't see the cookie.
    pub http_only: c_int,
    /// 0 or one of YOLANDA_HTTP_SAME_SITE_LAX, YOLANDA_HTTP_SAME_SITE_STRICT and
    /// YOLANDA_HTTP_SAME_SITE_NONE.
    pub same_site: c_int,
}

assert_layout!(yolanda_http_cookie, 56;
    size: 0, 8;
    path: 8, 8;
    domain: 16, 8;
    max_age: 24, 8;
    expires: 32, 8;
    secure: 40, 4;
    http_only: 44, 4;
    same_site: 48, 4;
);
