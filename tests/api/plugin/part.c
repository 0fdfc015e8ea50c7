/* part.c - a plug-in that holds the library: it asks for a name, and is done before the answer comes. */
#include <yolanda.h>

void wait_until_asked(void); /* the host's */

int ask_and_leave(const char *address)
{
    struct event_loop *loop = yolanda_loop_new("plug-in", NULL);
    struct yolanda_client *client = yolanda_client_new(loop, address, NULL, NULL, NULL, NULL);

    if (client == NULL || yolanda_client_start(client) < 0) {
        return -1;
    }
    wait_until_asked();
    return yolanda_loop_free(loop);
}
