/* yolanda.h, connections on several threads: workers use connections that are kept, while their peers
 * reset them, and while their loops are freed. Helgrind and ThreadSanitizer may run this. */
#include "connection_aid.h"

#define CONNECTIONS 1000
#define WORKERS 3

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct tcp_connection *waiting[CONNECTIONS];
static int waiting_count, no_more;
static atomic_int done, opened, ended, freed, sent, refused;
static struct sockaddr_storage server_at;
static atomic_int served_by_closing; /* closes that came first */

static void free_data(void *data)
{
    free(data);
    freed++;
}

/* On the accepting thread: a worker gets it before it has come to its loop. */
static int hand_to_workers(struct tcp_connection *one)
{
    opened++;
    CHECK_INT(yolanda_connection_set_user_data(one, strdup(one->name), free_data), 0);
    pthread_mutex_lock(&mutex);
    NEED(waiting_count < CONNECTIONS);
    waiting[waiting_count++] = yolanda_connection_retain(one);
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&mutex);
    return 0;
}

static int swallow(struct buffer *input, struct tcp_connection *one)
{
    CHECK(yolanda_connection_user_data(one) != NULL);
    input->readIndex = input->writeIndex;
    return 0;
}

static int count_end(struct tcp_connection *one)
{
    ended++;
    CHECK_INT(yolanda_connection_is_open(one), 0);
    served_by_closing += yolanda_connection_error(one) == ECANCELED;
    return 0;
}

/* The calls that are allowed on any thread, in some order; every result is a documented one. */
static void use(struct tcp_connection *one, unsigned *seed)
{
    char text[128];
    for (int i = 0, n = rand_r(seed) % 30; i < n; i++) {
        int r = 0;
        errno = 0;
        switch (rand_r(seed) % 8) {
        case 0:
        case 1:
            r = tcp_connection_send_data(one, "some bytes", 10);
            sent += r == 0;
            refused += r < 0;
            CHECK(r == 0 || errno == ENOTCONN || errno == EPIPE);
            break;
        case 2:
            r = yolanda_connection_is_open(one);
            CHECK(r == 0 || r == 1);
            break;
        case 3:
            r = yolanda_connection_peer(one, text, sizeof text);
            CHECK(r == 0 ? strncmp(text, "127.0.0.1:", 10) == 0 : errno == ENOTCONN);
            break;
        case 4:
            r = yolanda_connection_local(one, text, sizeof text);
            CHECK(r == 0 ? strncmp(text, "127.0.0.1:", 10) == 0 : errno == ENOTCONN);
            break;
        case 5:
            CHECK_TEXT(yolanda_connection_user_data(one), one->name);
            break;
        case 6:
            r = yolanda_connection_error(one);
            CHECK(r == 0 || r == ECONNRESET || r == EPIPE || r == ECANCELED || r == ETIMEDOUT
                  || r == ESHUTDOWN);
            break;
        case 7:
            CHECK(yolanda_connection_retain(one) == one);
            CHECK_INT(yolanda_connection_release(one), 0);
            break;
        }
    }
    switch (rand_r(seed) % 5) {
    case 0:
        CHECK(yolanda_connection_close(one) == 0 || errno == ENOTCONN);
        FAILS(yolanda_connection_close(one), ENOTCONN);
        FAILS(tcp_connection_send_data(one, "late", 4), ENOTCONN);
        break;
    case 1:
        CHECK(yolanda_connection_close_after_send(one, 5) == 0 || errno == ENOTCONN);
        break;
    case 2:
        tcp_connection_shutdown(one);
        break;
    }
}

static void work(void *data)
{
    unsigned seed = (unsigned)(size_t)data;
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (waiting_count == 0 && !no_more) {
            pthread_cond_wait(&more, &mutex);
        }
        if (waiting_count == 0) {
            pthread_mutex_unlock(&mutex);
            return;
        }
        struct tcp_connection *one = waiting[--waiting_count];
        pthread_mutex_unlock(&mutex);
        use(one, &seed);
        CHECK_INT(yolanda_connection_release(one), 0);
        done++;
    }
}

/* Clients that come and reset. */
static void come_and_go(void *data)
{
    struct linger hard = { 1, 0 };
    unsigned seed = 99;
    (void)data;
    for (int i = 0; i < CONNECTIONS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        NEED(connect(fd, (struct sockaddr *)&server_at, sizeof(struct sockaddr_in)) == 0);
        if (rand_r(&seed) % 2) {
            send(fd, "hello", 5, MSG_NOSIGNAL);
        }
        if (rand_r(&seed) % 4) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        }
        close(fd);
    }
}

static struct TCPserver *start_server(int threads)
{
    setenv("YOLANDA_LOG", "err", 1);
    loop = yolanda_loop_new("test", NULL);
    struct TCPserver *server = yolanda_server_new(loop, "127.0.0.1:0", hand_to_workers, swallow, NULL,
                                                  count_end, threads);
    NEED(server != NULL && yolanda_server_start(server) == 0);
    socklen_t len = sizeof server_at;
    NEED(getsockname(server->acceptor->listen_fd, (struct sockaddr *)&server_at, &len) == 0);
    return server;
}

static void start_workers(pthread_t *thread)
{
    for (int i = 0; i < WORKERS; i++) {
        thread[i] = start_thread(work, (void *)(size_t)(i + 1));
    }
}

static void end_workers(pthread_t *thread)
{
    pthread_mutex_lock(&mutex);
    no_more = 1;
    pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < WORKERS; i++) {
        join(thread[i]);
    }
}

static void resets(int threads)
{
    pthread_t worker[WORKERS];
    struct TCPserver *server = start_server(threads);
    start_workers(worker);
    pthread_t clients = start_thread(come_and_go, NULL);
    UNTIL(done == CONNECTIONS && ended == CONNECTIONS && freed == CONNECTIONS);
    join(clients);
    end_workers(worker);
    CHECK_INT(opened, CONNECTIONS);
    CHECK_INT(ended, CONNECTIONS);
    CHECK_INT(freed, CONNECTIONS);
    CHECK(sent > 0 && served_by_closing > 0);
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_INT(ended, CONNECTIONS);
    CHECK_INT(freed, CONNECTIONS);
}

CASE(peers_reset_on_one_loop)
{
    resets(0);
}

CASE(peers_reset_on_two_loops)
{
    resets(2);
}

/* Workers go on with connections whose server and loops are being freed. */
static void freed_under_them(int threads)
{
    int client[200];
    pthread_t worker[WORKERS];
    struct TCPserver *server = start_server(threads);
    for (int i = 0; i < 200; i++) {
        client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        NEED(connect(client[i], (struct sockaddr *)&server_at, sizeof(struct sockaddr_in)) == 0);
    }
    UNTIL(opened == 200);
    start_workers(worker);
    CHECK_INT(yolanda_server_free(server), 0);
    CHECK_INT(yolanda_loop_free(loop), 0);
    end_workers(worker);
    CHECK_INT(done, 200);
    CHECK_INT(ended, 200);
    CHECK_INT(freed, 200);
    for (int i = 0; i < 200; i++) {
        close(client[i]);
    }
}

CASE(one_loop_is_freed)
{
    freed_under_them(0);
}

CASE(three_loops_are_freed)
{
    freed_under_them(2);
}
