//! The functions of yolanda.h for buffers.

use crate::abi::types::buffer;
use crate::sys::errno;
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null;

/// Returns the readable bytes of a buffer; yolanda_buffer_length() tells how many there are. They are
/// binary. For an empty buffer it returns "".
///
/// The bytes belong to the buffer and are valid until it changes. Those of a connection's input are
/// valid until the message callback returns.
///
/// Returns NULL with errno EINVAL for NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_buffer_data(buffer: *mut buffer) -> *const c_char {
    let buffer = non_null!(buffer, "yolanda_buffer_data: no buffer", null());
    match buffer.readable() {
        0 => c"".as_ptr(),
        _ => buffer.read_at().cast(),
    }
}

/// Returns the number of readable bytes.
///
/// Returns 0 with errno EINVAL for NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_buffer_length(buffer: *mut buffer) -> usize {
    non_null!(buffer, "yolanda_buffer_length: no buffer", 0).readable()
}

/// Takes the first `length` readable bytes away. A message callback consumes what it has dealt with;
/// what it leaves is still there the next time, followed by the new bytes.
///
/// Returns 0, or -1 with errno EINVAL for NULL and for more bytes than are readable; then nothing is
/// taken away.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_buffer_consume(
    buffer: *mut buffer,
    length: usize,
) -> c_int {
    let buffer = non_null!(buffer, "yolanda_buffer_consume: no buffer", -1);
    if buffer.consume(length) { 0 } else { errno::fail(libc::EINVAL) }
}

/// Copies `length` bytes behind the readable ones. Pointers into the buffer may be invalid afterwards.
///
/// Returns 0, or -1 with errno, and then nothing was appended: EINVAL (NULL buffer, NULL data with a
/// length), ENOMEM (no memory, or more than INT_MAX - 1 bytes).
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses. `data` is NULL or has `length`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn yolanda_buffer_append(
    buffer: *mut buffer,
    data: *const c_void,
    length: usize,
) -> c_int {
    let buffer = non_null!(buffer, "yolanda_buffer_append: no buffer", -1);
    if data.is_null() {
        return if length == 0 { 0 } else { errno::fail(libc::EINVAL) };
    }
    // SAFETY: `data` isn't NULL, so it has `length` bytes.
    if unsafe { buffer.append_any(data.cast(), length) } { 0 } else { -1 }
}
