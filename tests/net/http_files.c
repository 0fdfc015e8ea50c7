/* http_files THREADS ROOT FLAGS INDEX MAX_AGE HOW ERROR: an HTTP server with the files of a folder. INDEX "" leaves
 * the default, "-" takes it away.
 * HOW route: below "/" and "/static/", by routes. HOW call: by the request callback, with all of the path, or with
 * that of ?path=P; what isn't there is /fallback.html, if that is. HOW later: by another thread.
 * ERROR: openat2 fails with it, unless it is 0. */
#include "net.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <yolanda.h>

static struct yolanda_http_files *files;
static int later;

static void fail_openat2(int error) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {4, program};
    PROMISE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    PROMISE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

struct job {
    struct http_request *request;
    struct http_response *response;
};

static void answer(struct http_request *request, struct http_response *response) {
    const char *path = yolanda_http_request_query(request, "path");
    PROMISE(yolanda_http_files_answer(files, request, response, path) == 0);
    PROMISE(yolanda_http_files_set_index(files, "late") == -1 && errno == EBUSY);
    if (response->statusCode == 404)
        PROMISE(yolanda_http_files_answer(files, request, response, "fallback.html") == 0);
}

static void *work(void *data) {
    struct job *job = data;
    answer(job->request, job->response);
    if (yolanda_http_response_send(job->response) < 0)
        PROMISE(errno == ENOTCONN);
    free(job);
    return NULL;
}

static int on_request(struct http_request *request, struct http_response *response) {
    messages++;
    if (later) {
        pthread_t thread;
        struct job *job = malloc(sizeof *job);
        *job = (struct job) {request, yolanda_http_response_defer(response)};
        PROMISE(job->response != NULL);
        PROMISE(pthread_create(&thread, NULL, work, job) == 0);
        PROMISE(pthread_detach(thread) == 0);
    } else {
        PROMISE(yolanda_http_response_add_header(response, "X-Before", "kept") == 0);
        answer(request, response);
    }
    return 0;
}

int main(int argc, char **argv) {
    PROMISE(argc == 8);
    lines_at_once();
    report_on_signal();
    struct event_loop *loop = event_loop_init();
    struct http_server *server = yolanda_http_server_new(loop, "127.0.0.1:0", on_request, atoi(argv[1]));
    PROMISE(server != NULL);
    files = yolanda_http_files_new(argv[2], atoi(argv[3]));
    PROMISE(files != NULL);
    if (argv[4][0] != 0)
        PROMISE(yolanda_http_files_set_index(files, strcmp(argv[4], "-") == 0 ? NULL : argv[4]) == 0);
    PROMISE(yolanda_http_files_set_max_age(files, atoi(argv[5])) == 0);
    later = strcmp(argv[6], "later") == 0;
    if (strcmp(argv[6], "route") == 0) {
        PROMISE(yolanda_http_server_files(server, "/static", files) == 0);
        PROMISE(yolanda_http_server_files(server, "/", files) == 0);
        PROMISE(yolanda_http_files_free(files) == 0);
    }
    if (atoi(argv[7]) != 0)
        fail_openat2(atoi(argv[7]));
    PROMISE(yolanda_http_server_start(server) == 0);
    say("port %d", server->tcpServer->port);
    event_loop_run(loop);
    return 0;
}
