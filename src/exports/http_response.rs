use crate::abi::types::buffer;
use crate::abi::types::http_response;

/// Makes an empty response with room for 128 headers.
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_response_new() -> *mut http_response {
    jump_to!(crate::http::message::http_response::http_response_new)
}

/// Appends the response as it goes over the wire: status line, Content-Type if set, Content-Length,
/// Connection, the other headers, an empty line, the body. On failure (NULL, no memory) nothing is
/// appended and an error is logged.
///
/// # Safety
/// The strings that are set end with a NUL.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_response_encode_buffer(
    httpResponse: *mut http_response,
    buffer: *mut buffer,
) {
    jump_to!(crate::http::message::http_response::http_response_encode_buffer)
}
