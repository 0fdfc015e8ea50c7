//! The growable byte buffer, for buffers of C programs and of connections.
//!
//! The library uses only the four public fields, because C code may have created the buffer, copied it, or
//! replaced its block. The header guarantees that `data` is NULL or a block of `total_size` bytes, from malloc or
//! from the pools. A block from the pools is lent by a connection, which takes it back by itself: growing such a
//! buffer moves the bytes to malloc'd memory and doesn't free the block.

use crate::abi::types::{INIT_BUFFER_SIZE, buffer};
use crate::sys::{errno, fd, pool};
use libc::{c_char, c_int};
use std::cell::Cell;
use std::{ptr, slice};

/// Sizes and indices are ints; one byte is reserved for the NUL.
pub const SIZE_MAX: usize = c_int::MAX as usize - 1;
const EXTRA: usize = 65_536;

impl buffer {
    /// A new buffer with a block of INIT_BUFFER_SIZE bytes, both from malloc. NULL if out of memory.
    pub fn make() -> *mut buffer {
        // SAFETY: each block has the size of what is written to it, and is checked for NULL first.
        unsafe {
            let made = libc::malloc(size_of::<buffer>()).cast::<buffer>();
            let data = libc::malloc(INIT_BUFFER_SIZE as usize + 1).cast::<c_char>();
            if made.is_null() || data.is_null() {
                libc::free(made.cast());
                libc::free(data.cast());
                return ptr::null_mut();
            }
            data.write(0);
            made.write(buffer {
                data: Cell::new(data),
                readIndex: Cell::new(0),
                writeIndex: Cell::new(0),
                total_size: Cell::new(INIT_BUFFER_SIZE),
            });
            made
        }
    }

    /// Frees a buffer and its block.
    ///
    /// # Safety
    /// `this` came from malloc, and nothing uses it afterwards.
    pub unsafe fn free(this: *mut buffer) {
        // SAFETY: by contract the struct came from malloc, and so did its block unless it is from the pools.
        unsafe {
            let data = (*this).data.get();
            if !pool::owns(data.cast()) {
                libc::free(data.cast());
            }
            libc::free(this.cast());
        }
    }

    /// The number of readable bytes. A buffer whose indices are invalid counts as empty.
    pub fn readable(&self) -> usize {
        let (r, w) = (self.readIndex.get(), self.writeIndex.get());
        if r < 0 || w <= r { 0 } else { (w - r) as usize }
    }

    /// The address of the first readable byte. It points into the block if there are any.
    pub fn read_at(&self) -> *mut u8 {
        self.data.get().wrapping_add(self.readIndex.get() as usize).cast()
    }

    /// The number of bytes after the readable ones.
    pub fn writeable(&self) -> usize {
        let (w, total) = (self.writeIndex.get(), self.total_size.get());
        if w < 0 || total <= w { 0 } else { (total - w) as usize }
    }

    /// The address where the next byte is written.
    pub fn write_at(&self) -> *mut u8 {
        self.data.get().wrapping_add(self.writeIndex.get() as usize).cast()
    }

    /// Whether the byte after the first `total_size` bytes of the block may be written.
    fn has_spare_byte(&self) -> bool {
        let block = self.data.get();
        // SAFETY: a block that isn't from the pools came from malloc, or is NULL, which has no usable bytes.
        pool::owns(block.cast())
            || unsafe { libc::malloc_usable_size(block.cast()) } > self.total_size.get() as usize
    }

    /// The number of writable bytes, without that of the NUL.
    fn room(&self) -> usize {
        let n = self.writeable();
        if n > 0 && !self.has_spare_byte() { n - 1 } else { n }
    }

    /// The readable bytes, valid while the program doesn't change the buffer.
    pub fn bytes(&self) -> &[u8] {
        match self.readable() {
            0 => &[],
            // SAFETY: by the contract of `struct buffer` the readable bytes are part of the block.
            n => unsafe { slice::from_raw_parts(self.read_at(), n) },
        }
    }

    /// Replaces invalid indices by valid ones.
    pub fn put_in_order(&self) {
        if self.data.get().is_null() || self.total_size.get() < 0 {
            self.total_size.set(0);
        }
        if self.readIndex.get() < 0
            || self.writeIndex.get() > self.total_size.get()
            || self.readIndex.get() > self.writeIndex.get()
        {
            self.readIndex.set(0);
            self.writeIndex.set(0);
        }
    }

    /// Makes `n` bytes and a NUL writable. On failure returns false with errno; nothing but invalid indices has
    /// changed.
    pub fn reserve(&self, n: usize) -> bool {
        self.put_in_order();
        let has_block = !self.data.get().is_null();
        let fits = |room: usize| room > n || room == n && self.has_spare_byte();
        if has_block && fits(self.writeable()) {
            return true;
        }
        let used = self.readable();
        if has_block && fits(self.total_size.get() as usize - used) {
            self.move_to_front();
            return true;
        }
        self.grow(n, used)
    }

    /// Moves the readable bytes to the front of the block. The indices must be valid.
    pub fn move_to_front(&self) {
        let used = self.readable();
        // SAFETY: the readable bytes lie in the block, so as many fit at its front.
        unsafe { ptr::copy(self.read_at(), self.data.get().cast(), used) };
        self.readIndex.set(0);
        self.writeIndex.set(used as c_int);
    }

    /// Replaces the block by one of `total` bytes, the first `used` of which are readable. The old one isn't freed.
    pub fn take_block(&self, data: *mut c_char, total: usize, used: usize) {
        self.data.set(data);
        self.total_size.set(total as c_int);
        self.readIndex.set(0);
        self.writeIndex.set(used as c_int);
    }

    /// Moves the `used` readable bytes to the front of a new block, which has twice the size, or more if needed.
    fn grow(&self, n: usize, used: usize) -> bool {
        if n > SIZE_MAX || used + n > SIZE_MAX {
            errno::set(libc::ENOMEM);
            return false;
        }
        let total = (self.total_size.get() as usize * 2).max(used + n).min(SIZE_MAX);
        let old = self.data.get();
        // SAFETY: the new block has more than `used` bytes. The old one has `used` bytes, and is freed only if it
        // came from malloc.
        unsafe {
            let fresh = libc::malloc(total + 1).cast::<u8>();
            if fresh.is_null() {
                errno::set(libc::ENOMEM);
                return false;
            }
            if used > 0 {
                ptr::copy_nonoverlapping(self.read_at(), fresh, used);
            }
            if !pool::owns(old.cast()) {
                libc::free(old.cast());
            }
            self.take_block(fresh.cast(), total, used);
        }
        true
    }

    /// Appends bytes, followed by a NUL. On failure returns false with errno; nothing was appended.
    pub fn append(&self, bytes: &[u8]) -> bool {
        // SAFETY: a slice has its own length, and there are no slices of a buffer that is being changed.
        unsafe { self.append_from(bytes.as_ptr(), bytes.len()) }
    }

    /// Appends `n` bytes, followed by a NUL. On failure returns false with errno; nothing was appended.
    ///
    /// # Safety
    /// `data` has `n` bytes, which aren't in this buffer's block.
    pub unsafe fn append_from(&self, data: *const u8, n: usize) -> bool {
        if !self.reserve(n) {
            return false;
        }
        let end = self.write_at();
        // SAFETY: `reserve` made room for n bytes and a NUL at `end`; by contract the source is elsewhere.
        unsafe {
            ptr::copy_nonoverlapping(data, end, n);
            end.add(n).write(0);
        }
        self.writeIndex.set(self.writeIndex.get() + n as c_int);
        true
    }

    /// As `append_from`, for bytes that may be in this buffer's own block. Growing would move them during the
    /// copy, so they are copied twice.
    ///
    /// # Safety
    /// `data` has `n` bytes.
    pub unsafe fn append_any(&self, data: *const u8, n: usize) -> bool {
        let block = self.data.get();
        let at = (data as usize).wrapping_sub(block as usize);
        if block.is_null() || at >= self.total_size.get().max(0) as usize {
            // SAFETY: by contract n bytes, which begin outside of the block.
            return unsafe { self.append_from(data, n) };
        }
        // SAFETY: the copy has room for the n bytes, and lies outside of the block.
        unsafe {
            let copy = libc::malloc(n + 1).cast::<u8>();
            if copy.is_null() {
                errno::set(libc::ENOMEM);
                return false;
            }
            ptr::copy_nonoverlapping(data, copy, n);
            let done = self.append_from(copy, n);
            libc::free(copy.cast());
            done
        }
    }

    /// Reads once from a descriptor. Makes room for the bytes and the NUL before it reads, so that no bytes are lost.
    /// Returns the number of bytes, or -1 with errno.
    pub fn read_from(&self, fd: c_int) -> isize {
        self.put_in_order();
        let most = self.writeable() + EXTRA;
        let there = fd::available(fd).unwrap_or(0).min(most);
        if there > self.room() || self.room() == 0 {
            if !fd::is_open(fd) {
                return -1;
            }
            let wanted = if there == 0 { EXTRA } else { there };
            if !self.reserve(wanted) && self.room() == 0 {
                return -1;
            }
        }
        let (end, len) = (self.write_at(), self.room().min(most));
        // SAFETY: `room` bytes and a NUL can be written at `end`.
        unsafe {
            let got = fd::read(fd, slice::from_raw_parts_mut(end.cast(), len));
            if got > 0 {
                end.add(got as usize).write(0);
                self.writeIndex.set(self.writeIndex.get() + got as c_int);
            }
            got
        }
    }

    /// Consumes and returns the first readable byte.
    pub fn take_byte(&self) -> Option<u8> {
        if self.readable() == 0 {
            return None;
        }
        // SAFETY: the byte at that address is readable.
        let byte = unsafe { self.read_at().read() };
        self.readIndex.set(self.readIndex.get() + 1);
        Some(byte)
    }

    /// Removes the first `n` readable bytes. False if there are fewer.
    pub fn consume(&self, n: usize) -> bool {
        let enough = n <= self.readable();
        if enough {
            self.readIndex.set(self.readIndex.get() + n as c_int);
        }
        enough
    }

    /// The address of the first CRLF among the readable bytes. NULL if there is none.
    pub fn find_crlf(&self) -> *mut c_char {
        match self.readable() {
            0 => ptr::null_mut(),
            // SAFETY: n bytes are readable at that address.
            n => unsafe {
                libc::memmem(self.read_at().cast(), n, c"\r\n".as_ptr().cast(), 2).cast()
            },
        }
    }
}
