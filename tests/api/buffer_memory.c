/* Contract section 2, "buffer": whose memory it is, growth that fails, make_room. */
#include "aid.h"

#include "lib/buffer.h"

#include <malloc.h>

void make_room(struct buffer *buffer, int size); /* exported, declared in no header */

/* buffer_new: NULL if out of memory. */
CASE(new_returns_null_without_memory)
{
    int made = 0;
    limit_memory(4 << 20);
    while (made < 10000 && buffer_new() != NULL) {
        made++;
    }
    CHECK(made < 10000);
}

/* Rule 5: a buffer and its data come from malloc, so C code may free what it owns. */
CASE(parts_can_be_freed_by_hand)
{
    for (int i = 0; i < 100; i++) {
        struct buffer *buffer = buffer_new();
        NEED(buffer != NULL);
        CHECK_INT(buffer_append_string(buffer, "abc"), 3);
        free(buffer->data);
        free(buffer);
    }
}

/* A buffer that C code made from malloc'd parts can be given to buffer_free. */
CASE(free_of_a_buffer_made_by_hand)
{
    struct buffer *buffer = malloc(sizeof *buffer);
    NEED(buffer != NULL);
    *buffer = (struct buffer){ malloc(10), 0, 0, 10 };
    CHECK_INT(buffer_append_string(buffer, "more than ten bytes"), 19);
    buffer_free(buffer);
}

/* buffer_free gives the memory back. */
CASE(free_returns_the_memory)
{
    buffer_free(buffer_new());
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 0; i < 100; i++) {
        struct buffer *buffer = buffer_new();
        char block[10000] = "";
        for (int n = 0; n < 50; n++) {
            CHECK_INT(buffer_append(buffer, block, sizeof block), sizeof block);
        }
        buffer_free(buffer);
    }
    CHECK(mallinfo2().uordblks + mallinfo2().hblkhd <= before + 65536);
}

/* A struct buffer on the stack with a malloc'd data works everywhere. */
CASE(stack_buffer_works)
{
    struct buffer buffer = { malloc(16), 0, 0, 16 };
    CHECK_INT(buffer_append_string(&buffer, "first\r\n"), 7);
    CHECK_INT(buffer_append_char(&buffer, 'x'), 1);
    CHECK(buffer_find_CRLF(&buffer) == buffer.data + 5);
    CHECK_INT(buffer_read_char(&buffer), 'f');
    CHECK_INT(buffer_append_string(&buffer, "and a line that needs more room"), 31);
    CHECK_TEXT(buffer.data + buffer.readIndex, "irst\r\nxand a line that needs more room");
    CHECK_INT(buffer_readable_size(&buffer), 38);
    CHECK(buffer.total_size >= 38);
    free(buffer.data);
}

/* Even one without any data: the first append allocates a block. */
CASE(stack_buffer_without_data)
{
    struct buffer buffer = { NULL, 0, 0, 0 };
    CHECK_INT(buffer_append_string(&buffer, "abc"), 3);
    CHECK_TEXT(buffer.data, "abc");
    CHECK_INT(buffer_readable_size(&buffer), 3);
    free(buffer.data);
}

/* C code may replace the block: b->data = realloc(b->data, n); b->total_size = n. */
CASE(realloc_by_the_program)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "abc"), 3);
    buffer->data = realloc(buffer->data, 200000);
    buffer->total_size = 200000;
    CHECK_INT(buffer_writeable_size(buffer), 199997);
    char block[1000];
    memset(block, 'd', sizeof block);
    for (int i = 0; i < 300; i++) {
        CHECK_INT(buffer_append(buffer, block, sizeof block), sizeof block);
    }
    CHECK_INT(buffer_readable_size(buffer), 300003);
    buffer->data = realloc(buffer->data, 400000);
    buffer->total_size = 400000;
    CHECK_INT(buffer_append_string(buffer, "end"), 3);
    CHECK(memcmp(buffer->data + buffer->readIndex, "abcd", 4) == 0);
    CHECK_TEXT(buffer->data + buffer->writeIndex - 4, "dend");
    buffer_free(buffer);
}

/* ... a smaller one, which fits exactly, included. */
CASE(realloc_to_the_exact_size)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "0123456789"), 10);
    buffer->data = realloc(buffer->data, 24);
    buffer->total_size = 24;
    CHECK_INT(buffer_append_string(buffer, "abcdefghijklmn"), 14);
    CHECK_TEXT(buffer->data + buffer->readIndex, "0123456789abcdefghijklmn");
    CHECK_INT(buffer_append_char(buffer, 'o'), 1);
    CHECK_TEXT(buffer->data + buffer->readIndex, "0123456789abcdefghijklmno");
    buffer_free(buffer);
}

/* Two neighbours of 24 bytes: the second one's size stands between them. */
static char *block_before(volatile size_t **next)
{
    if (SANITIZED) {
        _exit(0); /* with a sanitizer blocks aren't adjacent, and it checks the gaps itself */
    }
    char *last = malloc(24);
    for (int i = 0; i < 1000; i++) {
        char *one = malloc(24);
        if (one == last + 32) {
            *next = (volatile size_t *)one;
            return last;
        }
        last = one;
    }
    NEED(!"neighbours");
    return NULL;
}

/* A buffer whose data isn't the block that the library put there is grown before a NUL is written
 * behind the bytes: a full block of the program's is never written past its end. */
CASE(no_byte_past_a_block_of_the_program)
{
    volatile size_t *next;
    char *block = block_before(&next);
    size_t between = next[-1];
    struct buffer buffer = { block, 0, 0, 24 };
    CHECK_INT(buffer_append(&buffer, "0123456789abcdefghijklmn", 24), 24);
    CHECK_INT(next[-1], between);
    CHECK_TEXT(buffer.data, "0123456789abcdefghijklmn");
    CHECK_INT(buffer_readable_size(&buffer), 24);
    free(buffer.data);
    free((void *)next);
}

/* The same when buffer_socket_read fills it to the last byte. */
CASE(no_byte_past_a_block_after_a_read)
{
    int fd[2];
    make_pipe(fd);
    volatile size_t *next;
    char *block = block_before(&next);
    size_t between = next[-1];
    struct buffer buffer = { block, 0, 0, 24 };
    put(fd[1], "0123456789abcdefghijklmn");
    CHECK_INT(buffer_socket_read(&buffer, fd[0]), 24);
    CHECK_INT(next[-1], between);
    CHECK_TEXT(buffer.data, "0123456789abcdefghijklmn");
    free(buffer.data);
    free((void *)next);
}

/* D22: -1 on failure, and nothing is appended. */
CASE(growth_that_fails_changes_nothing)
{
    size_t size = 64 << 20;
    char *big = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct buffer *buffer = buffer_new();
    NEED(big != MAP_FAILED && buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "0123456789"), 10);
    buffer->readIndex = 4;
    struct buffer before = *buffer;
    limit_memory(1 << 20);
    errno = 0;
    CHECK_INT(buffer_append(buffer, big, size), -1);
    CHECK_INT(errno, ENOMEM);
    CHECK(same_buffer(&before, buffer));
    CHECK_TEXT(buffer->data + buffer->readIndex, "456789");
    make_room(buffer, size);
    CHECK(same_buffer(&before, buffer));
    CHECK_INT(buffer_append_string(buffer, "abc"), 3);
    CHECK_TEXT(buffer->data + buffer->readIndex, "456789abc");
    buffer_free(buffer);
}

/* buffer_socket_read doesn't read bytes for which there is no memory. */
CASE(read_without_memory_loses_nothing)
{
    static char block[60000], back[60000];
    int fd[2];
    make_pipe(fd);
    for (int i = 0; i < (int)sizeof block; i++) {
        block[i] = (char)(i % 251);
    }
    NEED(write(fd[1], block, sizeof block) == sizeof block);
    struct buffer buffer = { malloc(100), 0, 0, 100 };
    CHECK_INT(buffer_append_string(&buffer, "abc"), 3);
    limit_memory(0);
    while (malloc(4000) != NULL) { /* and nothing is left in the heap */
    }
    NEED(fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0);
    int got = buffer_socket_read(&buffer, fd[0]);
    CHECK(got < 0 || got == buffer_readable_size(&buffer) - 3);
    int in_buffer = got > 0 ? got : 0;
    CHECK(memcmp(buffer.data + buffer.readIndex, "abc", 3) == 0);
    CHECK(memcmp(buffer.data + buffer.readIndex + 3, block, in_buffer) == 0);
    CHECK_INT(read(fd[0], back, sizeof back), (int)sizeof block - in_buffer);
    CHECK(memcmp(back, block + in_buffer, sizeof block - in_buffer) == 0);
}

/* The same while it grows step by step: what was appended stays whole. */
CASE(growth_up_to_the_limit)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    char block[10000];
    memset(block, 'q', sizeof block);
    limit_memory(8 << 20);
    int appended = 0, wrong = 0;
    while (appended < (64 << 20)) {
        struct buffer before = *buffer;
        if (buffer_append(buffer, block, sizeof block) < 0) {
            CHECK(same_buffer(&before, buffer));
            break;
        }
        appended += sizeof block;
    }
    CHECK(appended > 100000 && appended < (64 << 20));
    CHECK_INT(buffer_readable_size(buffer), appended);
    for (int i = 0; i < appended; i++) {
        wrong += buffer->data[buffer->readIndex + i] != 'q';
    }
    CHECK_INT(wrong, 0);
    buffer_free(buffer);
}

/* Sizes stop at INT_MAX - 1. */
CASE(sizes_near_the_end_of_int)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "0123456789"), 10);
    struct buffer before = *buffer;
    int sizes[] = { INT_MAX, INT_MAX - 1, INT_MAX - 9 };
    for (int i = 0; i < 3; i++) {
        CHECK_INT(buffer_append(buffer, "x", sizes[i]), -1);
        make_room(buffer, sizes[i]);
        CHECK(same_buffer(&before, buffer));
    }
    buffer_free(buffer);

    struct buffer claims = { malloc(16), 0, INT_MAX - 20, INT_MAX - 10 };
    struct buffer same = claims;
    CHECK_INT(buffer_append(&claims, "twenty-three characters", 23), -1);
    CHECK(same_buffer(&same, &claims));
    free(claims.data);
}

/* make_room(b, n): afterwards n bytes are writeable, or nothing changed. */
CASE(make_room_makes_room)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    CHECK_INT(buffer_append_string(buffer, "0123456789"), 10);
    buffer->readIndex = 3;
    struct buffer before = *buffer;
    make_room(buffer, 100);
    CHECK(buffer_writeable_size(buffer) >= 100);
    make_room(buffer, 65529); /* by moving */
    CHECK(buffer_writeable_size(buffer) >= 65529);
    CHECK_INT(buffer_readable_size(buffer), 7);
    CHECK(memcmp(buffer->data + buffer->readIndex, "3456789", 7) == 0);
    make_room(buffer, 1000000); /* by growing */
    CHECK(buffer_writeable_size(buffer) >= 1000000);
    CHECK_INT(buffer_readable_size(buffer), 7);
    CHECK(memcmp(buffer->data + buffer->readIndex, "3456789", 7) == 0);
    memset(buffer->data + buffer->writeIndex, 'y', 1000000);
    before = *buffer;
    make_room(buffer, -1);
    make_room(buffer, INT_MIN);
    make_room(buffer, 0);
    CHECK(same_buffer(&before, buffer));
    buffer_free(buffer);
}
