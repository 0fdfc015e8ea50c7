//! The functions of yolanda.h for forms.

use crate::abi::types::{http_request, yolanda_http_form, yolanda_http_form_callback};
use crate::exports::http_server::status;
use crate::exports::yolanda::http_request::{parameter_at, value_of};
use crate::http::message::form::Form;
use crate::http::message::request::{Parameters, Request};
use crate::sys::errno;
use crate::sys::text::optional;
use core::ffi::{c_char, c_int, c_void};
use core::ptr::{NonNull, null, null_mut};

/// The fields of a request's form; None with errno.
fn fields(request: &Request) -> Option<Parameters> {
    request.form().map_err(errno::set).ok()
}

/// Looks up a field of the form that is the body of a request (application/x-www-form-urlencoded),
/// decoded like yolanda_http_request_query(). The body is decoded on the first call. A multipart form,
/// or one of any size, is read with yolanda_http_form_new().
///
/// Returns the value of the first field with that name, which belongs to the request until that is
/// reset, or NULL with errno: ENOENT if there is none; ENOTSUP if the body isn't such a form by its
/// Content-Type, or is streamed (a client gets 415 for the former); EINVAL if any part of the form is
/// malformed ("%zz", "%00"), for a NULL name and if the request isn't complete; E2BIG if it has more
/// than 10,000 fields; ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_form(
    httpRequest: *mut http_request,
    name: *const c_char,
) -> *const c_char {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_form: no request", null());
    // SAFETY: the name is NULL or ends with a NUL.
    fields(request).map_or(null(), |form| unsafe { value_of(&form, name) })
}

/// Returns the number of fields in the form that is the body of a request, including those without a
/// value and those with the same name.
///
/// Returns -1 with errno: ENOTSUP if the body isn't such a form or is streamed, EINVAL for NULL, for a
/// malformed form and if the request isn't complete, E2BIG for more than 10,000 fields, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_form_count(
    httpRequest: *mut http_request,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_form_count: no request", -1);
    fields(request).map_or(-1, |form| form.count())
}

/// Gets the field at `index`, from 0, in the order of the form. Sets `*name` and `*value`, unless these
/// are NULL, to strings that belong to the request until that is reset.
///
/// Returns 0, or -1 with errno: ENOENT if there are fewer fields, ENOTSUP if the body isn't such a form
/// or is streamed, EINVAL for NULL, a negative index, a malformed form and if the request isn't
/// complete, E2BIG for more than 10,000 fields, ENOMEM.
///
/// # Safety
/// `httpRequest` is NULL or a request in a callback, or one that only the calling thread uses. `name`
/// and `value` are NULL or places for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_request_form_at(
    httpRequest: *mut http_request,
    index: c_int,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> c_int {
    let request: *mut Request = httpRequest.cast();
    let request = non_null!(request, "yolanda_http_request_form_at: no request", -1);
    // SAFETY: each place is NULL or the caller's.
    fields(request).map_or(-1, |form| unsafe { parameter_at(&form, index, name, value) })
}

/// Makes a form, which reads a body in parts: multipart/form-data (RFC 7578) or
/// application/x-www-form-urlencoded, as `contentType` says. Give it the bytes with
/// yolanda_http_form_feed(), in pieces of any size, for example in the callback of
/// yolanda_http_request_stream_body(), and then call yolanda_http_form_finish(). `callback` is called
/// for each part. The data of a multipart form isn't copied, and only the head of the current part is
/// kept: a form of any size needs 8 KiB.
///
/// `contentType` is the request's header, for example from yolanda_http_request_header(). It is
/// copied as far as it is needed.
///
/// `maxParts`: how many parts the form may have; 0: 1,000. `maxHead`: how many bytes the head of a part
/// may have, or the name in an urlencoded form with its NUL; 0: 4,096; at most 7,168. Limit the size of
/// the body with yolanda_http_request_stream_body(), and that of fields in the callback.
///
/// These are malformed: lines without CRLF, folded lines, control characters in a head; a part
/// without a Content-Disposition of form-data with a name; two names, file names or content types;
/// `filename*` (RFC 7578, 4.2); anything but blanks after a boundary; invalid escapes and NULs in
/// urlencoded forms. In a quoted name, a backslash before a quote or another backslash is removed;
/// percent escapes aren't decoded. Other headers of a part are skipped, and so is everything before the
/// first and after the last boundary.
///
/// Returns the form, which is yours until yolanda_http_form_free(), or NULL with errno: ENOTSUP if
/// `contentType` is NULL or anything but these two types, or has no valid boundary (a client gets 415);
/// EINVAL for a NULL callback and for a `maxHead` above 7,168; ENOMEM.
///
/// # Safety
/// `contentType` is NULL or a NUL-terminated string. `data` stays yours and must be valid as long as the
/// form is read. Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_form_new(
    contentType: *const c_char,
    callback: yolanda_http_form_callback,
    data: *mut c_void,
    maxParts: u64,
    maxHead: usize,
) -> *mut yolanda_http_form {
    // SAFETY: the text is NULL or ends with a NUL.
    let kind = unsafe { optional(contentType) };
    match Form::new(kind, callback, data, maxParts, maxHead) {
        Ok(form) => form.into_raw().as_ptr().cast(),
        Err(error) => {
            errno::set(error);
            null_mut()
        }
    }
}

/// Reads the next bytes of the body, and calls the form's callback.
///
/// Returns 0, or -1 with errno: EINVAL for a malformed body, EMSGSIZE for a head of a part beyond the
/// limit, E2BIG for more parts than the limit (a client gets 400 for these), ECANCELED if the callback
/// has ended the form; EINVAL for NULL, NULL bytes with a length and after a
/// yolanda_http_form_finish() that has returned 0; EBUSY inside the form's callback. Once a body has
/// failed, each further call fails in the same way and calls nothing. yolanda_last_error() says what is
/// wrong.
///
/// # Safety
/// `form` is NULL or a form that only the calling thread uses. `bytes` is NULL or has `length` bytes,
/// which nothing changes until the call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_form_feed(
    form: *mut yolanda_http_form,
    bytes: *const c_void,
    length: usize,
) -> c_int {
    let place: *mut Form = form.cast();
    let form = non_null!(place, "yolanda_http_form_feed: no form", -1);
    if bytes.is_null() && length > 0 {
        return errno::fail(libc::EINVAL);
    }
    let bytes: &[u8] = match length {
        0 => b"",
        // SAFETY: `bytes` isn't NULL, and has `length` bytes.
        _ => unsafe { core::slice::from_raw_parts(bytes.cast(), length) },
    };
    let result = form.feed(bytes);
    // SAFETY: the form came from `yolanda_http_form_new`. If its callback has freed it, it isn't used any more.
    unsafe { Form::reap(place) };
    status(result)
}

/// Says that the body has ended. For an urlencoded form it calls the callback for the last field.
///
/// Returns 0 if the form is complete, or -1 with errno like yolanda_http_form_feed(); EINVAL if the body
/// ends too early.
///
/// # Safety
/// `form` is NULL or a form that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_form_finish(form: *mut yolanda_http_form) -> c_int {
    let place: *mut Form = form.cast();
    let form = non_null!(place, "yolanda_http_form_finish: no form", -1);
    let result = form.finish();
    // SAFETY: the form came from `yolanda_http_form_new`. If its callback has freed it, it isn't used any more.
    unsafe { Form::reap(place) };
    status(result)
}

/// Frees a form, complete or not; its callback isn't called any more. NULL is allowed. It may be called
/// inside the form's callback: the call that is reading the form then fails as soon as that returns.
///
/// # Safety
/// `form` is NULL or a form that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_http_form_free(form: *mut yolanda_http_form) {
    if let Some(form) = NonNull::new(form.cast::<Form>()) {
        // SAFETY: it came from `yolanda_http_form_new`, and the program gives it up.
        unsafe { Form::free(form) };
    }
}
