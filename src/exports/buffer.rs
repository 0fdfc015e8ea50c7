use crate::abi::types::buffer;
use core::ffi::{c_char, c_int, c_void};

/// Makes an empty buffer of INIT_BUFFER_SIZE bytes. Release it with buffer_free().
///
/// Returns NULL when memory is out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_new() -> *mut buffer {
    jump_to!(crate::reactor::buffer::buffer_new)
}

/// Frees a buffer and its block. NULL is allowed. The buffers of a live connection belong to it:
/// such a call does nothing but log an error.
///
/// # Safety
/// `buffer` comes from buffer_new() and isn't used again.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_free(buffer: *mut buffer) {
    jump_to!(crate::reactor::buffer::buffer_free)
}

/// Returns how many bytes fit behind the readable ones without making room; 0 for NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_writeable_size(buffer: *mut buffer) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_writeable_size)
}

/// Returns how many bytes can be read; 0 for NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_readable_size(buffer: *mut buffer) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_readable_size)
}

/// Returns how many bytes before the readable ones have been consumed and can be used again; 0 for
/// NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_front_spare_size(buffer: *mut buffer) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_front_spare_size)
}

/// Copies `size` bytes behind the readable ones. Makes room where it is needed, by moving the
/// readable bytes to the front or by growing: pointers into the buffer may be stale afterwards.
///
/// Returns the number of bytes appended. -1 with errno, and nothing appended: NULL buffer or
/// negative size (EINVAL), no memory or more than INT_MAX - 1 bytes (ENOMEM). NULL data appends
/// nothing and returns 0.
///
/// # Safety
/// `data` has `size` bytes, outside of this buffer's block.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_append(
    buffer: *mut buffer,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_append)
}

/// Appends one byte. Returns 1, or -1 as buffer_append().
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_append_char(buffer: *mut buffer, data: c_char) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_append_char)
}

/// Appends a string without its NUL. Returns the number of bytes appended, 0 for a NULL string, or
/// -1 as buffer_append().
///
/// # Safety
/// `data` is NULL or ends with a NUL, and lies outside of this buffer's block.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_append_string(buffer: *mut buffer, data: *mut c_char) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_append_string)
}

/// Reads once from any descriptor (socket, pipe, tty, file), in the blocking mode that it is in,
/// and appends what came: at most the writeable size and 65536 bytes more.
///
/// Returns the number of bytes, 0 at the end of the stream, or -1 with errno.
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_socket_read(buffer: *mut buffer, fd: c_int) -> c_int {
    jump_to!(crate::reactor::buffer::buffer_socket_read)
}

/// Takes the first readable byte. Returns it, or 0 from an empty buffer, which stays as it is.
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_read_char(buffer: *mut buffer) -> c_char {
    jump_to!(crate::reactor::buffer::buffer_read_char)
}

/// Returns a pointer to the first `\r\n` among the readable bytes, or NULL. It is valid until the
/// buffer changes.
///
/// # Safety
/// `buffer` is NULL or a buffer.
#[unsafe(no_mangle)]
#[unsafe(naked)]
pub unsafe extern "C" fn buffer_find_CRLF(buffer: *mut buffer) -> *mut c_char {
    jump_to!(crate::reactor::buffer::buffer_find_CRLF)
}
