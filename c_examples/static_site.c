/*
 * A web site out of a folder: pages, pictures, downloads of any size.
 *
 *     ./static_site FOLDER [ADDRESS]        localhost:43211 unless told
 *
 *     curl -i localhost:43211/                       FOLDER/index.html
 *     curl -I localhost:43211/film.mp4               what there is to know of FOLDER/film.mp4
 *     curl -r 1000-1999 localhost:43211/film.mp4     a part of it, as players and broken downloads ask
 *     curl --path-as-is localhost:43211/../secret    404: nothing outside of the folder is served
 *
 * Ctrl-C or kill ends the server, but not at once: what is being sent is sent, for ten seconds at most.
 * A second Ctrl-C ends it in any case.
 */
#include "yolanda.h"
#include "example.h"

#define STOP_MS 10000
/* Opening a file may wait for the disk. Meanwhile the other threads serve. */
#define THREADS 4

/* One line for each answer, from any of the threads: stdio keeps the lines whole. */
static void on_answered(const struct yolanda_http_access *entry, void *data)
{
    char line[1000]; /* of a longer one the beginning will do */

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
    /* Browsers may show a page for a minute before they ask whether there is a newer one. */
    yolanda_http_files_set_max_age(files, 60);

    loop = yolanda_loop_new(NULL, NULL);
    server = yolanda_http_server_new(loop, example_address(argc - 1, argv + 1), NULL, THREADS);
    if (server == NULL)
        err_sys("%s", example_address(argc - 1, argv + 1));
    /* Below another prefix, such as "/static/", and with routes beside it, it is a part of a larger site. */
    if (yolanda_http_server_files(server, "/", files) < 0)
        err_sys("no route");
    yolanda_http_files_free(files); /* the server keeps what it needs */
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
