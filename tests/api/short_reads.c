/* A read that is shorter than its room is the last one only where nothing else can have cut it: all that has
 * come is delivered, from whatever kind of descriptor, also when the loop was elsewhere as it came. */
#include "server_aid.h"

static char all[256];
static size_t all_size;

static int collect(struct buffer *input, struct tcp_connection *connection)
{
    (void)connection;
    int size = input->writeIndex - input->readIndex;
    NEED(all_size + size < sizeof all);
    memcpy(all + all_size, input->data + input->readIndex, size);
    all_size += size;
    messages++;
    input->readIndex = input->writeIndex;
    return 0;
}

static void collected(const char *text)
{
    UNTIL(all_size >= strlen(text));
    all[all_size] = '\0';
    CHECK_TEXT(all, text);
    all_size = 0;
}

static void collect_from(const char *address)
{
    loop = yolanda_loop_new(NULL, NULL);
    NEED(loop != NULL);
    server = yolanda_server_new(loop, address, on_completed, collect, NULL, on_closed, 0);
    NEED(server != NULL && yolanda_server_start(server) == 0);
}

static void watch_end(int fd)
{
    loop = yolanda_loop_new(NULL, NULL);
    NEED(loop != NULL);
    NEED(tcp_connection_new(fd, loop, on_completed, on_closed, collect, NULL) != NULL);
}

static void send_descriptor(int fd, const char *text)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = { (void *)text, strlen(text) };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control.bytes };
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    NEED(sendmsg(fd, &message, 0) == (ssize_t)strlen(text));
}

static void urgent(int fd)
{
    put(fd, "abcd");
    NEED(send(fd, "!", 1, MSG_OOB) == 1);
    put(fd, "efghi");
}

/* recv(2) ends at the urgent mark, and leaves the urgent byte out. */
CASE(urgent_data)
{
    collect_from("127.0.0.1:0");
    int fd = visit();
    put(fd, "x");
    collected("x");
    urgent(fd);
    collected("abcdefghi");
    close(fd);
    UNTIL(closed == 1);
    end();
}

/* An urgent byte alone wakes nobody for long. */
CASE(urgent_byte_alone)
{
    collect_from("127.0.0.1:0");
    int fd = visit();
    put(fd, "x");
    collected("x");
    NEED(send(fd, "!", 1, MSG_OOB) == 1);
    for (int i = 0; i < 3; i++) {
        yolanda_loop_run_once(loop, 10);
    }
    struct yolanda_loop_stats before, after;
    NEED(yolanda_loop_get_stats(loop, &before, sizeof before) == 0);
    long long start = now_ms();
    while (now_ms() < start + 100) {
        yolanda_loop_run_once(loop, 100);
    }
    NEED(yolanda_loop_get_stats(loop, &after, sizeof after) == 0);
    CHECK(after.passes - before.passes < 50);
    put(fd, "y");
    collected("y");
    close(fd);
    UNTIL(closed == 1);
    end();
}

/* A client's connection is of its socket's kind, too. */
CASE(urgent_data_to_a_client)
{
    loop = yolanda_loop_new(NULL, NULL);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    NEED(bind(listening, (struct sockaddr *)&at, len) == 0 && listen(listening, 1) == 0);
    NEED(getsockname(listening, (struct sockaddr *)&at, &len) == 0);
    char text[32];
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(at.sin_port));
    struct yolanda_client *client =
        yolanda_client_new(loop, text, on_completed, collect, NULL, on_closed);
    NEED(client != NULL && yolanda_client_start(client) == 0);
    UNTIL(completed == 1);
    int fd = accept(listening, NULL, NULL);
    put(fd, "x");
    collected("x");
    urgent(fd);
    collected("abcdefghi");
    close(fd);
    close(listening);
    UNTIL(closed == 1);
    end();
}

/* recv(2) ends after bytes that came with descriptors. */
CASE(descriptors)
{
    const char *address = own_address();
    collect_from(address);
    int fd = dial(address);
    NEED(fd >= 0);
    put(fd, "x");
    collected("x");
    send_descriptor(fd, "abcd");
    put(fd, "efghi");
    send_descriptor(fd, "j");
    send_descriptor(fd, "k");
    collected("abcdefghijk");
    close(fd);
    UNTIL(closed == 1);
    end();
}

CASE(descriptors_on_a_socket_of_ones_own)
{
    int pair[2];
    make_sockets(pair);
    watch_end(pair[0]);
    send_descriptor(pair[1], "ab");
    send_descriptor(pair[1], "cd");
    put(pair[1], "ef");
    collected("abcdef");
    close(pair[1]);
    UNTIL(closed == 1);
    CHECK_INT(last_error, 0);
    end();
}

/* Each read is one message, and an empty one isn't the end. */
CASE(seqpacket)
{
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    watch_end(pair[0]);
    put(pair[1], "ab");
    put(pair[1], "cd");
    NEED(send(pair[1], "", 0, 0) == 0);
    put(pair[1], "ef");
    collected("abcdef");
    CHECK_INT(closed, 0);
    put(pair[1], "g");
    NEED(send(pair[1], "", 0, 0) == 0);
    put(pair[1], "h");
    close(pair[1]);
    collected("gh");
    UNTIL(closed == 1);
    CHECK_INT(last_error, 0);
    end();
}

CASE(datagrams)
{
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    watch_end(pair[0]);
    put(pair[1], "ab");
    NEED(send(pair[1], "", 0, 0) == 0);
    put(pair[1], "cd");
    put(pair[1], "ef");
    collected("abcdef");
    CHECK_INT(closed, 0);
    CHECK_INT(messages, 3);
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(pair[1]);
}

CASE(udp)
{
    int one = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in from = at;
    socklen_t len = sizeof at;
    NEED(bind(one, (struct sockaddr *)&at, len) == 0);
    NEED(getsockname(one, (struct sockaddr *)&at, &len) == 0);
    NEED(bind(other, (struct sockaddr *)&from, len) == 0);
    NEED(getsockname(other, (struct sockaddr *)&from, &len) == 0);
    NEED(connect(one, (struct sockaddr *)&from, len) == 0);
    NEED(connect(other, (struct sockaddr *)&at, len) == 0);
    watch_end(one);
    put(other, "ab");
    put(other, "cd");
    NEED(send(other, "", 0, 0) == 0);
    put(other, "ef");
    collected("abcdef");
    CHECK_INT(closed, 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(other);
}

/* A pipe of packets (pipe(2), O_DIRECT), and a terminal, which is read by lines. */
CASE(packets_and_lines)
{
    int ends[2];
    NEED(pipe2(ends, O_DIRECT) == 0);
    watch_end(ends[0]);
    put(ends[1], "ab");
    put(ends[1], "cd");
    put(ends[1], "ef");
    collected("abcdef");
    close(ends[1]);
    UNTIL(closed == 1);
    end();
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) {
        return; /* a machine without them */
    }
    int line = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    NEED(line >= 0);
    watch_end(line);
    put(terminal, "a\nb\nc\n");
    collected("a\nb\nc\n");
    CHECK_INT(messages, 3);
    CHECK_INT(yolanda_loop_free(loop), 0);
    close(terminal);
}
