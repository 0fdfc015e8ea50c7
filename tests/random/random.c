/* random SEED STEPS [THREADS [WORLDS]] - calls the whole API in an order that is drawn from the seed, inside callbacks
 * too, with peers that reset, half-close and vanish, and looks whether what the library promises holds: nothing that
 * was given back calls the program, each final callback comes once, accepted bytes arrive, no descriptor and no
 * thread is left. The program itself uses nothing that it gave back.
 *
 * Each world has a seed, SEED and those behind it, and a process of its own. "ok SEED" or "FAIL SEED" is said of each,
 * and on stderr before that what was wrong. THREADS: how many threads its servers have at most; 0, the default, plays
 * on one thread, and the same seed plays the same again as far as the kernel does. RANDOM_VERBOSE=1 tells more.
 *
 * By hand, with many seeds: see test_random.py. */
#include "peers.h"

/* --- loops -------------------------------------------------------------------- */

static void loop_new(void)
{
    static unsigned alive;
    struct loop_record *record, *other;
    alive = 0;
    for EACH (loops, other) {
        alive += other->life == LIVE;
    }
    record = ending || alive > 2 || loops_full() ? NULL : loops_add();
    if (record != NULL) {
        record->loop = one_in(2) ? yolanda_loop_new("another", one_in(2) ? "poll" : "epoll") : event_loop_init();
        NEED(record->loop != NULL);
        record->life = LIVE;
    }
}

static void loop_free(struct loop_record *record)
{
    struct server_record *server;
    struct client_record *client;
    if (record->depth > 0) {
        RETURNS(yolanda_loop_free(record->loop), -1, EBUSY);
        return;
    }
    for EACH (servers, server) {
        if (server->owner == record && server->life != NOTHING && server->life != FREED) {
            server_gone(server);
        }
    }
    for EACH (clients, client) {
        if (client->owner == record && client->life != NOTHING) {
            client->life = FREED;
        }
    }
    record->life = FREED;
    tell("a loop is freed");
    RETURNS(yolanda_loop_free(record->loop), 0, 0);
    for EACH (servers, server) {
        if (server->owner == record) {
            server->gone = 1;
        }
    }
    tell("a loop has been freed");
}

static void loop_change(void)
{
    struct loop_record *record = any_loop();
    struct yolanda_loop_stats stats;
    if (record == NULL) {
        return;
    }
    switch (below(8)) {
    case 0:
        loop_new();
        break;
    case 1:
        if (record != &loops_list[0] || record->depth > 0) {
            loop_free(record);
        }
        break;
    case 2:
        RETURNS(yolanda_loop_quit(record->loop), 0, 0);
        if (record->depth == 0) {
            record->loop->quit = 0;
        }
        break;
    case 3:
        event_loop_wakeup(record->loop);
        break;
    case 4:
        CHECK(yolanda_loop_fd(record->loop) >= 0);
        break;
    case 5:
        CHECK(yolanda_loop_timeout(record->loop) >= -1);
        break;
    default:
        RETURNS(yolanda_loop_get_stats(record->loop, &stats, sizeof stats), 0, 0);
        CHECK(yolanda_loop_dispatcher(record->loop) != NULL);
    }
}

/* --- what happens --------------------------------------------------------------- */

static void on_main_thread(void)
{
    struct loop_record *loop;
    switch (below(32)) {
    case 0:
    case 1:
        if ((loop = any_loop()) != NULL) {
            timer_start(loop->loop, loop);
        }
        break;
    case 2:
    case 3:
        timer_change();
        break;
    case 4:
        one_in(3) ? signal_start() : signal_raise();
        break;
    case 5:
        signal_stop();
        break;
    case 6:
        if ((loop = any_loop()) != NULL) {
            post_to(loop->loop);
        }
        break;
    case 7:
        one_in(3) ? channel_start() : channel_change();
        break;
    case 8:
        if (servers_alive() < 5) {
            one_in(3) ? server_new() : http_new();
        }
        break;
    case 9:
    case 10:
        one_in(12) ? server_change() : http_change();
        break;
    case 11:
        if (one_in(3)) {
            client_new();
        }
        break;
    case 12:
        client_change();
        break;
    case 13:
    case 14:
    case 15:
        conn_change();
        break;
    case 16:
    case 17:
    case 18:
        later_change();
        break;
    case 19:
        link_change();
        break;
    case 20:
        if (nesting < 4 && (loop = any_loop()) != NULL) {
            run_loop(loop, one_in(8));
        }
        break;
    case 21:
        if (one_in(4)) {
            loop_change();
        }
        break;
    case 22:
        if (most_threads > 0 && one_in(3)) {
            one_in(2) ? looper_change() : pool_change();
        }
        break;
    default:
        for (unsigned n = 1 + below(3); n > 0; n--) {
            peer_act();
        }
    }
}

/* On a server's thread. */
static void on_another_thread(struct event_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    switch (below(6)) {
    case 0:
        timer_start(loop, NULL);
        break;
    case 1:
        post_to(loop);
        break;
    case 2:
        /* Its thread is joined before that loop goes. */
        post_to(loops_list[0].loop);
        break;
    case 3:
        if (nesting < 3) {
            nesting++;
            CHECK(yolanda_loop_run_once(loop, 0) >= 0);
            nesting--;
        }
        break;
    default:
        break;
    }
}

static void act(struct event_loop *loop)
{
    static __thread int depth;
    if (depth > 8 || one_in(3)) {
        return;
    }
    depth++;
    if (on_main()) {
        on_main_thread();
    } else {
        on_another_thread(loop != NULL ? loop : here);
    }
    depth--;
}

/* --- a world --------------------------------------------------------------------- */

static int entries(const char *name)
{
    int n = 0;
    DIR *directory = opendir(name);
    NEED(directory != NULL);
    while (readdir(directory) != NULL) {
        n++;
    }
    closedir(directory);
    return n;
}

/* Says what is open. */
static void show_descriptors(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        char path[40], target[200];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length >= 0) {
            fprintf(stderr, "%d is %.*s\n", fd, (int)length, target);
        }
    }
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void turn_all(int64_t limit)
{
    struct loop_record *loop;
    for EACH (loops, loop) {
        if (loop->life == LIVE && loop->depth == 0) {
            run_loop(loop, limit);
        }
    }
}

static int all_stopped(void)
{
    struct server_record *server;
    for EACH (servers, server) {
        if (server->life == LIVE || server->life == STOPPING) {
            return 0;
        }
    }
    return 1;
}

/* Servers stop, and peers take what comes. */
static void end_in_order(void)
{
    struct server_record *server;
    for EACH (servers, server) {
        server_stop(server, 1 + below(100));
    }
    int64_t end = now_ms() + 20000;
    while (!all_stopped() && now_ms() < end) {
        turn_all(1);
        for (int i = 0; i < PEERS; i++) {
            if (peers[i].fd > 0) {
                peer_read(&peers[i], 1);
            }
        }
    }
    CHECK(all_stopped());
}

static void end_world(void)
{
    struct server_record *server;
    struct client_record *client;
    struct loop_record *loop;
    struct conn_record *conn;
    struct channel_record *channel;
    ending = 1;
    if (one_in(2)) {
        end_in_order();
    }
    if (one_in(2)) {
        http_let_go();
    }
    if (one_in(2)) {
        for EACH (clients, client) {
            client_free(client);
        }
        for EACH (servers, server) {
            server_free(server);
        }
    }
    if (looper_runs) {
        looper_runs = 0;
        RETURNS(yolanda_loop_thread_stop(&looper), 0, 0);
    }
    if (one_in(2)) {
        for (int i = 0; i < PEERS; i++) {
            if (peers[i].fd > 0) {
                peer_end(&peers[i], one_in(2));
            }
        }
    }
    for EACH (loops, loop) {
        if (loop->life == LIVE && loop != &loops_list[0]) {
            loop_free(loop);
        }
    }
    /* A callback of another one may have freed it. */
    if (loops_list[0].life == LIVE) {
        loop_free(&loops_list[0]);
    }
    threads_gone = 1;
    check_streams();
    http_let_go();
    for EACH (conns, conn) {
        conn_let_go(conn);
    }
    for EACH (channels, channel) {
        channel_end(channel);
    }
    for EACH (servers, server) {
        free(server->acceptor);
    }
    for (int i = 0; i < PEERS; i++) {
        if (peers[i].fd > 0) {
            peer_end(&peers[i], 0);
        }
    }
}

static void *nothing(void *data)
{
    return data;
}

static int play(uint64_t seed, int steps, int threads)
{
    world_seed = seed;
    main_thread = pthread_self();
    most_threads = threads;
    for (unsigned i = 0; i < SIZE(signal_numbers); i++) {
        signal(signal_numbers[i], SIG_IGN);
    }
    signal(SIGPIPE, SIG_DFL);
    /* ThreadSanitizer has a thread of its own from the first one on. */
    pthread_t first;
    NEED(pthread_create(&first, NULL, nothing, NULL) == 0 && pthread_join(first, NULL) == 0);
    int descriptors = entries("/proc/self/fd"), tasks = entries("/proc/self/task");
    loops_add();
    loops_list[0].loop = yolanda_loop_new(NULL, NULL);
    NEED(loops_list[0].loop != NULL);
    loops_list[0].life = LIVE;
    for (int i = 0; i < steps; i++) {
        on_main_thread();
        if (one_in(3)) {
            turn_all(one_in(8));
        }
    }
    end_world();
    tell("%u servers, %u clients, %u connections, %u of HTTP, %u answers later, %u uploads, %u timers, %u posts",
         servers_count, clients_count, conns_count, links_count, laters_count, uploads_count, timers_count,
         posts_count);
    check_loops();
    check_tcp();
    check_http();
    check_peers();
    /* Look-ups end by themselves. */
    int64_t end = now_ms() + 5000;
    while (entries("/proc/self/task") > tasks && now_ms() < end) {
        usleep(1000);
    }
    CHECK(entries("/proc/self/task") == tasks);
#ifdef SANITIZER_THREAD
    /* Its symbolizer, which it asks for races that are left out as well, keeps two pipes. */
    descriptors = entries("/proc/self/fd");
#endif
    if (entries("/proc/self/fd") != descriptors) {
        show_descriptors();
        fail("%d descriptors at first, %d at the end", descriptors, entries("/proc/self/fd"));
    }
    return atomic_load(&failures) != 0;
}

static void make_file(const char *name, size_t size)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    NEED(fd >= 0 && write(fd, filler(), size) == (ssize_t)size);
    close(fd);
}

static void remove_folder(void)
{
    static const char *const names[] = { "/small", "/large", "" };
    char path[100];
    for (unsigned i = 0; i < SIZE(names); i++) {
        snprintf(path, sizeof path, "%s%s", folder, names[i]);
        remove(path);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: random SEED STEPS [THREADS [WORLDS]]\n");
        return 2;
    }
    uint64_t first = strtoull(argv[1], NULL, 10);
    int steps = atoi(argv[2]), threads = argc > 3 ? atoi(argv[3]) : 0, worlds = argc > 4 ? atoi(argv[4]) : 1;
    int bad = 0;
    verbose = getenv("RANDOM_VERBOSE") != NULL;
    strcpy(folder, "/tmp/yolanda-random-XXXXXX");
    NEED(mkdtemp(folder) != NULL);
    make_file("small", 100);
    make_file("large", 150000);
    yolanda_log_set_level(verbose ? LOG_ERR_TYPE : YOLANDA_LOG_OFF);
    for (int i = 0; i < worlds; i++) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            alarm(SECONDS_OF_A_WORLD);
            exit(play(first + (unsigned)i, steps, threads));
        }
        NEED(waitpid(pid, &status, 0) == pid);
        if (WIFSIGNALED(status)) {
            fprintf(stderr, "seed %llu: ended by signal %d\n", (unsigned long long)(first + i), WTERMSIG(status));
        }
        printf("%s %llu\n", status == 0 ? "ok" : "FAIL", (unsigned long long)(first + i));
        fflush(stdout);
        bad += status != 0;
    }
    remove_folder();
    return bad != 0;
}
