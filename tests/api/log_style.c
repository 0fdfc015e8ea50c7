/* Where the library's lines go, and which: as the course's programs know them, or quietly. */
#include "aid.h"

#include "lib/log.h"
#include "yolanda.h"

/* Makes the library write one line of each kind: a new loop says so, a NULL one is an error. */
static void lines(struct event_loop *loop)
{
    CHECK_INT(yolanda_loop_post(loop, NULL, NULL), -1);
    CHECK_INT(yolanda_loop_post(NULL, NULL, NULL), -1);
    loop->quit = 1;
    CHECK_INT(event_loop_run(loop), 0);
}

#define AN_ERROR "[err] yolanda_loop_post: no event loop\n"

CASE(the_courses_loop_says_everything_on_stdout)
{
    lines(event_loop_init());
    CHECK(lines_with(out_text(), "[msg] event loop run, main thread") == 1);
    CHECK(lines_with(out_text(), AN_ERROR) == 1);
    CHECK_TEXT(err_text(), "");
    /* The first loop decides. */
    out_mark();
    lines(yolanda_loop_new(NULL, NULL));
    CHECK(lines_with(out_text(), "[msg] event loop run, main thread") == 1);
    CHECK_TEXT(err_text(), "");
}

CASE(yolanda_loop_new_says_errors_on_stderr)
{
    lines(yolanda_loop_new(NULL, NULL));
    CHECK_TEXT(out_text(), "");
    CHECK_TEXT(err_text(), AN_ERROR);
    lines(event_loop_init());
    CHECK_TEXT(out_text(), "");
    CHECK_TEXT(err_text(), AN_ERROR AN_ERROR);
}

CASE(lines_before_the_first_loop)
{
    yolanda_loop_post(NULL, NULL, NULL);
    CHECK_TEXT(out_text(), AN_ERROR);
    lines(yolanda_loop_new(NULL, NULL));
    CHECK_TEXT(out_text(), AN_ERROR);
    CHECK_TEXT(err_text(), AN_ERROR);
}

CASE(the_programs_lines_stay)
{
    NEED(yolanda_loop_new(NULL, NULL) != NULL);
    LOG_MSG("mine");
    yolanda_debugx("number %d", 1);
    CHECK_TEXT(out_text(), "[msg] mine\n[debug] number 1\n");
    CHECK_TEXT(err_text(), "");
    CHECK_INT(yolanda_log_level(), LOG_DEBUG_TYPE);
}

CASE(a_level_that_was_set_stays)
{
    CHECK_INT(yolanda_log_set_level(LOG_MSG_TYPE), 0);
    lines(yolanda_loop_new(NULL, NULL));
    CHECK(lines_with(err_text(), "[msg] event loop run, main thread") == 1);
    CHECK_INT(yolanda_log_set_level(YOLANDA_LOG_ENVIRONMENT), 0);
    int before = lines_with(err_text(), "[msg] ");
    lines(yolanda_loop_new(NULL, NULL));
    CHECK_INT(lines_with(err_text(), "[msg] "), before);
    CHECK_TEXT(out_text(), "");
}

CASE(the_environment_decides_what_not_where)
{
    setenv("YOLANDA_LOG", "msg", 1);
    lines(yolanda_loop_new(NULL, NULL));
    CHECK(lines_with(err_text(), "[msg] event loop run, main thread") == 1);
    CHECK_TEXT(out_text(), "");
}

static int taken;

static void take(int severity, const char *text, size_t length, void *data)
{
    (void)length, (void)data;
    taken++;
    CHECK_INT(severity, LOG_ERR_TYPE);
    CHECK_TEXT(text, "yolanda_loop_post: no event loop");
}

CASE(time_stamps)
{
    struct event_loop *loop = yolanda_loop_new(NULL, NULL);
    int year, month, day, hour, minute, second, us, end = 0;
    yolanda_log_set_timestamps(1);
    lines(loop);
    char *text = err_text();
    CHECK_INT(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ %n", &year, &month, &day, &hour, &minute, &second,
                     &us, &end), 7);
    CHECK_INT(end, 28);
    CHECK_TEXT(text + end, AN_ERROR);
    struct tm then = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour,
                       .tm_min = minute, .tm_sec = second };
    time_t ago = time(NULL) - timegm(&then);
    CHECK(ago >= 0 && ago < 60);
    LOG_MSG("mine");
    CHECK_TEXT(out_text() + 28, "[msg] mine\n");
    yolanda_msgx("%s", "too");
    CHECK_TEXT(out_text() + 28 + strlen("[msg] mine\n") + 28, "[msg] too\n");
    /* Not for a sink. */
    CHECK_INT(yolanda_log_set_sink(take, NULL), 0);
    lines(loop);
    CHECK_INT(taken, 1);
    CHECK_INT(yolanda_log_set_sink(NULL, NULL), 0);
    yolanda_log_set_timestamps(0);
    out_mark();
    LOG_MSG("mine");
    CHECK_TEXT(out_text(), "[msg] mine\n");
}
