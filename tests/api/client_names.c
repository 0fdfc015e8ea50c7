/* client_names.c - clients of host names. The program defines getaddrinfo itself. */
#include "client_aid.h"

#include <dirent.h>
#include <sys/syscall.h>

static sem_t asked, answers; /* posted for each look-up, and by the case to let one continue */
static atomic_int questions, at_once, most_at_once, unblocked_signals, freed;
static char asked_for[256];

#define ADDRESSES 20

static int make(struct addrinfo **to, const char *const ips[], int n)
{
    struct addrinfo *list = NULL;
    for (int i = n - 1; i >= 0; i--) {
        struct addrinfo *one = calloc(1, sizeof *one + sizeof(struct sockaddr_storage));
        NEED(one != NULL);
        struct sockaddr_in *in = (struct sockaddr_in *)(one + 1);
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(one + 1);
        in->sin_family = AF_INET;
        one->ai_addrlen = sizeof *in;
        if (strchr(ips[i], ':') != NULL) {
            in6->sin6_family = AF_INET6;
            one->ai_addrlen = sizeof *in6;
            NEED(inet_pton(AF_INET6, ips[i], &in6->sin6_addr) == 1);
        } else if (inet_pton(AF_INET, ips[i], &in->sin_addr) != 1) {
            in->sin_family = AF_APPLETALK; /* of no use to a client */
        }
        one->ai_addr = (struct sockaddr *)in;
        one->ai_next = list;
        list = one;
    }
    *to = list;
    return 0;
}

/* "eai-7" answers with error -7, "errno-5" with EAI_SYSTEM and errno 5, "one", "third", "strange",
 * "mixed", "many" and "silent" with addresses; "held" and "held-N" wait for `answers` first. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **to)
{
    NEED(name != NULL && service == NULL && hints != NULL && hints->ai_socktype == SOCK_STREAM);
    int now = ++at_once, most = most_at_once;
    while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now)) {
    }
    questions++;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 32; i++) {
        unblocked_signals += i != SIGKILL && i != SIGSTOP && !sigismember(&mask, i);
    }
    if (strncmp(name, "held", 4) != 0) {
        snprintf(asked_for, sizeof asked_for, "%s", name);
    }
    sem_post(&asked);
    if (strncmp(name, "held", 4) == 0) {
        while (sem_wait(&answers) < 0) {
        }
    }
    at_once--;
    if (strncmp(name, "eai-", 4) == 0) {
        return -atoi(name + 4);
    }
    if (strncmp(name, "errno-", 6) == 0) {
        errno = atoi(name + 6);
        return EAI_SYSTEM;
    }
    if (strcmp(name, "nothing") == 0) {
        return make(to, NULL, 0);
    }
    if (strcmp(name, "third") == 0) {
        return make(to, (const char *[]){ "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4" }, 4);
    }
    if (strcmp(name, "mixed") == 0) {
        static const char *const mixed[] = { "no address", "::1", "::1", "::1",       "::1",       "::1",
                                             "::1",        "::1", "::1", "127.0.0.1", "127.0.0.1" };
        return make(to, mixed, sizeof mixed / sizeof *mixed);
    }
    if (strcmp(name, "strange") == 0) {
        return make(to, (const char *[]){ "no address", "127.0.0.1" }, 2);
    }
    if (strcmp(name, "many") == 0 || strcmp(name, "silent") == 0) {
        static const char *ips[ADDRESSES];
        for (int i = 0; i < ADDRESSES; i++) {
            ips[i] = *name == 's' && i == 0 ? "127.0.0.2" : "127.0.0.1";
        }
        return make(to, ips, ADDRESSES);
    }
    return make(to, (const char *[]){ "127.0.0.1" }, 1);
}

void freeaddrinfo(struct addrinfo *list)
{
    freed++;
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static void begin(void)
{
    NEED(sem_init(&asked, 0, 0) == 0 && sem_init(&answers, 0, 0) == 0);
    make_loop();
}

/* The name with the port of a listener. */
static const char *at(const char *name, const char *address)
{
    static char text[300];
    snprintf(text, sizeof text, "%s:%d", name, port_of(address));
    return text;
}

static int resolver_threads(void)
{
    int n = 0;
    DIR *tasks = opendir("/proc/self/task");
    NEED(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        if (file != NULL) {
            n += fgets(name, sizeof name, file) != NULL && strcmp(name, "yolanda-resolve\n") == 0;
            fclose(file);
        }
    }
    closedir(tasks);
    return n;
}

CASE(one_address)
{
    char address[64];
    int listener = listen_here(address);
    begin();
    new_client(at("one", address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') > 0);
    CHECK_TEXT(asked_for, "one");
    CHECK_INT(unblocked_signals, 0);
    CHECK_INT(freed, 1);
    is_echoed(take(listener));
    CHECK_TEXT(seen, "CM");
    /* The thread ends with its work. */
    RUN_UNTIL(resolver_threads() == 0);
}

CASE(longest_name)
{
    char address[64], name[255] = "";
    for (int i = 0; i < 63 * 4 + 2; i++) {
        name[i] = i % 64 == 63 ? '.' : 'n';
    }
    listen_here(address);
    begin();
    new_client(at(name, address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') > 0);
    CHECK_TEXT(asked_for, name);
}

/* A name is looked up anew for each attempt. */
CASE(asked_each_time)
{
    char address[64];
    refusing(address);
    begin();
    new_client(at("one", address));
    CHECK_INT(yolanda_client_set_reconnect(client, 1, 1, 3), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(!yolanda_client_is_active(client));
    CHECK_TEXT(seen, "FFF");
    CHECK_INT(last_error, ECONNREFUSED);
    CHECK_INT(questions, 3);
    CHECK_INT(freed, 3);
}

static void answers_with(const char *name, int error)
{
    char address[64];
    forget();
    listen_here(address);
    new_client(at(name, address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    CHECK_TEXT(seen, "F");
    if (!CHECK_INT(last_error, error)) {
        dprintf(check_report, "for %s\n", name);
    }
    CHECK_INT(yolanda_client_free(client), 0);
}

CASE(no_address)
{
    static const struct {
        int answer, error;
    } errors[] = {
        { EAI_NONAME, ENOENT }, { EAI_NODATA, ENOENT },      { EAI_AGAIN, EAGAIN },
        { EAI_MEMORY, ENOMEM }, { EAI_FAIL, EHOSTUNREACH }, { EAI_FAMILY, EHOSTUNREACH },
    };
    begin();
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        char name[32];
        snprintf(name, sizeof name, "eai-%d", -errors[i].answer);
        answers_with(name, errors[i].error);
    }
    answers_with("errno-5", EIO);
    answers_with("errno-0", EHOSTUNREACH);
    answers_with("nothing", ENOENT);
    CHECK_INT(freed, 1);
}

/* Reserves one port of 127.0.0.1 to 127.0.0.4, on which all connections are refused. */
static void four_hosts(int fds[4], char address[64])
{
    for (int tries = 0; tries < 100; tries++) {
        fds[0] = refusing(address);
        int n = 1;
        for (; n < 4; n++) {
            char ip[32];
            snprintf(ip, sizeof ip, "127.0.0.%d", n + 1);
            fds[n] = bound(ip, port_of(address));
            if (fds[n] < 0) {
                break;
            }
        }
        if (n == 4) {
            return;
        }
        while (n > 0) {
            close(fds[--n]);
        }
    }
    NEED(!"a port that four addresses have free");
}

CASE(addresses_in_their_order)
{
    char address[64];
    int hosts[4];
    four_hosts(hosts, address);
    NEED(listen(hosts[2], 8) == 0 && listen(hosts[3], 8) == 0);
    begin();
    int before = open_fds();
    new_client(at("third", address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    CHECK_TEXT(seen, "C");
    CHECK_INT(open_fds(), before + 1);
    close(take(hosts[2]));
    CHECK_INT(poll(&(struct pollfd){ hosts[3], POLLIN, 0 }, 1, 0), 0);
    RUN_UNTIL(times('X') > 0);
    CHECK_TEXT(seen, "CX");
}

CASE(families_that_are_unknown)
{
    char address[64];
    listen_here(address);
    begin();
    new_client(at("strange", address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') > 0);
    CHECK_TEXT(seen, "C");
}

/* The addresses that were tried: how many, of which families, and when. */
static int connects;
static char families[ADDRESSES + 1];
static long long connected_at[ADDRESSES];

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    if (connects < ADDRESSES) {
        connected_at[connects] = now_ms();
        families[connects] = address->sa_family == AF_INET6 ? '6' : '4';
    }
    connects++;
    return (int)syscall(SYS_connect, fd, address, len);
}

/* Eight addresses are tried, and one failure is told. */
CASE(more_addresses_than_are_tried)
{
    char address[64];
    refusing(address);
    begin();
    int before = open_fds();
    new_client(at("many", address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    settle();
    CHECK_TEXT(seen, "F");
    CHECK_INT(last_error, ECONNREFUSED);
    CHECK_INT(connects, 8);
    CHECK_INT(open_fds(), before);
}

/* The first of eight addresses doesn't answer: the second is tried after a quarter of a second, whatever
 * the limit, and the first is given up when that has connected. */
CASE(a_silent_address)
{
    char address[64];
    int hosts[4];
    for (int limit = 0; limit <= 600000; limit += 600000) {
        forget();
        connects = 0;
        four_hosts(hosts, address);
        NEED(listen(hosts[0], 8) == 0 && listen(hosts[1], 0) == 0);
        fill_queue(hosts[1]);
        begin();
        new_client(at("silent", address));
        CHECK_INT(yolanda_client_set_timeout(client, limit), 0);
        int before = open_fds();
        connects = 0;
        CHECK_INT(yolanda_client_start(client), 0);
        RUN_UNTIL(seen_len > 0);
        /* Never early. */
        CHECK(connected_at[1] - connected_at[0] >= 250);
        CHECK_INT(connects, 2);
        CHECK_TEXT(seen, "C");
        settle();
        CHECK_INT(open_fds(), before + 1);
        is_echoed(take(hosts[0]));
        CHECK_INT(yolanda_client_free(client), 0);
        settle();
    }
}

/* Nobody answers: the attempt takes as long as it may, and leaves no socket. */
CASE(silent_addresses)
{
    char address[64];
    int hosts[4];
    four_hosts(hosts, address);
    for (int i = 0; i < 4; i++) {
        NEED(listen(hosts[i], 0) == 0);
        fill_queue(hosts[i]);
    }
    begin();
    new_client(at("third", address));
    CHECK_INT(yolanda_client_set_timeout(client, 1500), 0);
    int before = open_fds();
    long long start = now_ms();
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    CHECK(now_ms() - start >= 1500 - 8);
    CHECK_TEXT(seen, "F");
    CHECK_INT(last_error, ETIMEDOUT);
    CHECK_INT(open_fds(), before);
}

/* Stopped and freed while several sockets are connecting. */
CASE(given_up_with_several_on_their_way)
{
    char address[64];
    int hosts[4];
    four_hosts(hosts, address);
    for (int i = 0; i < 4; i++) {
        NEED(listen(hosts[i], 0) == 0);
        fill_queue(hosts[i]);
    }
    begin();
    int before = open_fds();
    for (int i = 0; i < 2; i++) {
        new_client(at("third", address));
        connects = 0;
        CHECK_INT(yolanda_client_start(client), 0);
        RUN_UNTIL(connects == 3);
        CHECK_INT(open_fds(), before + 3);
        CHECK_INT(i == 0 ? yolanda_client_stop(client) : yolanda_client_free(client), 0);
        CHECK_INT(open_fds(), before);
        settle();
        CHECK_TEXT(seen, "");
    }
}

/* An address that answers late wins over those that were tried after it and don't answer at all. */
CASE(the_first_to_connect_wins)
{
    char address[64], text[64];
    int hosts[4];
    four_hosts(hosts, address);
    for (int i = 0; i < 4; i++) {
        NEED(listen(hosts[i], 0) == 0);
        fill_queue(hosts[i]);
    }
    begin();
    new_client(at("third", address));
    connects = 0;
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(connects == 2);
    /* The kernel asks again after a second or two, and finds room then. */
    CHECK_INT(fcntl(hosts[0], F_SETFL, O_NONBLOCK), 0);
    RUN_UNTIL((accept4(hosts[0], NULL, NULL, SOCK_CLOEXEC), seen_len > 0));
    CHECK_TEXT(seen, "C");
    CHECK_INT(yolanda_connection_peer(last_conn, text, sizeof text), 0);
    CHECK_TEXT(text, address);
}

/* The families alternate, beginning with the one that the system prefers. */
CASE(families_by_turns)
{
    char address[64];
    refusing(address);
    begin();
    new_client(at("mixed", address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    CHECK_TEXT(seen, "F");
    CHECK_TEXT(families, "64646666");
}

static void ask(void)
{
    new_client("held:80");
    CHECK_INT(yolanda_client_start(client), 0);
    while (sem_wait(&asked) < 0) {
    }
}

static void start_held(void)
{
    ask();
    settle();
    CHECK_TEXT(seen, "");
}

/* Lets the answer come, and waits until the thread is done with it. */
static void answer(void)
{
    NEED(sem_post(&answers) == 0);
    for (int i = 0; i < SECONDS * 1000 && resolver_threads() > 0; i++) {
        usleep(1000);
    }
    NEED(resolver_threads() == 0);
}

CASE(a_loop_that_waits_for_a_name_is_not_held_up)
{
    struct yolanda_loop_stats stats;
    begin();
    start_held();
    passes(loop, 100);
    CHECK_INT(yolanda_client_start(client), -1);
    CHECK_INT(errno, EALREADY);
    CHECK_INT(yolanda_loop_get_stats(loop, &stats, sizeof stats), 0);
    CHECK(stats.passes >= 100);
    CHECK_TEXT(seen, "");
    answer();
    RUN_UNTIL(times('F') == 1);
}

CASE(no_answer_in_time)
{
    begin();
    new_client("held:80");
    CHECK_INT(yolanda_client_set_timeout(client, 100), 0);
    long long start = now_ms();
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(seen_len > 0);
    CHECK(now_ms() - start >= 100);
    CHECK_TEXT(seen, "F");
    CHECK_INT(last_error, ETIMEDOUT);
    answer();
    settle();
    CHECK_TEXT(seen, "F");
}

CASE(stop_while_resolving)
{
    begin();
    start_held();
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_is_active(client), 0);
    answer();
    settle();
    CHECK_TEXT(seen, "");
}

CASE(restart_while_resolving)
{
    char address[64];
    listen_here(address);
    begin();
    new_client(at("held", address));
    CHECK_INT(yolanda_client_start(client), 0);
    while (sem_wait(&asked) < 0) {
    }
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    sem_post(&answers);
    sem_post(&answers);
    RUN_UNTIL(seen_len > 0);
    settle();
    CHECK_TEXT(seen, "C");
}

CASE(free_while_resolving)
{
    begin();
    start_held();
    CHECK_INT(yolanda_client_free(client), 0);
    answer();
    settle();
    CHECK_TEXT(seen, "");
}

/* The answer was posted, but the client has gone. */
CASE(free_with_the_answer_on_its_way)
{
    begin();
    start_held();
    answer();
    CHECK_INT(yolanda_client_free(client), 0);
    settle();
    CHECK_TEXT(seen, "");
}

CASE(free_the_loop_while_resolving)
{
    begin();
    start_held();
    CHECK_INT(yolanda_loop_free(loop), 0);
    answer();
    CHECK_TEXT(seen, "");
}

CASE(free_the_loop_with_the_answer_on_its_way)
{
    begin();
    start_held();
    answer();
    CHECK_INT(yolanda_loop_free(loop), 0);
    CHECK_TEXT(seen, "");
}

/* Neither by look-ups that are running nor by those that wait for a thread. */
CASE(loops_freed_while_resolving_leave_nothing)
{
    long memory = 0;
    begin();
    CHECK_INT(yolanda_loop_free(loop), 0);
    int fds = open_fds();
    for (int i = 0; i < 600; i++) {
        loop = NULL;
        make_loop();
        ask();
        if (i % 2 == 0) {
            answer();
        }
        CHECK_INT(yolanda_loop_free(loop), 0);
        if (i % 2 == 1) {
            answer();
        }
        if (i == 100) {
            memory = resident();
        }
    }
    CHECK_INT(open_fds(), fds);
    if (!CHECK(resident() - memory < 256)) {
        dprintf(check_report, "%ld KiB more\n", resident() - memory);
    }
}

/* A name that isn't answered: however often its client tries, there is only one look-up, whose result the
 * client gets. */
CASE(one_question_at_a_time)
{
    char address[64];
    listen_here(address);
    begin();
    new_client(at("held", address));
    CHECK_INT(yolanda_client_set_timeout(client, 20), 0);
    CHECK_INT(yolanda_client_set_reconnect(client, 1, 1, 0), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('F') == 10);
    CHECK_INT(questions, 1);
    CHECK_INT(yolanda_client_set_timeout(client, 0), 0);
    /* It waits only for the answer. */
    struct yolanda_loop_stats stats;
    RUN_UNTIL(yolanda_loop_get_stats(loop, &stats, sizeof stats) == 0 && stats.timers == 0);
    sem_post(&answers);
    RUN_UNTIL(times('C') == 1);
    CHECK_INT(questions, 1);
}

/* Clients that come and go don't start more than that. */
CASE(one_question_of_many_clients_in_a_row)
{
    char address[64];
    listen_here(address);
    begin();
    for (int i = 0; i < 50; i++) {
        new_client(at("held", address));
        CHECK_INT(yolanda_client_start(client), 0);
        settle();
        CHECK_INT(i % 2 == 0 ? yolanda_client_free(client) : yolanda_client_stop(client), 0);
    }
    CHECK_INT(questions, 1);
    CHECK_INT(yolanda_client_start(client), 0);
    sem_post(&answers);
    RUN_UNTIL(times('C') == 1);
    CHECK_INT(questions, 1);
}

/* Names that aren't answered don't block the others. */
CASE(a_name_that_is_known_beside_one_that_is_not)
{
    char address[64];
    listen_here(address);
    begin();
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "held-%d:80", i);
        struct yolanda_client *other = yolanda_client_new(loop, name, NULL, NULL, NULL, NULL);
        CHECK_INT(yolanda_client_set_timeout(other, 1), 0);
        CHECK_INT(yolanda_client_set_reconnect(other, 1, 1, 0), 0);
        CHECK_INT(yolanda_client_start(other), 0);
    }
    for (int i = 0; i < 20; i++) {
        settle();
    }
    new_client(at("one", address));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') == 1);
    CHECK_INT(questions, 4);
}

/* A client keeps its place in the queue for a thread: first come, first served. */
CASE(by_turns)
{
    enum { BUSY = 16 };
    char name[32], address[64];
    struct yolanda_client *last;
    listen_here(address);
    begin();
    for (int i = 0; i < BUSY; i++) {
        snprintf(name, sizeof name, "held-%d:9", i);
        NEED((last = yolanda_client_new(loop, name, NULL, NULL, NULL, NULL)) != NULL);
        CHECK_INT(yolanda_client_start(last), 0);
    }
    for (int i = 0; i < BUSY; i++) {
        while (sem_wait(&asked) < 0) {
        }
    }
    new_client(at("one", address));
    CHECK_INT(yolanda_client_start(client), 0);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "held-x%d:9", i);
        NEED((last = yolanda_client_new(loop, name, NULL, NULL, NULL, NULL)) != NULL);
        CHECK_INT(yolanda_client_start(last), 0);
    }
    CHECK_INT(yolanda_client_stop(client), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    settle();
    CHECK_INT(questions, BUSY);
    sem_post(&answers);
    RUN_UNTIL(times('C') == 1);
    CHECK(questions <= BUSY + 2);
}

/* Many names: a bounded number of threads, and every client gets its answer. */
CASE(many_names)
{
    enum { MANY = 50 };
    char name[32];
    begin();
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "held-%d:9", i);
        client = yolanda_client_new(loop, name, on_completed, NULL, NULL, on_closed);
        NEED(client != NULL);
        CHECK_INT(yolanda_client_start(client), 0);
        if (i % 10 == 3) {
            CHECK_INT(yolanda_client_stop(client), 0);
        }
    }
    for (int i = 0; i < 16; i++) {
        while (sem_wait(&asked) < 0) {
        }
    }
    CHECK_INT(resolver_threads(), 16);
    settle();
    CHECK_INT(questions, 16);
    for (int i = 0; i < MANY; i++) {
        sem_post(&answers);
    }
    for (struct yolanda_loop_stats stats = { .timers = 1 }; stats.timers > 0;) {
        RUN_UNTIL(yolanda_loop_get_stats(loop, &stats, sizeof stats) == 0 && stats.timers == 0);
    }
    CHECK_INT(most_at_once, 16);
    /* Names whose clients were stopped while they waited for a thread aren't looked up. */
    CHECK(questions >= MANY - 5 && questions <= MANY - 3);
    RUN_UNTIL(resolver_threads() == 0);
}

/* A forked child doesn't have the parent's threads. */
static void resolve_in_child(void *data)
{
    CHECK_INT(yolanda_client_free(client), 0);
    loop = NULL;
    begin();
    new_client(at("one", data));
    CHECK_INT(yolanda_client_start(client), 0);
    RUN_UNTIL(times('C') > 0);
}

CASE(after_a_fork)
{
    char address[64];
    listen_here(address);
    begin();
    for (int i = 0; i < 20; i++) {
        start_held();
        if (i >= 15) {
            sem_post(&asked); /* these have to wait for a thread */
        }
    }
    struct ended ended = child(resolve_in_child, address);
    CHECK_INT(ended.status, 0);
    free(ended.out);
    free(ended.err);
}
