/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_BUFFER_H
#define YOLANDA_LIB_BUFFER_H

#include <string.h>


#ifndef YOLANDA_MEMMEM
#define YOLANDA_MEMMEM
/* Not declared by <string.h> without _GNU_SOURCE; an implicit declaration would cut the pointer. */
#ifdef __cplusplus
extern "C" {
#endif
#ifdef __THROW
extern void *memmem(const void *, size_t, const void *, size_t) __THROW;
#else
extern void *memmem(const void *, size_t, const void *, size_t);
#endif
#ifdef __cplusplus
}
#endif
#endif

/**
 * The capacity of a new buffer, in bytes.
 */
#define INIT_BUFFER_SIZE 65536

/**
 * A growable block of bytes: [0, readIndex) has been consumed, [readIndex, writeIndex) is readable,
 * [writeIndex, total_size) is writable.
 *
 * You may read and write the fields: consume bytes with `readIndex += n`, add bytes by writing at
 * `writeIndex` and advancing it, and replace the block with `data = realloc(data, n)` and
 * `total_size = n`. Don't realloc() the block of a connection's buffer, which belongs to the
 * library: let buffer_append() grow it, or replace it by a block from malloc().
 *
 * Your own buffers work everywhere if `data` comes from malloc(), or is NULL with a `total_size` of
 * 0. After the library has appended or read, a NUL follows the readable bytes; it doesn't count as
 * data. Only one thread at a time may use a buffer.
 */
struct buffer {
    /**
     * The block.
     */
    char *data;
    /**
     * The index of the next byte to read.
     */
    int readIndex;
    /**
     * The index of the next byte to write.
     */
    int writeIndex;
    /**
     * The size of the block in bytes.
     */
    int total_size;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an empty buffer of INIT_BUFFER_SIZE bytes. Release it with buffer_free().
 *
 * Returns NULL with errno (ENOMEM) if memory runs out.
 *
 * Any thread may call it.
 */
struct buffer *buffer_new(void);

/**
 * Frees a buffer and its block. NULL is allowed. The buffers of a live connection belong to the
 * connection: for them the call only logs an error.
 *
 * `buffer` is NULL or a buffer from buffer_new(). It must not be used again.
 */
void buffer_free(struct buffer *buffer);

/**
 * Returns how many bytes fit after the readable ones without moving or growing the block; 0 for
 * NULL.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
int buffer_writeable_size(struct buffer *buffer);

/**
 * Returns the number of readable bytes; 0 for NULL.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
int buffer_readable_size(struct buffer *buffer);

/**
 * Returns how many bytes before the readable ones have been consumed and can be reused; 0 for NULL.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
int buffer_front_spare_size(struct buffer *buffer);

/**
 * Appends `size` bytes after the readable ones. If they don't fit, it makes room: it moves the
 * readable bytes to the front of the block, or allocates a larger block. Pointers into the buffer
 * may be invalid afterwards.
 *
 * Returns the number of bytes appended; 0 for NULL data. On failure it returns -1 with errno and
 * appends nothing: EINVAL (NULL buffer, negative size), ENOMEM (no memory, or more than INT_MAX - 1
 * bytes).
 *
 * `buffer` is NULL or a buffer that only the calling thread uses. `data` is NULL or has `size` bytes.
 */
int buffer_append(struct buffer *buffer,
                  void *data,
                  int size);

/**
 * Appends one byte. Returns 1, or -1 like buffer_append().
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
int buffer_append_char(struct buffer *buffer, char data);

/**
 * Appends a string without its terminating NUL.
 *
 * Returns the number of bytes appended, 0 for a NULL string, or -1 like buffer_append().
 *
 * `buffer` is NULL or a buffer that only the calling thread uses. `data` is NULL or a NUL-terminated
 * string.
 */
int buffer_append_string(struct buffer *buffer,
                         char *data);

/**
 * Reads once from any descriptor (socket, pipe, terminal, file) and appends the bytes: at most the
 * writable size plus 65536 bytes. Whether it blocks depends on the descriptor.
 *
 * Returns the number of bytes, 0 at the end of the stream, or -1 with errno: ENOMEM, EBADF and others
 * of read(2). The descriptor stays yours.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
int buffer_socket_read(struct buffer *buffer,
                       int fd);

/**
 * Consumes the first readable byte and returns it. Returns 0 for an empty buffer, which isn't
 * changed.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
char buffer_read_char(struct buffer *buffer);

/**
 * Returns a pointer to the first `\r\n` among the readable bytes, or NULL if there is none. The pointer
 * is valid until the buffer changes.
 *
 * `buffer` is NULL or a buffer that only the calling thread uses.
 */
char *buffer_find_CRLF(struct buffer *buffer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
