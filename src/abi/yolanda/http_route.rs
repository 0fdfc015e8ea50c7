//! The types of yolanda.h for routes.

#![forbid(unsafe_code)]

use crate::abi::http_request::http_request;
use crate::abi::http_response::http_response;
use core::ffi::c_void;

/// Called on the connection's thread for every complete request of its route. Fills in the response,
/// or defers it with yolanda_http_response_defer(). Both structs belong to the library and are valid
/// until the handler returns. `data` is that of the route.
pub type yolanda_http_handler = Option<
    unsafe extern "C-unwind" fn(
        httpRequest: *mut http_request,
        httpResponse: *mut http_response,
        data: *mut c_void,
    ),
>;
