//! The growable byte buffer, for C's own buffers and for those of connections alike.
//!
//! Nothing is known of a buffer but its four fields: C may have made it, copied it, or replaced
//! its block. A block that lies in the pools was lent by a connection, which takes it back by
//! itself: growing such a buffer moves the bytes to malloc'd memory and leaves the block alone.

use crate::abi::types::{INIT_BUFFER_SIZE, buffer};
use crate::sys::{errno, fd, pool};
use libc::{c_char, c_int, c_void};
use std::ptr;

/// Sizes and indices are ints; one byte is kept for the NUL.
pub const SIZE_MAX: usize = c_int::MAX as usize - 1;
const EXTRA: usize = 65_536;

/// The readable bytes. Indices that C left in disorder count as an empty buffer.
///
/// # Safety
/// `b` is a live buffer.
pub unsafe fn readable(b: *const buffer) -> usize {
    // SAFETY: the caller's buffer.
    let (r, w) = unsafe { ((*b).readIndex.get(), (*b).writeIndex.get()) };
    if r < 0 || w <= r { 0 } else { (w - r) as usize }
}

/// Where the readable bytes begin.
///
/// # Safety
/// `b` is a live buffer with readable bytes.
pub unsafe fn read_at(b: *const buffer) -> *mut u8 {
    // SAFETY: readIndex lies in the block where bytes are readable.
    unsafe { (*b).data.get().add((*b).readIndex.get() as usize).cast() }
}

unsafe fn writeable(b: *const buffer) -> usize {
    // SAFETY: the caller's buffer.
    let (w, total) = unsafe { ((*b).writeIndex.get(), (*b).total_size.get()) };
    if w < 0 || total <= w { 0 } else { (total - w) as usize }
}

/// Whether a byte may be written at `total_size`, behind the block's counted size.
unsafe fn has_spare_byte(b: *const buffer) -> bool {
    // SAFETY: blocks are ours (one byte larger than they say) or malloc'd.
    unsafe {
        pool::owns((*b).data.get().cast())
            || libc::malloc_usable_size((*b).data.get().cast()) > (*b).total_size.get() as usize
    }
}

/// Sets sane indices where C left others behind.
///
/// # Safety
/// `b` is a live buffer.
pub unsafe fn put_in_order(b: *mut buffer) {
    // SAFETY: the caller's buffer.
    unsafe {
        if (*b).data.get().is_null() || (*b).total_size.get() < 0 {
            (*b).total_size.set(0);
        }
        let total = (*b).total_size.get();
        if (*b).readIndex.get() < 0
            || (*b).writeIndex.get() > total
            || (*b).readIndex.get() > (*b).writeIndex.get()
        {
            (*b).readIndex.set(0);
            (*b).writeIndex.set(0);
        }
    }
}

/// Makes `n` bytes and a NUL writeable. False with errno, and nothing changed, where that fails.
///
/// # Safety
/// `b` is a live buffer in order.
unsafe fn reserve(b: *mut buffer, n: usize) -> bool {
    // SAFETY: a live buffer in order: its indices lie in its block.
    unsafe {
        let fits = |room: usize| room > n || room == n && has_spare_byte(b);
        if fits(writeable(b)) && !(*b).data.get().is_null() {
            return true;
        }
        let used = readable(b);
        if !(*b).data.get().is_null() && fits((*b).total_size.get() as usize - used) {
            ptr::copy((*b).data.get().add((*b).readIndex.get() as usize), (*b).data.get(), used);
            (*b).readIndex.set(0);
            (*b).writeIndex.set(used as c_int);
            return true;
        }
        if n > SIZE_MAX || used + n > SIZE_MAX {
            errno::set(libc::ENOMEM);
            return false;
        }
        let total = ((*b).total_size.get() as usize * 2).max(used + n).min(SIZE_MAX);
        let old = (*b).data.get();
        // The bytes move to the front of the new block: growing keeps no spare.
        let fresh = libc::malloc(total + 1).cast::<c_char>();
        if fresh.is_null() {
            errno::set(libc::ENOMEM);
            return false;
        }
        if used > 0 {
            ptr::copy_nonoverlapping(old.add((*b).readIndex.get() as usize), fresh, used);
        }
        if !pool::owns(old.cast()) {
            libc::free(old.cast());
        }
        (*b).data.set(fresh);
        (*b).total_size.set(total as c_int);
        (*b).readIndex.set(0);
        (*b).writeIndex.set(used as c_int);
        true
    }
}

/// Appends `n` bytes and writes the NUL behind them. False with errno: nothing was appended.
///
/// # Safety
/// `b` is a live buffer, `data` holds `n` bytes and doesn't lie in `b`.
pub unsafe fn append_bytes(b: *mut buffer, data: *const u8, n: usize) -> bool {
    // SAFETY: `reserve` makes room for n bytes and the NUL.
    unsafe {
        put_in_order(b);
        if !reserve(b, n) {
            return false;
        }
        let end = (*b).data.get().add((*b).writeIndex.get() as usize).cast::<u8>();
        ptr::copy_nonoverlapping(data, end, n);
        end.add(n).write(0);
        (*b).writeIndex.set((*b).writeIndex.get() + n as c_int);
        true
    }
}

pub unsafe extern "C" fn buffer_new() -> *mut buffer {
    // SAFETY: both blocks are checked before use; the struct is plain data.
    unsafe {
        let b = libc::malloc(size_of::<buffer>()).cast::<buffer>();
        let data = libc::malloc(INIT_BUFFER_SIZE as usize + 1).cast::<c_char>();
        if b.is_null() || data.is_null() {
            libc::free(b.cast());
            libc::free(data.cast());
            return ptr::null_mut();
        }
        *data = 0;
        (*b).data.set(data);
        (*b).readIndex.set(0);
        (*b).writeIndex.set(0);
        (*b).total_size.set(INIT_BUFFER_SIZE);
        b
    }
}

pub unsafe extern "C" fn buffer_free(buffer: *mut buffer) {
    if buffer.is_null() {
        return;
    }
    if pool::owns(buffer.cast()) {
        log_err!("buffer_free: this buffer belongs to a connection");
        return;
    }
    // SAFETY: the caller's malloc'd buffer, which it gives up.
    unsafe {
        if !pool::owns((*buffer).data.get().cast()) {
            libc::free((*buffer).data.get().cast());
        }
        libc::free(buffer.cast());
    }
}

/// Logs and answers for a missing buffer.
fn absent(b: *const buffer, what: &str) -> bool {
    if b.is_null() {
        log_err!("{}: no buffer", what);
        errno::set(libc::EINVAL);
    }
    b.is_null()
}

pub unsafe extern "C" fn buffer_writeable_size(buffer: *mut buffer) -> c_int {
    if absent(buffer, "buffer_writeable_size") {
        return 0;
    }
    // SAFETY: not NULL, so a live buffer by this function's contract.
    unsafe { (*buffer).total_size.get().wrapping_sub((*buffer).writeIndex.get()) }
}

pub unsafe extern "C" fn buffer_readable_size(buffer: *mut buffer) -> c_int {
    if absent(buffer, "buffer_readable_size") {
        return 0;
    }
    // SAFETY: as above.
    unsafe { (*buffer).writeIndex.get().wrapping_sub((*buffer).readIndex.get()) }
}

pub unsafe extern "C" fn buffer_front_spare_size(buffer: *mut buffer) -> c_int {
    if absent(buffer, "buffer_front_spare_size") {
        return 0;
    }
    // SAFETY: as above.
    unsafe { (*buffer).readIndex.get() }
}

pub unsafe extern "C" fn make_room(buffer: *mut buffer, size: c_int) {
    if absent(buffer, "make_room") {
        return;
    }
    if size < 0 {
        log_err!("make_room: size {}", size);
        errno::set(libc::EINVAL);
        return;
    }
    // SAFETY: a live buffer, put in order first.
    unsafe {
        put_in_order(buffer);
        reserve(buffer, size as usize);
    }
}

pub unsafe extern "C" fn buffer_append(
    buffer: *mut buffer,
    data: *mut c_void,
    size: c_int,
) -> c_int {
    if absent(buffer, "buffer_append") {
        return -1;
    }
    if data.is_null() {
        return 0;
    }
    if size < 0 {
        log_err!("buffer_append: size {}", size);
        return errno::fail(libc::EINVAL);
    }
    // SAFETY: a live buffer and `size` bytes, by this function's contract.
    unsafe {
        // Bytes of the buffer itself: growing would move them away under the copy.
        let inside = (data as usize).wrapping_sub((*buffer).data.get() as usize);
        if inside < (*buffer).total_size.get().max(0) as usize && !(*buffer).data.get().is_null() {
            return append_own(buffer, inside, size);
        }
        if append_bytes(buffer, data.cast(), size as usize) { size } else { -1 }
    }
}

/// Appends bytes that lie in the buffer's own block.
unsafe fn append_own(b: *mut buffer, at: usize, size: c_int) -> c_int {
    // SAFETY: the copy is made before the block can move.
    unsafe {
        let copy = libc::malloc(size as usize + 1).cast::<u8>();
        if copy.is_null() {
            return errno::fail(libc::ENOMEM);
        }
        ptr::copy_nonoverlapping((*b).data.get().add(at).cast::<u8>(), copy, size as usize);
        let done = append_bytes(b, copy, size as usize);
        libc::free(copy.cast());
        if done { size } else { -1 }
    }
}

pub unsafe extern "C" fn buffer_append_char(buffer: *mut buffer, data: c_char) -> c_int {
    if absent(buffer, "buffer_append_char") {
        return -1;
    }
    // SAFETY: a live buffer; the byte is a local.
    unsafe { if append_bytes(buffer, (&raw const data).cast(), 1) { 1 } else { -1 } }
}

pub unsafe extern "C" fn buffer_append_string(buffer: *mut buffer, data: *mut c_char) -> c_int {
    if absent(buffer, "buffer_append_string") {
        return -1;
    }
    if data.is_null() {
        return 0;
    }
    // SAFETY: a NUL-terminated string, by this function's contract.
    unsafe {
        match c_int::try_from(libc::strlen(data)) {
            Ok(n) => buffer_append(buffer, data.cast(), n),
            Err(_) => errno::fail(libc::ENOMEM),
        }
    }
}

pub unsafe extern "C" fn buffer_socket_read(buffer: *mut buffer, fd: c_int) -> c_int {
    if absent(buffer, "buffer_socket_read") {
        return -1;
    }
    // SAFETY: room for the bytes and the NUL is made before they are taken, so that none is lost.
    unsafe {
        put_in_order(buffer);
        let most = writeable(buffer) + EXTRA;
        let there = fd::available(fd).unwrap_or(0).min(most);
        if there > room(buffer) || room(buffer) == 0 {
            if !fd::is_open(fd) {
                return -1;
            }
            let wanted = if there == 0 { EXTRA } else { there };
            if !reserve(buffer, wanted) && room(buffer) == 0 {
                return -1;
            }
        }
        let end = (*buffer).data.get().add((*buffer).writeIndex.get() as usize).cast::<u8>();
        let got = fd::read(fd, end, room(buffer).min(most));
        if got > 0 {
            end.add(got as usize).write(0);
            (*buffer).writeIndex.set((*buffer).writeIndex.get() + got as c_int);
        }
        got as c_int
    }
}

/// The writeable bytes that leave a place for the NUL.
unsafe fn room(b: *const buffer) -> usize {
    // SAFETY: a live buffer in order.
    unsafe {
        let n = writeable(b);
        if n > 0 && !has_spare_byte(b) { n - 1 } else { n }
    }
}

pub unsafe extern "C" fn buffer_read_char(buffer: *mut buffer) -> c_char {
    if absent(buffer, "buffer_read_char") {
        return 0;
    }
    // SAFETY: a readable byte is looked at only where there is one.
    unsafe {
        if readable(buffer) == 0 {
            return 0;
        }
        let byte = *read_at(buffer) as c_char;
        (*buffer).readIndex.set((*buffer).readIndex.get() + 1);
        byte
    }
}

pub unsafe extern "C" fn buffer_find_CRLF(buffer: *mut buffer) -> *mut c_char {
    if absent(buffer, "buffer_find_CRLF") {
        return ptr::null_mut();
    }
    // SAFETY: the search stays within the readable bytes.
    unsafe {
        match readable(buffer) {
            0 => ptr::null_mut(),
            n => libc::memmem(read_at(buffer).cast(), n, c"\r\n".as_ptr().cast(), 2).cast(),
        }
    }
}
