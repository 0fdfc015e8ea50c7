//! The functions of yolanda.h for cookies.

use crate::abi::types::{
    YOLANDA_HTTP_SAME_SITE_LAX, YOLANDA_HTTP_SAME_SITE_NONE, YOLANDA_HTTP_SAME_SITE_STRICT,
    http_request, http_response, yolanda_http_cookie,
};
use crate::exports::yolanda::http_request::{or_errno, parameter_at, value_of};
use crate::exports::yolanda::http_response::set;
use crate::http::message::http_response::Response;
use crate::http::message::request::Request;
use crate::http::wire::cookie::{SameSite, SetCookie};
use crate::sys::errno;
use crate::sys::explained::explain;
use crate::sys::text::{optional, text};
use core::ffi::{c_char, c_int};
use core::mem::{MaybeUninit, size_of};
use core::ptr::null;

/// Looks up a cookie of a request, in all of its Cookie headers (RFC 6265, 5.4). Blanks around names
/// and values and quotes around a value are removed. Without a `=` the value is "". Nothing is decoded,
/// and pairs without a name are skipped. Names are case-sensitive. The headers are read
/// on the first call.
///
/// Returns the value of the first cookie with that name, which belongs to the request until that is
/// reset. Browsers send the cookie with the longest path first. NULL with errno: ENOENT if there is
/// none, EINVAL for a NULL name, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_cookie(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_cookie: no request", null());
    let Some(cookies) = or_errno(request.cookies()) else {
        return null();
    };
    // SAFETY: the name is NULL or ends with a NUL.
    unsafe { value_of(&cookies, name) }
}

/// Returns the number of cookies of a request, including those with the same name; -1 with errno:
/// EINVAL for NULL, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_cookie_count(
    httpRequest: *mut http_request,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_cookie_count: no request", -1);
    or_errno(request.cookies()).map_or(-1, |cookies| cookies.count())
}

/// Gets the cookie at `index`, from 0, in the order of the headers. Sets `*name` and `*value`, unless
/// these are NULL, to strings that belong to the request until that is reset.
///
/// Returns 0, or -1 with errno: ENOENT if there are fewer cookies, EINVAL for NULL and a negative
/// index, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// and `value` are NULL or places for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_cookie_at(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_cookie_at: no request", -1);
    let Some(cookies) = or_errno(request.cookies()) else {
        return -1;
    };
    // SAFETY: each place is NULL or the caller's.
    unsafe { parameter_at(&cookies, index, name, value) }
}

/// The attributes that a program has given, of which `size` bytes are there; Err with errno.
///
/// # Safety
/// `given` is NULL or has as many bytes as its first field says.
unsafe fn attributes(given: *const yolanda_http_cookie) -> Result<yolanda_http_cookie, c_int> {
    const KNOWN: usize = size_of::<yolanda_http_cookie>();
    let mut known = MaybeUninit::<yolanda_http_cookie>::zeroed();
    if !given.is_null() {
        // SAFETY: the first field is there, whatever it says. So are as many bytes as it says.
        let bytes = unsafe {
            let size = given.cast::<usize>().read_unaligned();
            if size < size_of::<usize>() {
                return Err(explain!(libc::EINVAL, "size of the attributes is {size}"));
            }
            core::slice::from_raw_parts(given.cast::<u8>(), size)
        };
        if bytes.iter().skip(KNOWN).any(|&byte| byte != 0) {
            return Err(explain!(libc::EINVAL, "attributes that this version doesn't know"));
        }
        // SAFETY: it is copied no further than both reach.
        unsafe {
            let to = known.as_mut_ptr().cast::<u8>();
            to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len().min(KNOWN));
        }
    }
    // SAFETY: it is all zeroes, or what C has written into such a struct: numbers and pointers, of which every value
    // is valid.
    Ok(unsafe { known.assume_init() })
}

/// Sets a cookie in the browser: adds a Set-Cookie header, one for each call. `attributes` says where
/// and for how long the cookie is valid; NULL: for the host and the folder of the request, until the
/// browser ends. To delete a cookie, set it with the same path and domain and a negative `max_age`. All
/// texts are copied.
///
/// Texts that could add attributes, headers or a second response are refused, and so are cookies that
/// browsers reject: SameSite=None without Secure, `__Secure-` without Secure, `__Host-` without
/// Secure and the path "/" or with a domain. Encode other values, for example in percent or base64 form.
///
/// Returns 0, or -1 with errno: EINVAL for a NULL response or name, a name that isn't a token, a value
/// with a control character, blank, quote, comma, semicolon or backslash or with bytes beyond ASCII,
/// an invalid attribute, a `size` that is too small, or a response of http_response_new(); EMSGSIZE if
/// name and value have more than 4,096 bytes together; ENOSPC if there are 128 headers already; ENOMEM.
/// yolanda_last_error() says which.
///
/// # Safety
/// `httpResponse` is NULL, or the response of a callback that hasn't returned, or a deferred response
/// that only the calling thread uses. All texts are NULL or NUL-terminated strings; a NULL value is "".
/// `attributes` is NULL or has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_response_set_cookie(
    httpResponse: *mut http_response,
    name: *const c_char,
    value: *const c_char,
    attributes: *const yolanda_http_cookie,
) -> c_int {
    let response: *mut Response = httpResponse.cast();
    let response = non_null!(response, "yolanda_http_response_set_cookie: no response", -1);
    // SAFETY: NULL, or as many bytes as it says.
    let known = match unsafe { self::attributes(attributes) } {
        Ok(known) => known,
        Err(error) => return errno::fail(error),
    };
    let same_site = match known.same_site {
        0 => None,
        YOLANDA_HTTP_SAME_SITE_LAX => Some(SameSite::Lax),
        YOLANDA_HTTP_SAME_SITE_STRICT => Some(SameSite::Strict),
        YOLANDA_HTTP_SAME_SITE_NONE => Some(SameSite::None),
        other => return errno::fail(explain!(libc::EINVAL, "same_site is {other}")),
    };
    // SAFETY: each text is NULL or ends with a NUL.
    let cookie = unsafe {
        SetCookie {
            name: text(name),
            value: text(value),
            path: optional(known.path),
            domain: optional(known.domain),
            max_age: (known.max_age != 0).then_some(known.max_age),
            expires: (known.expires != 0).then_some(known.expires),
            secure: known.secure != 0,
            http_only: known.http_only != 0,
            same_site,
        }
    };
    set(response, || response.set_cookie(&cookie))
}
