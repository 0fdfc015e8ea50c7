/* Contract section 2, "buffer": buffer_socket_read. */
#include "aid.h"

#include "lib/buffer.h"

static struct buffer *fresh(void)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    return buffer;
}

/* A file of this size whose byte i is i % 251. */
static int file_of(int size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    unsigned char *bytes = malloc(size);
    NEED(fd >= 0 && bytes != NULL);
    for (int i = 0; i < size; i++) {
        bytes[i] = i % 251;
    }
    NEED(write(fd, bytes, size) == size && lseek(fd, 0, SEEK_SET) == 0);
    free(bytes);
    return fd;
}

/* Takes any descriptor (pipe, socket, file); returns the count, 0 at end of stream. */
CASE(reads_from_a_socket)
{
    int fd[2];
    make_sockets(fd);
    struct buffer *buffer = fresh();
    put(fd[0], "hello");
    CHECK_INT(buffer_socket_read(buffer, fd[1]), 5);
    CHECK_TEXT(buffer->data, "hello");
    CHECK_INT(buffer_readable_size(buffer), 5);
    put(fd[0], " world");
    CHECK_INT(buffer_socket_read(buffer, fd[1]), 6);
    CHECK_TEXT(buffer->data, "hello world");
    close(fd[0]);
    CHECK_INT(buffer_socket_read(buffer, fd[1]), 0);
    CHECK_TEXT(buffer->data, "hello world");
    buffer_free(buffer);
}

CASE(reads_from_a_pipe)
{
    int fd[2];
    make_pipe(fd);
    struct buffer *buffer = fresh();
    put(fd[1], "hello");
    CHECK_INT(buffer_socket_read(buffer, fd[0]), 5);
    CHECK_TEXT(buffer->data, "hello");
    close(fd[1]);
    CHECK_INT(buffer_socket_read(buffer, fd[0]), 0);
    buffer_free(buffer);
}

CASE(reads_from_a_file)
{
    struct buffer *buffer = fresh();
    int fd = file_of(1000);
    CHECK_INT(buffer_socket_read(buffer, fd), 1000);
    CHECK_INT((unsigned char)buffer->data[999], 999 % 251);
    CHECK_INT(buffer_socket_read(buffer, fd), 0);
    buffer_free(buffer);
}

/* Reads once, with up to 65,536 bytes more than the writeable space, and appends it all. */
CASE(takes_more_than_fits)
{
    int size = 1000000, total = 0, wrong = 0;
    int fd = file_of(size);
    struct buffer *buffer = fresh();
    CHECK_INT(buffer_socket_read(buffer, fd), 65536 + 65536);
    total = 65536 + 65536;
    CHECK_INT(buffer_readable_size(buffer), total);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), total);
    for (;;) {
        int writeable = buffer_writeable_size(buffer), left = size - total;
        int want = left < writeable + 65536 ? left : writeable + 65536;
        int n = buffer_socket_read(buffer, fd);
        CHECK_INT(n, want);
        NEED(n >= 0);
        total += n;
        CHECK_INT(lseek(fd, 0, SEEK_CUR), total);
        if (n == 0) {
            break;
        }
    }
    CHECK_INT(total, size);
    CHECK_INT(buffer_readable_size(buffer), size);
    for (int i = 0; i < size; i++) {
        wrong += (unsigned char)buffer->data[buffer->readIndex + i] != i % 251;
    }
    CHECK_INT(wrong, 0);
    buffer_free(buffer);
}

/* The same for a small buffer on the stack. */
CASE(takes_more_than_a_small_buffer_holds)
{
    int fd = file_of(1000);
    struct buffer buffer = { malloc(8), 0, 0, 8 };
    CHECK_INT(buffer_append(&buffer, "ab", 2), 2);
    CHECK_INT(buffer_read_char(&buffer), 'a');
    CHECK_INT(buffer_socket_read(&buffer, fd), 1000);
    CHECK_INT(buffer_readable_size(&buffer), 1001);
    char *bytes = buffer.data + buffer.readIndex;
    CHECK_INT(bytes[0], 'b');
    CHECK_INT((unsigned char)bytes[1000], 999 % 251);
    CHECK_INT(bytes[1001], '\0');
    free(buffer.data);
}

/* After every read the byte behind the readable bytes is a NUL. */
CASE(nul_behind_every_read)
{
    int fd[2];
    make_pipe(fd);
    struct buffer *buffer = fresh();
    memset(buffer->data, 'x', buffer->total_size);
    for (int i = 0; i < 5; i++) {
        put(fd[1], "abc");
        CHECK_INT(buffer_socket_read(buffer, fd[0]), 3);
        CHECK_INT(buffer->data[buffer->writeIndex], '\0');
    }
    CHECK_TEXT(buffer->data + buffer->readIndex, "abcabcabcabcabc");
    buffer_free(buffer);

    struct buffer *full = fresh();
    int file = file_of(65536);
    CHECK_INT(buffer_socket_read(full, file), 65536);
    CHECK_INT(full->data[full->writeIndex], '\0');
    buffer_free(full);
}

/* -1 with errno otherwise; nothing changed. */
CASE(failure_changes_nothing)
{
    int fd[2];
    make_pipe(fd);
    struct buffer *buffer = fresh();
    CHECK_INT(buffer_append_string(buffer, "abc"), 3);
    struct buffer before = *buffer;
    NEED(fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0);
    errno = 0;
    CHECK_INT(buffer_socket_read(buffer, fd[0]), -1);
    CHECK_INT(errno, EAGAIN);
    errno = 0;
    CHECK_INT(buffer_socket_read(buffer, -1), -1);
    CHECK_INT(errno, EBADF);
    close(fd[0]);
    errno = 0;
    CHECK_INT(buffer_socket_read(buffer, fd[0]), -1);
    CHECK_INT(errno, EBADF);
    errno = 0;
    CHECK_INT(buffer_socket_read(buffer, fd[1]), -1); /* the end that can't be read */
    CHECK_INT(errno, EBADF);
    CHECK(same_buffer(&before, buffer));
    CHECK_TEXT(buffer->data, "abc");
    buffer_free(buffer);
}

struct late {
    int fd;
    pid_t reader;
};

static void write_when_it_waits(void *data)
{
    struct late *late = data;
    until_blocked(late->reader);
    put(late->fd, "late");
}

static void read_that_waits(int read_end, int write_end)
{
    struct buffer *buffer = fresh();
    struct late late = { write_end, gettid() };
    pthread_t thread = start_thread(write_when_it_waits, &late);
    CHECK_INT(buffer_socket_read(buffer, read_end), 4);
    CHECK_TEXT(buffer->data, "late");
    join(thread);
    buffer_free(buffer);
}

/* ... in the descriptor's own blocking mode: a blocking one waits for its bytes. */
CASE(blocking_descriptors_wait)
{
    int fd[2];
    make_pipe(fd);
    read_that_waits(fd[0], fd[1]);
    make_sockets(fd);
    read_that_waits(fd[1], fd[0]);
}

/* A full buffer can be read into after its bytes were consumed; unread bytes stay. */
CASE(reads_into_a_used_buffer)
{
    int fd[2];
    make_sockets(fd);
    struct buffer *buffer = fresh();
    char block[4096];
    memset(block, 'z', sizeof block);
    for (int i = 0; i < 16; i++) {
        CHECK_INT(buffer_append(buffer, block, sizeof block), sizeof block);
    }
    buffer->readIndex = 65530;
    put(fd[0], "0123456789");
    CHECK_INT(buffer_socket_read(buffer, fd[1]), 10);
    CHECK_INT(buffer_readable_size(buffer), 16);
    CHECK_TEXT(buffer->data + buffer->readIndex, "zzzzzz0123456789");
    buffer_free(buffer);
}
