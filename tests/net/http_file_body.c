/* http_file_body THREADS FOLDER WRITE_MS WITHOUT: an HTTP server whose bodies are files of the folder.
 * /NAME?offset=A&length=B is that part of a file, with &later from a deferred response; /text isn't a file.
 * WITHOUT 1: the kernel refuses sendfile, as some file systems do. A line "stop" on stdin stops the server. */
#include "net.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <yolanda.h>

static struct http_server *server;
static const char *folder;

static void refuse_sendfile(void) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sendfile, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {4, program};
    PROMISE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    PROMISE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

static long number(struct http_request *request, const char *name, long otherwise) {
    const char *text = yolanda_http_request_query(request, name);
    return text != NULL ? atol(text) : otherwise;
}

static int on_request(struct http_request *request, struct http_response *response) {
    char name[4096];
    messages++;
    if (strcmp(request->url, "/text") == 0) {
        response->statusCode = 200;
        response->body = "hello";
        return 0;
    }
    snprintf(name, sizeof name, "%s%s", folder, yolanda_http_request_path(request));
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    PROMISE(fd >= 0);
    int later = yolanda_http_request_query(request, "later") != NULL;
    if (later) {
        response = yolanda_http_response_defer(response);
        PROMISE(response != NULL);
    }
    PROMISE(yolanda_http_response_set_status(response, number(request, "status", 200), NULL) == 0);
    if (yolanda_http_response_set_file(response, fd, number(request, "offset", 0),
                                       number(request, "length", -1)) < 0) {
        PROMISE(errno == EINVAL);
        PROMISE(close(fd) == 0);
        PROMISE(yolanda_http_response_set_body(response, "EINVAL", 6) == 0);
    }
    if (yolanda_http_request_query(request, "twice") != NULL)
        PROMISE(yolanda_http_response_set_file(response, open(name, O_RDONLY | O_CLOEXEC), 1, 2) == 0);
    if (yolanda_http_request_query(request, "text") != NULL)
        PROMISE(yolanda_http_response_set_body(response, "text", 4) == 0);
    if (yolanda_http_request_query(request, "field") != NULL)
        response->body = "field";
    if (yolanda_http_request_query(request, "close") != NULL)
        PROMISE(yolanda_http_response_add_header(response, "Connection", "close") == 0);
    if (yolanda_http_request_query(request, "begin") != NULL)
        PROMISE(yolanda_http_response_begin(response, 0) == 0);
    if (later && yolanda_http_response_send(response) < 0)
        PROMISE(errno == ENOTCONN);
    return 0;
}

static void on_stopped(struct TCPserver *tcp, void *data) {
    (void) tcp;
    (void) data;
    say("stopped");
}

static int on_command(void *data) {
    char line[64];
    ssize_t size = read(0, line, sizeof line - 1);
    (void) data;
    if (size <= 0)
        return 0;
    line[size] = 0;
    if (strcmp(line, "stop\n") == 0)
        PROMISE(yolanda_server_stop(server->tcpServer, 5000, on_stopped, NULL) == 0);
    if (strcmp(line, "stats\n") == 0) {
        struct yolanda_http_stats stats;
        PROMISE(yolanda_http_server_get_stats(server, &stats, sizeof stats) == 0);
        say("timeouts %d", (int) stats.timeouts);
    }
    return 0;
}

int main(int argc, char **argv) {
    PROMISE(argc == 5);
    folder = argv[2];
    lines_at_once();
    report_on_signal();
    if (atoi(argv[4]))
        refuse_sendfile();
    struct event_loop *loop = event_loop_init();
    server = yolanda_http_server_new(loop, "127.0.0.1:0", on_request, atoi(argv[1]));
    PROMISE(server != NULL);
    PROMISE(yolanda_http_server_set_deadlines(server, 60000, 60000, 60000, 60000, atoi(argv[3])) == 0);
    PROMISE(yolanda_http_server_start(server) == 0);
    say("port %d", server->tcpServer->port);
    event_loop_add_channel_event(loop, 0, channel_new(0, EVENT_READ, on_command, NULL, loop));
    event_loop_run(loop);
    return 0;
}
