/* yolanda_last_error(): why a call has failed, in words. */
#include "server_aid.h"

#define SAYS(call, text)                                                                           \
    do {                                                                                           \
        errno = 0;                                                                                 \
        (void)(call);                                                                              \
        CHECK_TEXT(yolanda_last_error(), text);                                                    \
    } while (0)

CASE(values_that_are_wrong)
{
    loop = yolanda_loop_new(NULL, NULL);
    SAYS(yolanda_loop_new(NULL, "select"), "no such dispatcher: select");
    SAYS(yolanda_loop_post(NULL, NULL, NULL), "yolanda_loop_post: no event loop");
    SAYS(yolanda_loop_run_once(loop, -2), "limit_ms is -2");
    SAYS(yolanda_timer_start(loop, -1, 5, NULL, NULL), "yolanda_timer_start: no callback");
    SAYS(yolanda_signal_start(loop, SIGKILL, NULL, NULL), "yolanda_signal_start: no callback");
    SAYS(yolanda_timer_stop(loop, 12345), "the timer has ended");
    SAYS(yolanda_server_start(NULL), "yolanda_server_start: no server");
    make("127.0.0.1:0", 0);
    SAYS(yolanda_server_set_max_connections(server, -3), "the limit of connections is -3");
    SAYS(yolanda_server_set_timeouts(server, 1, -2, 3), "idle_ms is 1, read_ms is -2, write_ms is 3");
    SAYS(yolanda_server_set_water_marks(server, 8, 7, NULL, NULL), "low is 8, high is 7");
    SAYS(yolanda_server_stop(server, -2, NULL, NULL), "deadline_ms is -2");
    CHECK_INT(yolanda_server_start(server), 0);
    SAYS(yolanda_server_start(server), "the server runs already");
    SAYS(yolanda_server_set_reuseport(server, 1), "the server has been started");
    end();
}

CASE(addresses)
{
    char taken[64], expected[128];
    loop = yolanda_loop_new(NULL, NULL);
    serve("127.0.0.1:0", 0);
    CHECK_INT(yolanda_server_address(server, taken, sizeof taken), 0);
    snprintf(expected, sizeof expected, "%s: Address already in use", taken);
    SAYS(yolanda_server_new(loop, taken, NULL, NULL, NULL, NULL, 0), expected);
    SAYS(yolanda_server_new(loop, "192.0.2.1:80", NULL, NULL, NULL, NULL, 0),
         "192.0.2.1:80: Cannot assign requested address");
    SAYS(yolanda_server_new(loop, "80", NULL, NULL, NULL, NULL, 0), "not an address: \"80\"");
    SAYS(yolanda_server_new(loop, "exmaple.invalid:80", NULL, NULL, NULL, NULL, 0),
         errno == ENOENT ? "no such host: exmaple.invalid"
                         : "exmaple.invalid:80: Resource temporarily unavailable");
    SAYS(yolanda_server_new(loop, NULL, NULL, NULL, NULL, NULL, 0), "yolanda_server_new: no address");
    SAYS(yolanda_server_new(loop, "unix:/no/such/folder/s", NULL, NULL, NULL, NULL, 0),
         "unix:/no/such/folder/s: No such file or directory");
    SAYS(yolanda_client_new(loop, "127.0.0.1:0", NULL, NULL, NULL, NULL),
         "no address to connect to: \"127.0.0.1:0\"");
    SAYS(yolanda_client_new(loop, "\xe4\xb8\xad\xff", NULL, NULL, NULL, NULL),
         "not an address: \"\xe4\xb8\xad\xef\xbf\xbd\"");
    end();
}

static int failures;

static void on_failed(struct yolanda_client *client, int error, void *data)
{
    (void)client;
    CHECK_INT(errno, error);
    CHECK_TEXT(yolanda_last_error(), data);
    failures++;
}

CASE(a_client_that_fails)
{
    loop = yolanda_loop_new(NULL, NULL);
    struct yolanda_client *client = yolanda_client_new(loop, "unix:@nobody-is-here", NULL, NULL, NULL, NULL);
    NEED(client != NULL);
    CHECK_INT(yolanda_client_set_failed_callback(client, on_failed,
                                                 "unix:@nobody-is-here: Connection refused"), 0);
    CHECK_INT(yolanda_client_start(client), 0);
    UNTIL(failures == 1);
    CHECK_INT(yolanda_client_free(client), 0);
    end();
}

static void use_it(void *which)
{
    SAYS(yolanda_server_start(which), "yolanda_server_start: called on another thread than the loop's");
    SAYS(yolanda_loop_free(loop), "yolanda_loop_free: called on another thread than the loop's");
    /* Each thread has its own. */
    errno = EINVAL;
    CHECK_TEXT(yolanda_last_error(), "Invalid argument");
}

static void free_it(struct event_loop *l, void *data)
{
    SAYS(yolanda_loop_free(l), "yolanda_loop_free: called in a callback of the loop");
    (*(int *)data)++;
}

CASE(threads_and_callbacks)
{
    make("127.0.0.1:0", 0);
    CHECK_INT(yolanda_loop_post(NULL, NULL, NULL), -1);
    on_thread(use_it, server);
    errno = EINVAL;
    CHECK_TEXT(yolanda_last_error(), "yolanda_loop_post: no event loop");
    int called = 0;
    CHECK_INT(yolanda_loop_post(loop, free_it, &called), 0);
    UNTIL(called == 1);
    end();
}

CASE(words_stay_with_their_error)
{
    /* Another error, without words. */
    CHECK_INT(yolanda_loop_post(NULL, NULL, NULL), -1);
    errno = EAGAIN;
    CHECK_TEXT(yolanda_last_error(), "Resource temporarily unavailable");
    CHECK_INT(errno, EAGAIN);
    /* The same error of another call. */
    CHECK_INT(yolanda_loop_post(NULL, NULL, NULL), -1);
    CHECK_INT(yolanda_log_set_level(99), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_TEXT(yolanda_last_error(), "Invalid argument");
    errno = 0;
    CHECK_TEXT(yolanda_last_error(), "Success");
}
