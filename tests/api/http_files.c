/* yolanda.h: files over HTTP. What goes over the wire with them is looked at in tests/net/test_http_files.py. */
#include "http_aid.h"

#include <dirent.h>

static char root[100];

static void write_file(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", root, name);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    NEED(fd >= 0);
    put(fd, text);
    close(fd);
}

/* A folder of its own for each case, which the next run removes. */
static void make_root(void)
{
    snprintf(root, sizeof root, "/tmp/yolanda-api-files-%d", getppid());
    if (mkdir(root, 0700) < 0) {
        NEED(errno == EEXIST);
    }
    write_file("index.html", "the index");
    write_file("page.txt", "a page");
    NEED(strlen(root) > 0);
}

static void remove_root(void)
{
    char path[400];
    DIR *folder = opendir(root);
    NEED(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        snprintf(path, sizeof path, "%s/%s", root, entry->d_name);
        unlink(path);
    }
    closedir(folder);
    CHECK_INT(rmdir(root), 0);
}

static struct yolanda_http_files *files;

static void make_files(int flags)
{
    make_root();
    files = yolanda_http_files_new(root, flags);
    NEED(files != NULL);
}

static void *refused_new(const char *path, int flags)
{
    errno = 0;
    return yolanda_http_files_new(path, flags);
}

CASE(folders)
{
    int before = open_fds();
    make_root();
    char file[200], none[200];
    snprintf(file, sizeof file, "%s/page.txt", root);
    snprintf(none, sizeof none, "%s/none", root);
    CHECK(refused_new(NULL, 0) == NULL && errno == EINVAL);
    CHECK(refused_new(root, 4) == NULL && errno == EINVAL);
    CHECK(refused_new(root, -1) == NULL && errno == EINVAL);
    CHECK(refused_new("", 0) == NULL && errno == ENOENT);
    CHECK(refused_new(none, 0) == NULL && errno == ENOENT);
    CHECK(refused_new(file, 0) == NULL && errno == ENOTDIR);
    for (int flags = 0; flags < 4; flags++) {
        struct yolanda_http_files *some = yolanda_http_files_new(root, flags);
        NEED(some != NULL);
        CHECK_INT(open_fds(), before + 1);
        CHECK_INT(yolanda_http_files_free(some), 0);
        CHECK_INT(open_fds(), before);
    }
    REFUSED(yolanda_http_files_free(NULL), EINVAL);
    remove_root();
}

CASE(settings)
{
    char name[257];
    memset(name, 'x', sizeof name);
    name[256] = '\0';
    make_files(0);
    static const char *const names[] = { "", ".", "..", "a/b", "/" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        REFUSED(yolanda_http_files_set_index(files, names[i]), EINVAL);
    }
    REFUSED(yolanda_http_files_set_index(files, name), EINVAL);
    name[255] = '\0';
    CHECK_INT(yolanda_http_files_set_index(files, name), 0);
    CHECK_INT(yolanda_http_files_set_index(files, NULL), 0);
    REFUSED(yolanda_http_files_set_index(NULL, "a"), EINVAL);
    REFUSED(yolanda_http_files_set_max_age(files, -2), EINVAL);
    REFUSED(yolanda_http_files_set_max_age(NULL, 1), EINVAL);
    CHECK_INT(yolanda_http_files_set_max_age(files, -1), 0);
    CHECK_INT(yolanda_http_files_set_max_age(files, INT_MAX), 0);
    make_http(NULL);
    CHECK_INT(yolanda_http_server_files(http, "/", files), 0);
    REFUSED(yolanda_http_files_set_index(files, "a"), EBUSY);
    REFUSED(yolanda_http_files_set_max_age(files, 1), EBUSY);
    CHECK_INT(yolanda_http_server_start(http), 0);
    CHECK_INT(status_of(asked("GET", "/")), 404);
    CHECK_TEXT(header_of(asked("GET", "/page.txt"), "Cache-Control"), "max-age=2147483647");
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(yolanda_http_files_free(files), 0);
    remove_root();
}

static void on_handler(struct http_request *request, struct http_response *response, void *data)
{
    (void)request;
    yolanda_http_response_set_status(response, 200, NULL);
    yolanda_http_response_set_body(response, data, strlen(data));
}

/* The last reference frees them: the program's, or that of a server. */
CASE(servers)
{
    int before = open_fds();
    make_files(0);
    make_http(NULL);
    static const char *const bad[] = { "static", "a/", "/*", "/a/*/", "/a?b", "/%zz", "/../", "//x y\t" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(yolanda_http_server_files(http, bad[i], files), EINVAL);
    }
    REFUSED(yolanda_http_server_files(http, NULL, files), EINVAL);
    REFUSED(yolanda_http_server_files(http, "/", NULL), EINVAL);
    REFUSED(yolanda_http_server_files(NULL, "/", files), EINVAL);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/a", on_handler, "mine", NULL), 0);
    CHECK_INT(yolanda_http_server_route(http, "GET", "/a/page.txt", on_handler, "within", NULL), 0);
    CHECK_INT(yolanda_http_server_files(http, "/a/", files), 0);
    CHECK_INT(yolanda_http_server_files(http, "/b", files), 0);
    REFUSED(yolanda_http_server_files(http, "/b/", files), EEXIST);
    REFUSED(yolanda_http_server_files(http, "/a", files), EEXIST);
    struct http_server *first = http;
    CHECK_INT(yolanda_http_server_files(make_http(NULL), "/", files), 0);
    CHECK_INT(yolanda_http_files_free(files), 0);
    CHECK_INT(yolanda_http_server_start(first), 0);
    CHECK_INT(yolanda_http_server_start(http), 0);
    REFUSED(yolanda_http_server_files(http, "/c/", files), EBUSY);
    CHECK_TEXT(body_of(asked("GET", "/page.txt")), "a page");
    CHECK_TEXT(body_of(asked("GET", "/")), "the index");
    CHECK_INT(yolanda_http_server_free(http), 0);
    http = first;
    CHECK_TEXT(body_of(asked("GET", "/a")), "mine");
    CHECK_TEXT(body_of(asked("GET", "/a/page.txt")), "within");
    CHECK_TEXT(body_of(asked("GET", "/a/")), "the index");
    CHECK_TEXT(header_of(asked("GET", "/b"), "Location"), "/b/");
    CHECK_TEXT(body_of(asked("GET", "/b/page.txt")), "a page");
    CHECK_INT(status_of(asked("GET", "/b//page.txt")), 404);
    CHECK_INT(status_of(asked("GET", "/page.txt")), 404);
    CHECK_TEXT(header_of(asked("POST", "/b/page.txt"), "Allow"), "GET, HEAD, OPTIONS");
    CHECK_INT(yolanda_http_server_free(http), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(open_fds(), before);
    remove_root();
}

static struct http_request *kept;

static int on_bad(struct http_request *request, struct http_response *response)
{
    struct http_response *own = http_response_new();
    struct http_request *empty = http_request_new();
    NEED(own != NULL && empty != NULL);
    REFUSED(yolanda_http_files_answer(NULL, request, response, NULL), EINVAL);
    REFUSED(yolanda_http_files_answer(files, NULL, response, NULL), EINVAL);
    REFUSED(yolanda_http_files_answer(files, request, NULL, NULL), EINVAL);
    REFUSED(yolanda_http_files_answer(files, request, own, NULL), EINVAL);
    REFUSED(yolanda_http_files_answer(files, empty, response, "page.txt"), EINVAL);
    CHECK_INT(yolanda_http_files_answer(files, request, response, NULL), 0);
    CHECK_INT(response->statusCode, 200);
    /* The body is no text that could be encoded here. */
    struct buffer *buffer = buffer_new();
    http_response_encode_buffer(response, buffer);
    CHECK_INT(buffer_readable_size(buffer), 0);
    buffer_free(buffer);
    free(own);
    http_request_clear(empty);
    kept = request;
    return 0;
}

CASE(answers)
{
    make_files(0);
    make_http(on_bad);
    CHECK_INT(yolanda_http_server_start(http), 0);
    int before = open_fds();
    CHECK_TEXT(body_of(asked("GET", "/page.txt")), "a page");
    CHECK(kept != NULL);
    UNTIL(open_fds() == before);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(yolanda_http_files_free(files), 0);
    remove_root();
}

static int on_file(struct http_request *request, struct http_response *response)
{
    (void)request;
    struct http_response *own = http_response_new();
    char path[200];
    snprintf(path, sizeof path, "%s/page.txt", root);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    NEED(fd >= 0 && own != NULL);
    REFUSED(yolanda_http_response_set_file(NULL, fd, 0, -1), EINVAL);
    REFUSED(yolanda_http_response_set_file(own, fd, 0, -1), EINVAL);
    REFUSED(yolanda_http_response_set_file(response, -1, 0, -1), EBADF);
    REFUSED(yolanda_http_response_set_file(response, fd, -1, -1), EINVAL);
    REFUSED(yolanda_http_response_set_file(response, fd, 0, -2), EINVAL);
    REFUSED(yolanda_http_response_set_file(response, fd, 7, -1), EINVAL);
    REFUSED(yolanda_http_response_set_file(response, fd, 6, 1), EINVAL);
    REFUSED(yolanda_http_response_set_file(response, fd, INT64_MAX, INT64_MAX), EINVAL);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    /* The offset of the descriptor doesn't matter. */
    NEED(lseek(fd, 3, SEEK_SET) == 3);
    CHECK_INT(yolanda_http_response_set_file(response, fd, 2, -1), 0);
    response->statusCode = OK;
    free(own);
    return 0;
}

CASE(a_file_of_the_program)
{
    make_root();
    make_http(on_file);
    CHECK_INT(yolanda_http_server_start(http), 0);
    int before = open_fds();
    CHECK_TEXT(body_of(asked("GET", "/")), "page");
    UNTIL(open_fds() == before);
    CHECK_INT(yolanda_loop_free(loop), 0);
    remove_root();
}
