/* struct yolanda_callbacks: whole lines and frames in place of bytes as they arrive. */
#include "server_aid.h"

static char got[1 << 20];
static int frames, over, error_at_end = -1;

static void on_frame(struct tcp_connection *connection, const void *bytes, size_t length, void *data)
{
    (void)connection, (void)data;
    size_t before = strlen(got);
    memcpy(got + before, bytes, length);
    strcpy(got + before + length, "|");
    frames++;
}

static void on_end(struct tcp_connection *connection, void *data)
{
    (void)data;
    error_at_end = yolanda_connection_error(connection);
    over++;
}

static struct yolanda_callbacks framed(int framing, int prefix, size_t limit)
{
    return (struct yolanda_callbacks){ .size = sizeof(struct yolanda_callbacks), .closed = on_end,
                                       .framing = framing, .frame_prefix = prefix, .frame_limit = limit,
                                       .frame = on_frame };
}

static int peer;

static struct tcp_connection *connect_with(struct yolanda_callbacks callbacks)
{
    int fd[2];
    make_sockets(fd);
    struct tcp_connection *made = yolanda_connection_new(loop, fd[0], &callbacks);
    NEED(made != NULL);
    peer = fd[1];
    frames = over = 0;
    error_at_end = -1;
    got[0] = '\0';
    return made;
}

/* The frames of a stream, all at once and byte by byte. */
static void check_frames(struct yolanda_callbacks callbacks, const char *stream, size_t size, const char *expected)
{
    int n = 0;
    for (const char *at = expected; (at = strchr(at, '|')) != NULL; at++) {
        n++;
    }
    for (size_t step = 1; step <= size; step = step == 1 ? size : size + 1) {
        connect_with(callbacks);
        for (size_t at = 0; at < size; at += step) {
            NEED(write(peer, stream + at, step) == (ssize_t)step);
            if (step < size) {
                yolanda_loop_run_once(loop, 0);
            }
        }
        UNTIL(frames >= n);
        CHECK_TEXT(got, expected);
        close(peer);
        UNTIL(over == 1);
        CHECK_INT(error_at_end, 0);
        CHECK_TEXT(got, expected); /* what was left is no frame */
    }
}

#define STREAM(text) text, sizeof(text) - 1

CASE(each_framing)
{
    loop = yolanda_loop_new(NULL, NULL);
    check_frames(framed(YOLANDA_FRAMES_LINES, 0, 0), STREAM("one\ntwo\r\n\nrest"), "one|two||");
    check_frames(framed(YOLANDA_FRAMES_CRLF, 0, 0), STREAM("a\nb\r\n\r\nrest\r"), "a\nb||");
    check_frames(framed(YOLANDA_FRAMES_LENGTH, 2, 0), STREAM("\0\3one\0\0\0\1x\0\5part"), "one||x|");
    check_frames(framed(YOLANDA_FRAMES_LENGTH_LE, 4, 0), STREAM("\3\0\0\0one\1\0\0\0x\1\0"), "one|x|");
    check_frames(framed(YOLANDA_FRAMES_FIXED, 0, 3), STREAM("onetwo.."), "one|two|");
    end();
}

CASE(many_frames_in_one_read)
{
    static char stream[200000], expected[200000];
    loop = yolanda_loop_new(NULL, NULL);
    for (int i = 0; i < 20000; i++) {
        sprintf(stream + strlen(stream), "%d\n", i);
        sprintf(expected + strlen(expected), "%d|", i);
        i += i % 7;
    }
    connect_with(framed(YOLANDA_FRAMES_LINES, 0, 16));
    for (size_t sent = 0, size = strlen(stream); sent < size;) {
        ssize_t n = send(peer, stream + sent, size - sent, MSG_DONTWAIT);
        sent += n > 0 ? n : 0;
        yolanda_loop_run_once(loop, 0);
    }
    UNTIL(strlen(got) == strlen(expected));
    CHECK_TEXT(got, expected);
    close(peer);
    end();
}

CASE(a_frame_over_the_limit)
{
    loop = yolanda_loop_new(NULL, NULL);
    const char *streams[] = { "123456\n", "1234567", "1\n123456789" };
    for (int i = 0; i < 3; i++) {
        connect_with(framed(YOLANDA_FRAMES_LINES, 0, 5));
        put(peer, streams[i]);
        UNTIL(over == 1);
        CHECK_INT(error_at_end, EMSGSIZE);
        CHECK_TEXT(got, i == 2 ? "1|" : "");
        close(peer);
    }
    connect_with(framed(YOLANDA_FRAMES_LENGTH, 8, 100));
    NEED(write(peer, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) == 8);
    UNTIL(over == 1);
    CHECK_INT(error_at_end, EMSGSIZE);
    end();
}

static void pause_after_each(struct tcp_connection *connection, const void *bytes, size_t length, void *data)
{
    on_frame(connection, bytes, length, data);
    CHECK_INT(yolanda_connection_pause(connection), 0);
}

CASE(a_paused_connection_waits_with_the_next_frame)
{
    loop = yolanda_loop_new(NULL, NULL);
    struct yolanda_callbacks callbacks = framed(YOLANDA_FRAMES_LINES, 0, 0);
    callbacks.frame = pause_after_each;
    struct tcp_connection *connection = connect_with(callbacks);
    put(peer, "1\n2\n3\n");
    for (int i = 1; i <= 3; i++) {
        UNTIL(frames == i);
        for (int j = 0; j < 3; j++) {
            yolanda_loop_run_once(loop, 0);
        }
        CHECK_INT(frames, i);
        CHECK_INT(yolanda_connection_resume(connection), 0);
    }
    CHECK_TEXT(got, "1|2|3|");
    close(peer);
    end();
}

static void close_at_once(struct tcp_connection *connection, const void *bytes, size_t length, void *data)
{
    on_frame(connection, bytes, length, data);
    CHECK_INT(yolanda_connection_close(connection), 0);
}

static void run_inside(struct tcp_connection *connection, const void *bytes, size_t length, void *data)
{
    on_frame(connection, bytes, length, data);
    if (frames == 1) {
        put(peer, "4\n");
        UNTIL(frames >= 2);
    }
}

CASE(callbacks_that_close_or_run_the_loop)
{
    loop = yolanda_loop_new(NULL, NULL);
    struct yolanda_callbacks callbacks = framed(YOLANDA_FRAMES_LINES, 0, 0);
    callbacks.frame = close_at_once;
    connect_with(callbacks);
    put(peer, "1\n2\n");
    UNTIL(over == 1);
    CHECK_TEXT(got, "1|");
    close(peer);
    callbacks.frame = run_inside;
    connect_with(callbacks);
    put(peer, "1\n2\n3\n");
    UNTIL(frames == 4);
    CHECK_TEXT(got, "1|2|3|4|"); /* each once, in order */
    close(peer);
    end();
}

CASE(bad_framings)
{
    make("127.0.0.1:0", 0);
    struct yolanda_callbacks bad[] = {
        framed(YOLANDA_FRAMES_NONE, 0, 0),   framed(99, 0, 0),
        framed(YOLANDA_FRAMES_LENGTH, 3, 0), framed(YOLANDA_FRAMES_LENGTH, 0, 0),
        framed(YOLANDA_FRAMES_FIXED, 0, 0),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(yolanda_server_set_callbacks(server, &bad[i]), -1);
        CHECK_INT(errno, EINVAL);
    }
    CHECK_TEXT(yolanda_last_error(), "framing is 5, frame_prefix is 0, frame_limit is 0");
    struct yolanda_callbacks without = framed(YOLANDA_FRAMES_LINES, 0, 0);
    without.frame = NULL;
    CHECK_INT(yolanda_server_set_callbacks(server, &without), -1);
    CHECK_INT(errno, EINVAL);
    end();
}
