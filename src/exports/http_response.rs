use crate::abi::types::buffer;
use crate::abi::types::http_response;

/// Makes an empty response with room for 128 headers. Release it with free(); its strings are always
/// yours.
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_response_new() -> *mut http_response {
    jump_to!(crate::http::message::http_response::http_response_new)
}

/// Appends the response to a buffer in the form in which it is sent: status line, Content-Type if set,
/// Content-Length, Connection, the other headers, an empty line, the body. On failure (NULL, no memory)
/// it appends nothing and logs an error.
///
/// # Safety
/// The response and the buffer are NULL or used only by the calling thread. The strings of the response
/// are NULL or NUL-terminated.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn http_response_encode_buffer(
    httpResponse: *mut http_response,
    buffer: *mut buffer,
) {
    jump_to!(crate::http::message::http_response::http_response_encode_buffer)
}
