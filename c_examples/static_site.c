/*
 * A web site from a folder: pages, pictures, downloads of any size.
 *
 *     ./static_site FOLDER [ADDRESS]        default: localhost:43211
 *
 *     curl -i localhost:43211/                       FOLDER/index.html
 *     curl -I localhost:43211/film.mp4               only the headers of FOLDER/film.mp4
 *     curl -r 1000-1999 localhost:43211/film.mp4     a part of it, as for players and resumed downloads
 *     curl --path-as-is localhost:43211/../secret    404: nothing outside the folder is served
 *
 * Ctrl-C or kill stops the server after the responses in progress have been sent, for ten seconds at most.
 * A second Ctrl-C ends it at once.
 */
#include "yolanda.h"
#include "example.h"

#define STOP_MS 10000
/* Opening a file may block on the disk. The other threads continue to serve. */
#define THREADS 4

/* One line for each response, on any of the threads: stdio doesn't mix lines. */
static void on_answered(const struct yolanda_http_access *entry, void *data)
{
    char line[1000]; /* a longer one is cut */

    (void) data;
    if (yolanda_http_access_line(entry, line, sizeof(line)) >= 0)
        puts(line);
}

static void on_stopped(struct TCPserver *server, void *data)
{
    (void) data;
    yolanda_loop_quit(server->eventLoop);
}

static void on_signal(struct event_loop *loop, int signal_number, void *data)
{
    struct http_server *server = data;

    (void) signal_number;
    if (yolanda_server_stop(server->tcpServer, STOP_MS, on_stopped, NULL) < 0)
        yolanda_loop_quit(loop); /* EALREADY: the second signal */
}

int main(int argc, char **argv)
{
    struct event_loop *loop;
    struct http_server *server;
    struct yolanda_http_files *files;

    if (argc < 2)
        error(1, 0, "usage: %s FOLDER [ADDRESS]\n", argv[0]);
    files = yolanda_http_files_new(argv[1], 0);
    if (files == NULL)
        err_sys("%s", argv[1]);
    /* Browsers may use a cached page for a minute before they ask for a newer one. */
    yolanda_http_files_set_max_age(files, 60);

    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_http_server_new(loop, example_address(argc - 1, argv + 1), NULL, THREADS);
    if (server == NULL)
        err_sys("%s", example_address(argc - 1, argv + 1));
    /* With another prefix, such as "/static/", the server can also have routes. */
    if (yolanda_http_server_files(server, "/", files) < 0)
        err_sys("no route");
    yolanda_http_files_free(files); /* the server keeps its own reference */
    yolanda_http_server_set_access_log(server, on_answered, NULL);

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (yolanda_signal_start(loop, SIGINT, on_signal, server) == 0
        || yolanda_signal_start(loop, SIGTERM, on_signal, server) == 0
        || yolanda_http_server_start(server) < 0)
        err_sys("can't start");
    example_announce_address(server->tcpServer);
    event_loop_run(loop);
    yolanda_loop_free(loop); /* with the server and its threads */
    return 0;
}
