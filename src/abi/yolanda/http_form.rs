//! The types of yolanda.h for forms.

#![forbid(unsafe_code)]

use core::ffi::{c_char, c_int, c_void};

/// Reads the body of a form in parts.
pub struct yolanda_http_form {
    _private: [u8; 0],
}

/// A part of a form: a field or a file. The texts are what the client has sent, in any encoding and
/// without control characters except tabs; those of an urlencoded form are decoded. Later versions may
/// add fields at the end.
#[repr(C)]
pub struct yolanda_http_part {
    /// The name of the field; never NULL.
    pub name: *const c_char,
    /// The name that the client gives the file; NULL if the part isn't a file, "" if no file was chosen.
    /// It may contain slashes and "..": don't use it as a path.
    pub filename: *const c_char,
    /// The Content-Type of the part; NULL if there is none.
    pub content_type: *const c_char,
}

assert_layout!(yolanda_http_part, 24;
    name: 0, 8;
    filename: 8, 8;
    content_type: 16, 8;
);

/// An event of yolanda_http_form_callback: a part begins.
pub const YOLANDA_HTTP_FORM_BEGIN: c_int = 1;

/// An event of yolanda_http_form_callback: the next bytes of the part.
pub const YOLANDA_HTTP_FORM_DATA: c_int = 2;

/// An event of yolanda_http_form_callback: the part is complete.
pub const YOLANDA_HTTP_FORM_END: c_int = 3;

/// Called by yolanda_http_form_feed() and yolanda_http_form_finish(), for each part in the order of the
/// body: YOLANDA_HTTP_FORM_BEGIN; YOLANDA_HTTP_FORM_DATA with `length` bytes, at least 1, as often as it
/// takes, or never for an empty part; YOLANDA_HTTP_FORM_END. The part, its texts and `bytes` are valid
/// until the callback returns. `bytes` is NULL and `length` 0 except for YOLANDA_HTTP_FORM_DATA. A part
/// whose body is malformed or cut short gets no YOLANDA_HTTP_FORM_END.
///
/// Returns 0 to go on. Anything else ends the form: the call that reads it fails with ECANCELED.
///
/// It mustn't run the loop, and may free the form. `data` is that of yolanda_http_form_new().
pub type yolanda_http_form_callback = Option<
    unsafe extern "C-unwind" fn(
        part: *const yolanda_http_part,
        bytes: *const c_char,
        length: usize,
        event: c_int,
        data: *mut c_void,
    ) -> c_int,
>;
