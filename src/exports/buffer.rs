//! The functions of lib/buffer.h.

use crate::abi::types::buffer;
use crate::sys::{errno, pool};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

/// Makes an empty buffer of INIT_BUFFER_SIZE bytes. Release it with buffer_free().
///
/// Returns NULL with errno (ENOMEM) if memory runs out.
///
/// # Safety
/// Any thread may call it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_new() -> *mut buffer {
    buffer::make()
}

/// Frees a buffer and its block. NULL is allowed. The buffers of a live connection belong to the
/// connection: for them the call only logs an error.
///
/// # Safety
/// `buffer` is NULL or a buffer from buffer_new(). It must not be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_free(buffer: *mut buffer) {
    if buffer.is_null() {
        return;
    }
    if pool::owns(buffer.cast()) {
        log_err!("buffer_free: this buffer belongs to a connection");
        return;
    }
    // SAFETY: buffers outside of the pools come from malloc, and by contract the caller doesn't use
    // this one again.
    unsafe { buffer::free(buffer) }
}

/// Returns how many bytes fit after the readable ones without moving or growing the block; 0 for
/// NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_writeable_size(buffer: *mut buffer) -> c_int {
    let buffer = non_null!(buffer, "buffer_writeable_size: no buffer", 0);
    buffer.total_size.get().wrapping_sub(buffer.writeIndex.get())
}

/// Returns the number of readable bytes; 0 for NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_readable_size(buffer: *mut buffer) -> c_int {
    let buffer = non_null!(buffer, "buffer_readable_size: no buffer", 0);
    buffer.writeIndex.get().wrapping_sub(buffer.readIndex.get())
}

/// Returns how many bytes before the readable ones have been consumed and can be reused; 0 for NULL.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_front_spare_size(buffer: *mut buffer) -> c_int {
    non_null!(buffer, "buffer_front_spare_size: no buffer", 0).readIndex.get()
}

/// Appends `size` bytes after the readable ones. If they don't fit, it makes room: it moves the
/// readable bytes to the front of the block, or allocates a larger block. Pointers into the buffer
/// may be invalid afterwards.
///
/// Returns the number of bytes appended; 0 for NULL data. On failure it returns -1 with errno and
/// appends nothing: EINVAL (NULL buffer, negative size), ENOMEM (no memory, or more than INT_MAX - 1
/// bytes).
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses. `data` is NULL or has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_append(
    buffer: *mut buffer,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    let buffer = non_null!(buffer, "buffer_append: no buffer", -1);
    if data.is_null() {
        return 0;
    }
    let Ok(n) = usize::try_from(size) else {
        log_err!("buffer_append: size {}", size);
        return errno::fail(libc::EINVAL);
    };
    // SAFETY: by contract `data` has n bytes.
    if unsafe { buffer.append_any(data.cast(), n) } { size } else { -1 }
}

/// Appends one byte. Returns 1, or -1 like buffer_append().
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_append_char(buffer: *mut buffer, data: c_char) -> c_int {
    let buffer = non_null!(buffer, "buffer_append_char: no buffer", -1);
    if buffer.append(&[data as u8]) { 1 } else { -1 }
}

/// Appends a string without its terminating NUL.
///
/// Returns the number of bytes appended, 0 for a NULL string, or -1 like buffer_append().
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses. `data` is NULL or a NUL-terminated
/// string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_append_string(buffer: *mut buffer, data: *mut c_char) -> c_int {
    let buffer = non_null!(buffer, "buffer_append_string: no buffer", -1);
    if data.is_null() {
        return 0;
    }
    // SAFETY: `data` isn't NULL, so by contract it is a NUL-terminated string.
    let length = unsafe { CStr::from_ptr(data) }.count_bytes();
    let Ok(size) = c_int::try_from(length) else {
        return errno::fail(libc::ENOMEM);
    };
    // SAFETY: the string has `length` bytes.
    if unsafe { buffer.append_any(data.cast(), length) } { size } else { -1 }
}

/// Reads once from any descriptor (socket, pipe, terminal, file) and appends the bytes: at most the
/// writable size plus 65536 bytes. Whether it blocks depends on the descriptor.
///
/// Returns the number of bytes, 0 at the end of the stream, or -1 with errno: ENOMEM, EBADF and others
/// of read(2). The descriptor stays yours.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_socket_read(buffer: *mut buffer, fd: c_int) -> c_int {
    non_null!(buffer, "buffer_socket_read: no buffer", -1).read_from(fd) as c_int
}

/// Consumes the first readable byte and returns it. Returns 0 for an empty buffer, which isn't
/// changed.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_read_char(buffer: *mut buffer) -> c_char {
    let buffer = non_null!(buffer, "buffer_read_char: no buffer", 0);
    buffer.take_byte().unwrap_or(0) as c_char
}

/// Returns a pointer to the first `\r\n` among the readable bytes, or NULL if there is none. The pointer
/// is valid until the buffer changes.
///
/// # Safety
/// `buffer` is NULL or a buffer that only the calling thread uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn buffer_find_CRLF(buffer: *mut buffer) -> *mut c_char {
    non_null!(buffer, "buffer_find_CRLF: no buffer", ptr::null_mut()).find_crlf()
}
