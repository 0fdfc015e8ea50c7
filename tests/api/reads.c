/* Contract section 2, "helpers of common.h": readn, readline, readline_2, read_line, read_message. */
#include "aid.h"

size_t readline_2(int fd, char *buffer, size_t length);
int read_line(int fd, char *buf, int size);

#define FAILED ((size_t)-1)

/* The same bytes in a socket and in a pipe, whose writing end is closed behind them. */
static int source(int kind, const char *bytes, size_t size)
{
    int fd[2];
    if (kind == 0) {
        make_sockets(fd);
    } else {
        make_pipe(fd);
    }
    NEED(write(fd[1], bytes, size) == (ssize_t)size);
    close(fd[1]);
    return fd[0];
}

static int text_source(int kind, const char *text)
{
    return source(kind, text, strlen(text));
}

/* What is left in it. */
static char *rest(int fd)
{
    char *text = calloc(1, 100000);
    size_t n = 0;
    NEED(text != NULL);
    for (ssize_t got; (got = read(fd, text + n, 99999 - n)) > 0;) {
        n += got;
    }
    close(fd);
    return text;
}

/* Pieces that arrive one after the other, each when the reader waits for it. */
struct pieces {
    int fd;
    pid_t reader;
    const char *text[8];
};

static void write_pieces(void *data)
{
    struct pieces *pieces = data;
    for (int i = 0; i < 8 && pieces->text[i] != NULL; i++) {
        until_blocked(pieces->reader);
        put(pieces->fd, pieces->text[i]);
    }
    until_blocked(pieces->reader);
    close(pieces->fd);
}

static pthread_t feed(struct pieces *pieces, int kind, int *reading_end)
{
    int fd[2];
    if (kind == 0) {
        make_sockets(fd);
    } else {
        make_pipe(fd);
    }
    pieces->fd = fd[1];
    pieces->reader = gettid();
    *reading_end = fd[0];
    return start_thread(write_pieces, pieces);
}

/* readn: exactly n bytes unless end of stream, from any descriptor. */
CASE(readn_takes_exactly_n)
{
    for (int kind = 0; kind < 2; kind++) {
        char bytes[16] = "................";
        int fd = text_source(kind, "0123456789");
        CHECK_INT(readn(fd, bytes, 4), 4);
        CHECK(memcmp(bytes, "0123....", 8) == 0);
        CHECK_INT(readn(fd, bytes, 0), 0);
        CHECK_INT(readn(fd, bytes, 16), 6);
        CHECK(memcmp(bytes, "456789", 6) == 0);
        CHECK_INT(readn(fd, bytes, 16), 0);
    }
    FILE *file = tmpfile();
    char bytes[16];
    fputs("0123456789", file);
    rewind(file);
    CHECK_INT(readn(fileno(file), bytes, 7), 7);
    CHECK_INT(readn(fileno(file), bytes, 7), 3);
}

CASE(readn_waits_for_all_pieces)
{
    for (int kind = 0; kind < 2; kind++) {
        struct pieces pieces = { .text = { "ab", "c", "def" } };
        char bytes[16] = "";
        int fd;
        pthread_t thread = feed(&pieces, kind, &fd);
        CHECK_INT(readn(fd, bytes, 5), 5);
        CHECK_TEXT(bytes, "abcde");
        CHECK_INT(readn(fd, bytes, 5), 1);
        join(thread);
    }
}

/* EINTR retried. */
static atomic_int signals;

static void note_signal(int number)
{
    (void)number;
    signals++;
}

static pthread_t main_thread;

static void interrupt_then_write(void *data)
{
    struct pieces *pieces = data;
    for (int i = 1; i <= 3; i++) {
        until_blocked(pieces->reader);
        pthread_kill(main_thread, SIGUSR1);
        while (signals < i) {
            nap();
        }
    }
    until_blocked(pieces->reader);
    put(pieces->fd, "abcdef");
}

CASE(readn_goes_on_after_a_signal)
{
    struct sigaction action = { .sa_handler = note_signal };
    sigaction(SIGUSR1, &action, NULL);
    main_thread = pthread_self();
    for (int kind = 0; kind < 2; kind++) {
        int fd[2];
        char bytes[16] = "";
        if (kind == 0) {
            make_sockets(fd);
        } else {
            make_pipe(fd);
        }
        signals = 0;
        struct pieces pieces = { .fd = fd[1], .reader = gettid() };
        pthread_t thread = start_thread(interrupt_then_write, &pieces);
        CHECK_INT(readn(fd[0], bytes, 6), 6);
        CHECK_TEXT(bytes, "abcdef");
        join(thread);
    }
}

/* (size_t)-1 on error. */
CASE(errors)
{
    char bytes[16];
    int fd[2];
    make_pipe(fd);
    close(fd[0]);
    int bad[] = { -1, fd[0], fd[1] };
    for (int i = 0; i < 3; i++) {
        errno = 0;
        CHECK(readn(bad[i], bytes, 5) == FAILED);
        CHECK_INT(errno, EBADF);
        errno = 0;
        CHECK(readline(bad[i], bytes, sizeof bytes) == FAILED);
        CHECK_INT(errno, EBADF);
        errno = 0;
        CHECK(readline_2(bad[i], bytes, sizeof bytes) == FAILED);
        CHECK_INT(errno, EBADF);
        errno = 0;
        CHECK(read_message(bad[i], bytes, sizeof bytes) == FAILED);
        CHECK_INT(errno, EBADF);
        CHECK_INT(read_line(bad[i], bytes, sizeof bytes), 0); /* 0 at end of stream or error */
    }
    int empty[2];
    make_sockets(empty);
    NEED(fcntl(empty[0], F_SETFL, O_NONBLOCK) == 0);
    errno = 0;
    CHECK(readn(empty[0], bytes, 5) == FAILED);
    CHECK_INT(errno, EAGAIN);
}

/* readline: up to and including \n, NUL-terminated. Bytes behind the newline stay in the socket, so
 * that select, readn and a reused number stay right. */
CASE(readline_takes_one_line)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[32];
        int fd = text_source(kind, "first\n\nthird line\nand more");
        memset(line, '#', sizeof line);
        CHECK_INT(readline(fd, line, sizeof line), 6);
        CHECK_TEXT(line, "first\n");
        CHECK_INT(line[7], '#');
        CHECK_INT(readline(fd, line, sizeof line), 1);
        CHECK_TEXT(line, "\n");
        struct pollfd ready = { fd, POLLIN, 0 };
        CHECK_INT(poll(&ready, 1, 0), 1);
        CHECK_INT(readline(fd, line, sizeof line), 11);
        CHECK_TEXT(line, "third line\n");
        CHECK_TEXT(rest(fd), "and more");
    }
}

CASE(readline_and_readn_mixed)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[32] = "";
        int fd = text_source(kind, "5\nabcde7\nabcdefg");
        CHECK_INT(readline(fd, line, sizeof line), 2);
        CHECK_INT(readn(fd, line, 5), 5);
        CHECK(memcmp(line, "abcde", 5) == 0);
        CHECK_INT(readline(fd, line, sizeof line), 2);
        CHECK_TEXT(line, "7\n");
        CHECK_TEXT(rest(fd), "abcdefg");
    }
}

/* Nothing is kept between calls: the number's next owner sees its own bytes. */
CASE(readline_on_a_reused_number)
{
    char line[32];
    int fd = text_source(0, "old\nleft over\n");
    CHECK_INT(readline(fd, line, sizeof line), 4);
    int next = text_source(0, "new\n");
    move_fd(next, fd);
    CHECK_INT(readline(fd, line, sizeof line), 4);
    CHECK_TEXT(line, "new\n");
}

CASE(readline_waits_for_all_pieces)
{
    for (int kind = 0; kind < 2; kind++) {
        struct pieces pieces = { .text = { "ab", "c", "\n", "xyz\nrest" } };
        char line[32];
        int fd;
        pthread_t thread = feed(&pieces, kind, &fd);
        CHECK_INT(readline(fd, line, sizeof line), 4);
        CHECK_TEXT(line, "abc\n");
        CHECK_INT(readline(fd, line, sizeof line), 4);
        CHECK_TEXT(line, "xyz\n");
        CHECK_TEXT(rest(fd), "rest");
        join(thread);
    }
}

/* 0 at end of stream, within a line too. */
CASE(readline_at_the_end)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[32];
        int fd = text_source(kind, "whole\nnot whole");
        CHECK_INT(readline(fd, line, sizeof line), 6);
        CHECK_INT(readline(fd, line, sizeof line), 0);
        CHECK_INT(readline(fd, line, sizeof line), 0);
    }
}

/* At most length-1 bytes; (size_t)-1 when the line doesn't fit (length-1 bytes are taken). */
CASE(readline_without_room)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[32];
        int fd = text_source(kind, "0123456789\nabc\n");
        memset(line, '#', sizeof line);
        CHECK(readline(fd, line, 8) == FAILED);
        CHECK(memcmp(line, "0123456", 7) == 0);
        CHECK_INT(line[8], '#');
        CHECK_INT(readline(fd, line, 5), 4); /* the rest fits exactly */
        CHECK_TEXT(line, "789\n");
        CHECK(readline(fd, line, 4) == FAILED);
        CHECK_TEXT(rest(fd), "\n");
    }
}

CASE(readline_with_hardly_any_room)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[4] = "##";
        int fd = text_source(kind, "a\n");
        CHECK(readline(fd, line, 1) == FAILED);
        CHECK(readline(fd, line, 0) == FAILED);
        CHECK_INT(line[1], '#');
        CHECK_TEXT(rest(fd), "a\n");
    }
}

/* A NUL is a byte as others. */
CASE(readline_with_nul_bytes)
{
    char line[32];
    int fd = source(0, "a\0b\nc", 5);
    CHECK_INT(readline(fd, line, sizeof line), 4);
    CHECK(memcmp(line, "a\0b\n", 5) == 0);
    CHECK_TEXT(rest(fd), "c");
}

CASE(readline_of_long_lines)
{
    static char text[60001], line[60002];
    memset(text, 'q', 60000);
    text[59999] = '\n';
    int fd[2];
    make_sockets(fd);
    int room = 200000;
    setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    put(fd[1], text);
    put(fd[1], "next\n");
    CHECK_INT(readline(fd[0], line, sizeof line), 60000);
    CHECK_TEXT(line, text);
    CHECK_INT(readline(fd[0], line, sizeof line), 5);
    CHECK_TEXT(line, "next\n");
}

/* readline_2: byte by byte through the newline, NUL-terminated; (size_t)-1 at end of stream, on
 * error, without room. */
CASE(readline_2_takes_one_line)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[32];
        int fd = text_source(kind, "first\n\nrest");
        memset(line, '#', sizeof line);
        CHECK_INT(readline_2(fd, line, sizeof line), 6);
        CHECK_TEXT(line, "first\n");
        CHECK_INT(line[7], '#');
        CHECK_INT(readline_2(fd, line, sizeof line), 1);
        CHECK_TEXT(line, "\n");
        CHECK_TEXT(rest(fd), "rest");
    }
}

CASE(readline_2_ends)
{
    for (int kind = 0; kind < 2; kind++) {
        char line[32];
        int fd = text_source(kind, "not whole");
        CHECK(readline_2(fd, line, sizeof line) == FAILED);
        CHECK(readline_2(fd, line, sizeof line) == FAILED);
        fd = text_source(kind, "01234567\n");
        memset(line, '#', sizeof line);
        CHECK(readline_2(fd, line, 5) == FAILED);
        CHECK_INT(line[5], '#');
        fd = text_source(kind, "ab\n");
        CHECK_INT(readline_2(fd, line, 4), 3);
        CHECK_TEXT(line, "ab\n");
        CHECK(readline_2(fd, line, 0) == FAILED);
    }
}

CASE(readline_2_waits_for_all_pieces)
{
    struct pieces pieces = { .text = { "ab", "c\n" } };
    char line[32];
    int fd;
    pthread_t thread = feed(&pieces, 0, &fd);
    CHECK_INT(readline_2(fd, line, sizeof line), 4);
    CHECK_TEXT(line, "abc\n");
    join(thread);
}

/* read_line turns CR and CRLF into LF; count without the NUL, 0 at end of stream. */
CASE(read_line_turns_ends_into_lf)
{
    char line[32];
    int fd = text_source(0, "lf\ncrlf\r\ncr\rlast\n");
    CHECK_INT(read_line(fd, line, sizeof line), 3);
    CHECK_TEXT(line, "lf\n");
    CHECK_INT(read_line(fd, line, sizeof line), 5);
    CHECK_TEXT(line, "crlf\n");
    CHECK_INT(read_line(fd, line, sizeof line), 3);
    CHECK_TEXT(line, "cr\n");
    CHECK_INT(read_line(fd, line, sizeof line), 5);
    CHECK_TEXT(line, "last\n");
    CHECK_INT(read_line(fd, line, sizeof line), 0);
    fd = text_source(1, "lf\nplain\n");
    CHECK_INT(read_line(fd, line, sizeof line), 3);
    CHECK_INT(read_line(fd, line, sizeof line), 6);
    CHECK_TEXT(line, "plain\n");
    CHECK_INT(read_line(fd, line, sizeof line), 0);
}

CASE(read_line_keeps_to_its_room)
{
    char line[32];
    int fd = text_source(0, "0123456789\nrest");
    memset(line, '#', sizeof line);
    CHECK_INT(read_line(fd, line, 5), 4);
    CHECK_TEXT(line, "0123");
    CHECK_INT(line[5], '#');
    CHECK_INT(read_line(fd, line, sizeof line), 7);
    CHECK_TEXT(line, "456789\n");
    CHECK_TEXT(rest(fd), "rest");
    fd = text_source(0, "abc\n");
    memset(line, '#', sizeof line);
    CHECK_INT(read_line(fd, line, 0), 0);
    CHECK_INT(read_line(fd, line, -5), 0);
    CHECK_INT(line[0], '#');
}

/* read_message: 4 bytes length (network order) and 4 bytes type (read, never looked at), then the
 * body; returns the body's length; no NUL. */
CASE(read_message_takes_one_message)
{
    for (int kind = 0; kind < 2; kind++) {
        char body[32];
        int fd = source(kind, "\0\0\0\5\0\0\0\1hello\0\0\0\2\xff\x80\1\2ab\0\0\0\0\0\0\0\0rest", 35);
        memset(body, '#', sizeof body);
        CHECK_INT(read_message(fd, body, sizeof body), 5);
        CHECK(memcmp(body, "hello#", 6) == 0);
        CHECK_INT(read_message(fd, body, 2), 2); /* fits exactly */
        CHECK(memcmp(body, "abllo#", 6) == 0);
        CHECK_INT(read_message(fd, body, sizeof body), 0);
        CHECK_TEXT(rest(fd), "rest");
    }
}

CASE(read_message_waits_for_all_pieces)
{
    struct pieces pieces = { .text = { "\x01\x01", "\x01\x01typ", "e", "rest" } };
    char body[32];
    int fd;
    pthread_t thread = feed(&pieces, 0, &fd);
    CHECK(read_message(fd, body, sizeof body) == FAILED); /* 0x01010101 bytes: too many for us */
    join(thread);
    int two[2];
    make_sockets(two);
    struct pieces body_pieces = { .fd = two[1], .reader = gettid(), .text = { "he", "l", "lo" } };
    NEED(write(two[1], "\0\0\0\5\0\0\0\1", 8) == 8);
    thread = start_thread(write_pieces, &body_pieces);
    CHECK_INT(read_message(two[0], body, sizeof body), 5);
    CHECK(memcmp(body, "hello", 5) == 0);
    CHECK_INT(read_message(two[0], body, sizeof body), 0);
    join(thread);
}

/* 0 at end of stream, also in mid-message. */
CASE(read_message_at_the_end)
{
    const char *message = "\0\0\0\5\0\0\0\1hello";
    for (int kind = 0; kind < 2; kind++) {
        for (int size = 0; size < 13; size++) {
            char body[32];
            int fd = source(kind, message, size);
            CHECK_INT(read_message(fd, body, sizeof body), 0);
            close(fd);
        }
    }
}

/* (size_t)-1 if the body is larger than the caller's buffer. */
CASE(read_message_without_room)
{
    const char *heads[] = { "\0\0\0\6\0\0\0\1", "\x7f\xff\xff\xff\0\0\0\1", "\x80\0\0\0\0\0\0\1",
                            "\xff\xff\xff\xff\0\0\0\1" };
    for (int i = 0; i < 4; i++) {
        char text[14], body[32];
        memcpy(text, heads[i], 8);
        memcpy(text + 8, "hello!", 6);
        memset(body, '#', sizeof body);
        int fd = source(0, text, 14);
        CHECK(read_message(fd, body, 5) == FAILED);
        CHECK_INT(body[5], '#');
        close(fd);
    }
}
