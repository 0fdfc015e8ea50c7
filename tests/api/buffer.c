/* Contract section 2, "buffer": bytes in and out. */
#include "aid.h"

#include "lib/buffer.h"

static void fill(struct buffer *buffer, char byte, int size)
{
    char *bytes = malloc(size + 1);
    NEED(bytes != NULL);
    memset(bytes, byte, size);
    NEED(buffer_append(buffer, bytes, size) == size);
    free(bytes);
}

/* buffer_new: 65,536 bytes of capacity (total_size), both indices 0. */
CASE(new_buffer_is_empty)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK(buffer->data != NULL);
    CHECK_INT(buffer->total_size, 65536);
    CHECK_INT(INIT_BUFFER_SIZE, 65536);
    CHECK_INT(buffer->readIndex, 0);
    CHECK_INT(buffer->writeIndex, 0);
    buffer_free(buffer);
}

/* Readable = writeIndex - readIndex; writeable = total_size - writeIndex; front spare = readIndex. */
CASE(sizes_follow_the_fields)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_readable_size(buffer), 0);
    CHECK_INT(buffer_writeable_size(buffer), 65536);
    CHECK_INT(buffer_front_spare_size(buffer), 0);
    CHECK_INT(buffer_append(buffer, "0123456789", 10), 10);
    buffer->readIndex += 3;
    CHECK_INT(buffer_readable_size(buffer), 7);
    CHECK_INT(buffer_writeable_size(buffer), 65526);
    CHECK_INT(buffer_front_spare_size(buffer), 3);
    struct buffer made_by_hand = { NULL, 5, 9, 20 };
    CHECK_INT(buffer_readable_size(&made_by_hand), 4);
    CHECK_INT(buffer_writeable_size(&made_by_hand), 11);
    CHECK_INT(buffer_front_spare_size(&made_by_hand), 5);
    buffer_free(buffer);
}

/* buffer_append copies n bytes to writeIndex; returns the number of bytes appended. */
CASE(append_copies_behind_what_is_there)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append(buffer, "ab\0c", 4), 4);
    CHECK_INT(buffer_append(buffer, "d", 1), 1);
    CHECK_INT(buffer_append(buffer, "xyz", 0), 0);
    CHECK_INT(buffer->writeIndex, 5);
    CHECK(memcmp(buffer->data, "ab\0cd", 5) == 0);
    buffer_free(buffer);
}

/* buffer_append_char, buffer_append_string likewise. */
CASE(append_char_and_string)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "hello"), 5);
    CHECK_INT(buffer_append_char(buffer, ' '), 1);
    CHECK_INT(buffer_append_char(buffer, '\0'), 1);
    CHECK_INT(buffer_append_char(buffer, (char)0xff), 1);
    CHECK_INT(buffer_append_string(buffer, ""), 0);
    CHECK_INT(buffer_readable_size(buffer), 8);
    CHECK(memcmp(buffer->data, "hello \0\xff", 8) == 0);
    buffer_free(buffer);
}

/* NULL data appends nothing and returns 0; a NULL string: nothing. */
CASE(null_data_appends_nothing)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "abc"), 3);
    CHECK_INT(buffer_append(buffer, NULL, 10), 0);
    CHECK_INT(buffer_append_string(buffer, NULL), 0);
    CHECK_INT(buffer->writeIndex, 3);
    CHECK_INT(buffer->readIndex, 0);
    CHECK_INT(buffer->total_size, 65536);
    buffer_free(buffer);
}

/* Section 4: a negative size gets the error value, errno set, state unchanged. */
CASE(negative_size_is_refused)
{
    int sizes[] = { -1, -65536, INT_MIN };
    for (int i = 0; i < 3; i++) {
        struct buffer *buffer = buffer_new();
        NEED(buffer != NULL);
        CHECK_INT(buffer_append_string(buffer, "abc"), 3);
        struct buffer before = *buffer;
        errno = 0;
        CHECK_INT(buffer_append(buffer, "x", sizes[i]), -1);
        CHECK(errno != 0);
        CHECK(same_buffer(&before, buffer));
        CHECK_TEXT(buffer->data, "abc");
        buffer_free(buffer);
    }
}

/* Making room: no room is needed as long as the writeable bytes suffice. */
CASE(append_fills_the_last_byte)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    fill(buffer, 'a', 65535);
    CHECK_INT(buffer_append_char(buffer, 'b'), 1);
    CHECK_INT(buffer->total_size, 65536);
    CHECK_INT(buffer_writeable_size(buffer), 0);
    CHECK_INT(buffer->data[65535], 'b');
    CHECK_INT(buffer->data[65536], '\0');
    buffer_free(buffer);
}

/* Move the readable bytes to the front when front spare + writeable suffice. */
CASE(append_moves_before_it_grows)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    fill(buffer, 'a', 65530);
    CHECK_INT(buffer_append_string(buffer, "tail"), 4);
    buffer->readIndex = 65530;
    fill(buffer, 'b', 65532);
    CHECK_INT(buffer->total_size, 65536);
    CHECK_INT(buffer->readIndex, 0);
    CHECK_INT(buffer->writeIndex, 65536);
    CHECK(memcmp(buffer->data, "tailb", 5) == 0);
    CHECK_INT(buffer->data[65535], 'b');
    buffer_free(buffer);
}

/* ... else grow. */
CASE(append_grows_and_keeps_the_bytes)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    fill(buffer, 'a', 65536);
    buffer->readIndex = 10;
    fill(buffer, 'b', 1000000);
    CHECK(buffer->total_size >= 65526 + 1000000);
    CHECK_INT(buffer_readable_size(buffer), 65526 + 1000000);
    char *bytes = buffer->data + buffer->readIndex;
    int wrong = 0;
    for (int i = 0; i < 65526 + 1000000; i++) {
        wrong += bytes[i] != (i < 65526 ? 'a' : 'b');
    }
    CHECK_INT(wrong, 0);
    buffer_free(buffer);
}

/* Growth is geometric (D22: growth by exact size is quadratic). */
CASE(growth_is_geometric)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    char piece[100] = "";
    int grown = 0, size = buffer->total_size;
    for (int i = 0; i < 16 * 1024 * 1024 / 100; i++) {
        NEED(buffer_append(buffer, piece, sizeof piece) == sizeof piece);
        if (buffer->total_size != size) {
            CHECK(buffer->total_size >= size + size / 4);
            size = buffer->total_size;
            grown++;
        }
    }
    CHECK(grown >= 1 && grown <= 32);
    buffer_free(buffer);
}

/* buffer_read_char takes one byte. On an empty buffer it returns 0 and moves nothing. */
CASE(read_char_takes_one_byte)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_read_char(buffer), 0);
    CHECK_INT(buffer->readIndex, 0);
    CHECK_INT(buffer_append(buffer, "a\xff", 2), 2);
    CHECK_INT(buffer_read_char(buffer), 'a');
    CHECK_INT(buffer->readIndex, 1);
    CHECK_INT(buffer_read_char(buffer), (char)0xff);
    int read = buffer->readIndex, written = buffer->writeIndex;
    CHECK_INT(buffer_read_char(buffer), 0);
    CHECK_INT(buffer->readIndex, read);
    CHECK_INT(buffer->writeIndex, written);
    buffer_free(buffer);
}

/* buffer_find_CRLF points at the first \r\n in the readable bytes, or NULL. */
CASE(find_crlf)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK(buffer_find_CRLF(buffer) == NULL);
    CHECK_INT(buffer_append_string(buffer, "\r\nab\n\rc\r\r\nde\r\n\r"), 15);
    CHECK(buffer_find_CRLF(buffer) == buffer->data);
    buffer->readIndex = 1; /* its \r is no longer readable */
    CHECK(buffer_find_CRLF(buffer) == buffer->data + 8);
    buffer->readIndex = 10;
    CHECK(buffer_find_CRLF(buffer) == buffer->data + 12);
    buffer->readIndex = 14;
    CHECK(buffer_find_CRLF(buffer) == NULL);
    buffer_free(buffer);
}

/* ... in the readable bytes: the bytes after them aren't searched. */
CASE(find_crlf_stops_at_the_end)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append(buffer, "ab\r\n\0\0", 6), 6);
    buffer->writeIndex = 3;
    CHECK(buffer_find_CRLF(buffer) == NULL);
    buffer->writeIndex = 4;
    CHECK(buffer_find_CRLF(buffer) == buffer->data + 2);
    buffer->readIndex = 4;
    CHECK(buffer_find_CRLF(buffer) == NULL);
    buffer_free(buffer);
}

/* The first one is also found after NUL bytes. */
CASE(find_crlf_behind_nul)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append(buffer, "a\0b\r\n", 5), 5);
    CHECK(buffer_find_CRLF(buffer) == buffer->data + 3);
    buffer_free(buffer);
}

/* After every append the byte behind the readable bytes is a NUL that does not count as data. */
CASE(nul_behind_every_append)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    memset(buffer->data, 'x', buffer->total_size);
    CHECK_INT(buffer_append(buffer, "abc", 3), 3);
    CHECK_INT(buffer->data[3], '\0');
    CHECK_TEXT(buffer->data, "abc");
    CHECK_INT(buffer_readable_size(buffer), 3);
    CHECK_INT(buffer_append_char(buffer, 'd'), 1);
    CHECK_TEXT(buffer->data, "abcd");
    CHECK_INT(buffer_append_string(buffer, "ef"), 2);
    CHECK_TEXT(buffer->data, "abcdef");
    CHECK_INT(buffer_append(buffer, "g", 1), 1);
    CHECK_TEXT(buffer->data, "abcdefg");
    CHECK_INT(buffer_readable_size(buffer), 7);
    buffer_free(buffer);
}

/* The same at the edge of each size that the buffer grows through. */
CASE(nul_behind_every_size)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    int wrong = 0;
    for (int i = 0; i < 300000; i++) {
        NEED(buffer_append_char(buffer, 'a') == 1);
        wrong += buffer->data[buffer->writeIndex] != '\0';
    }
    CHECK_INT(wrong, 0);
    buffer_free(buffer);
}

/* buffer_free takes NULL silently. */
CASE(free_takes_null)
{
    buffer_free(NULL);
    CHECK_TEXT(out_text(), "");
}
