/* Contract section 2, "channel": the object, its write event, and who frees it. */
#include "aid.h"

#include "lib/channel.h"

static int reads, writes;
static struct event_loop *the_loop;

static int count_read(void *data)
{
    (void)data;
    reads++;
    return 0;
}

static int count_write(void *data)
{
    (void)data;
    writes++;
    return 0;
}

/* channel_new fills the five fields. */
CASE(new_channel_has_what_it_was_given)
{
    int datum;
    struct channel *channel = channel_new(7, EVENT_READ | EVENT_WRITE, count_read, count_write, &datum);
    NEED(channel != NULL);
    CHECK_INT(channel->fd, 7);
    CHECK_INT(channel->events, EVENT_READ | EVENT_WRITE);
    CHECK(channel->eventReadCallback == count_read);
    CHECK(channel->eventWriteCallback == count_write);
    CHECK(channel->data == &datum);
    free(channel);
    channel = channel_new(3, 0, NULL, NULL, NULL);
    NEED(channel != NULL);
    CHECK(channel->eventReadCallback == NULL && channel->eventWriteCallback == NULL);
    CHECK(channel->data == NULL && channel->events == 0);
    free(channel); /* channel_new's is released with free() */
}

/* ..._is_enabled returns non-zero when EVENT_WRITE is in events. */
CASE(write_event_is_enabled)
{
    struct channel channel = { 0, EVENT_READ, NULL, NULL, NULL };
    CHECK(channel_write_event_is_enabled(&channel) == 0);
    channel.events = 0;
    CHECK(channel_write_event_is_enabled(&channel) == 0);
    channel.events = EVENT_WRITE;
    CHECK(channel_write_event_is_enabled(&channel) != 0);
    channel.events = EVENT_READ | EVENT_WRITE;
    CHECK(channel_write_event_is_enabled(&channel) != 0);
}

/* enable/disable change it and tell the loop that the channel was added to. Which loop that is
 * is never known from channel->data (rule 3): here it is NULL, or no address at all. */
CASE(enable_and_disable_tell_the_loop)
{
    int fd[2];
    void *data[] = { NULL, (void *)1, &reads };
    for (int i = 0; i < 3; i++) {
        struct event_loop *loop = event_loop_init();
        make_sockets(fd);
        struct channel *channel = watch(loop, fd[0], EVENT_READ, count_read, count_write, data[i]);
        writes = 0;
        passes(loop, 3);
        CHECK_INT(writes, 0);
        CHECK_INT(channel_write_event_enable(channel), 0);
        CHECK_INT(channel->events, EVENT_READ | EVENT_WRITE);
        passes(loop, 3);
        CHECK(writes > 0);
        CHECK_INT(channel_write_event_disable(channel), 0);
        CHECK_INT(channel->events, EVENT_READ);
        writes = 0;
        passes(loop, 3);
        CHECK_INT(writes, 0);
        CHECK(entry(loop, fd[0]) == channel);
        CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
        free(channel);
    }
    CHECK_INT(reads, 0);
}

/* Returns 0, or -1 for a channel in no loop. */
CASE(enable_without_a_loop_fails)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *channel = channel_new(fd[0], EVENT_READ, count_read, count_write, NULL);
    CHECK_INT(channel_write_event_enable(channel), -1);
    CHECK_INT(channel_write_event_disable(channel), -1);
    CHECK_INT(event_loop_add_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(channel_write_event_enable(channel), 0);
    CHECK_INT(channel_write_event_disable(channel), 0);
    CHECK_INT(event_loop_remove_channel_event(loop, fd[0], channel), 0);
    CHECK_INT(channel_write_event_enable(channel), -1);
    CHECK_INT(channel_write_event_disable(channel), -1);
    free(channel);
}

/* Another channel's registration under the same number doesn't count as this one's. */
CASE(enable_of_another_channel_with_the_number)
{
    int fd[2];
    make_sockets(fd);
    struct event_loop *loop = event_loop_init();
    struct channel *in = watch(loop, fd[0], EVENT_READ, count_read, count_write, NULL);
    struct channel out = *in;
    CHECK_INT(channel_write_event_enable(&out), -1);
    passes(loop, 3);
    CHECK_INT(writes, 0);
    CHECK_INT(in->events, EVENT_READ);
}

/* Two loops: each one gets the changes of its own channels. */
CASE(enable_with_two_loops)
{
    int a[2], b[2];
    make_sockets(a);
    make_sockets(b);
    struct event_loop *one = event_loop_init(), *two = event_loop_init_with_name("two");
    struct channel *first = watch(one, a[0], EVENT_READ, count_read, count_write, NULL);
    struct channel *second = watch(two, b[0], EVENT_READ, count_read, count_write, NULL);
    CHECK_INT(channel_write_event_enable(second), 0);
    passes(one, 3);
    CHECK_INT(writes, 0);
    passes(two, 3);
    CHECK(writes > 0);
    CHECK_INT(channel_write_event_disable(second), 0);
    CHECK_INT(channel_write_event_enable(first), 0);
    writes = 0;
    passes(two, 3);
    CHECK_INT(writes, 0);
    passes(one, 3);
    CHECK(writes > 0);
}

static int writes_then_quits(void *data)
{
    (void)data;
    writes++;
    the_loop->quit = 1;
    return 0;
}

static void enable_it(void *channel)
{
    CHECK_INT(channel_write_event_enable(channel), 0);
}

/* Channel events may be changed on any thread: the loop is updated. */
CASE(enable_from_another_thread)
{
    int fd[2];
    make_sockets(fd);
    the_loop = event_loop_init();
    struct channel *channel = watch(the_loop, fd[0], EVENT_READ, count_read, writes_then_quits, NULL);
    pthread_t thread = start_thread(enable_it, channel);
    CHECK_INT(event_loop_run(the_loop), 0);
    join(thread);
    CHECK_INT(writes, 1);
}

/* channel->events counts as of the last add or update. */
static int forgets_its_events(void *data)
{
    struct channel *channel = *(struct channel **)data;
    channel->events = 0;
    reads++;
    return 0;
}

CASE(events_count_as_of_the_last_update)
{
    int fd[2];
    make_sockets(fd);
    struct channel *channel = NULL;
    struct event_loop *loop = event_loop_init();
    channel = watch(loop, fd[0], EVENT_READ, forgets_its_events, NULL, &channel);
    put(fd[1], "x");
    passes(loop, 5);
    CHECK(reads >= 3);
    reads = 0;
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    passes(loop, 5);
    CHECK_INT(reads, 0);
    channel->events = EVENT_READ;
    passes(loop, 5);
    CHECK_INT(reads, 0);
    CHECK_INT(event_loop_update_channel_event(loop, fd[0], channel), 0);
    passes(loop, 5);
    CHECK(reads > 0);
}

/* Once remove has returned on the owner's thread, the library never touches that channel again,
 * not even later in the same pass: programs free it there, inside its own callback too. */
static void ruin(struct channel *channel)
{
    memset(channel, 0x5a, sizeof *channel);
    free(channel);
}

static int removes_itself(void *data)
{
    struct channel *channel = *(struct channel **)data;
    reads++;
    CHECK_INT(event_loop_remove_channel_event(the_loop, channel->fd, channel), 0);
    ruin(channel);
    return 0;
}

CASE(removed_and_freed_in_its_own_callback)
{
    int fd[2];
    make_sockets(fd);
    the_loop = event_loop_init();
    struct channel *channel = NULL;
    put(fd[1], "x"); /* readable and writable in the same pass */
    channel = watch(the_loop, fd[0], EVENT_READ | EVENT_WRITE, removes_itself, count_write, &channel);
    passes(the_loop, 3);
    CHECK_INT(reads, 1);
    CHECK_INT(writes, 0);
    CHECK(entry(the_loop, fd[0]) == NULL);
}

CASE(removed_and_freed_in_its_write_callback)
{
    int fd[2];
    make_sockets(fd);
    the_loop = event_loop_init();
    struct channel *channel = NULL;
    put(fd[1], "x");
    channel = watch(the_loop, fd[0], EVENT_WRITE, count_read, removes_itself, &channel);
    passes(the_loop, 3);
    CHECK_INT(reads, 1);
}

/* The same with the descriptor closed first, as programs do. */
static int closes_and_removes_itself(void *data)
{
    struct channel *channel = *(struct channel **)data;
    reads++;
    close(channel->fd);
    CHECK_INT(event_loop_remove_channel_event(the_loop, channel->fd, channel), 0);
    ruin(channel);
    return 0;
}

CASE(closed_removed_and_freed_in_its_own_callback)
{
    int fd[2];
    make_sockets(fd);
    the_loop = event_loop_init();
    struct channel *channel = NULL;
    put(fd[1], "x");
    channel = watch(the_loop, fd[0], EVENT_READ | EVENT_WRITE, closes_and_removes_itself, count_write, &channel);
    passes(the_loop, 3);
    CHECK_INT(reads, 1);
    CHECK_INT(writes, 0);
}

/* Another channel that is ready in the same pass. */
static struct channel *crowd[20];
static int survivors;

static int removes_all_others(void *data)
{
    struct channel **mine = data;
    survivors++;
    for (int i = 0; i < 20; i++) {
        if (&crowd[i] != mine && crowd[i] != NULL) {
            CHECK_INT(event_loop_remove_channel_event(the_loop, crowd[i]->fd, crowd[i]), 0);
            ruin(crowd[i]);
            crowd[i] = NULL;
        }
    }
    return 0;
}

CASE(others_removed_and_freed_in_the_same_pass)
{
    the_loop = event_loop_init();
    for (int i = 0; i < 20; i++) {
        int fd = eventfd(1, EFD_CLOEXEC);
        crowd[i] = watch(the_loop, fd, EVENT_READ, removes_all_others, NULL, &crowd[i]);
    }
    passes(the_loop, 3);
    int left = 0;
    for (int i = 0; i < 20; i++) {
        left += crowd[i] != NULL;
    }
    CHECK_INT(left, 1);
    CHECK(survivors >= 1);
}

/* The next channel with the same number doesn't get the events of the previous one. */
static int old_fd, fresh_calls;

static int of_the_fresh_one(void *data)
{
    (void)data;
    fresh_calls++;
    return 0;
}

static int replaces_the_other(void *data)
{
    static int done;
    (void)data;
    if (!done) {
        int fd[2];
        done = 1;
        CHECK_INT(event_loop_remove_channel_event(the_loop, old_fd, crowd[0]), 0);
        ruin(crowd[0]);
        close(old_fd);
        make_sockets(fd);
        if (fd[0] != old_fd && fd[1] != old_fd) {
            move_fd(fd[0], old_fd);
        }
        crowd[1] = watch(the_loop, old_fd, EVENT_READ, of_the_fresh_one, NULL, NULL);
    }
    return 0;
}

static int removed_in_time(void *data)
{
    (void)data;
    return replaces_the_other(NULL);
}

CASE(number_reused_within_a_pass)
{
    int first[2], last[2];
    the_loop = event_loop_init();
    make_pipe(first);
    int other[2];
    make_sockets(other);
    make_pipe(last);
    old_fd = other[0];
    put(first[1], "x");
    put(other[1], "x");
    put(last[1], "x");
    watch(the_loop, first[0], EVENT_READ, replaces_the_other, NULL, NULL);
    crowd[0] = watch(the_loop, other[0], EVENT_READ, removed_in_time, NULL, NULL);
    watch(the_loop, last[0], EVENT_READ, replaces_the_other, NULL, NULL);
    passes(the_loop, 4);
    CHECK_INT(fresh_calls, 0);
    CHECK(entry(the_loop, old_fd) == crowd[1]);
}
