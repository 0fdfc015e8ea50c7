/* Whether the program was compiled with EPOLL_ENABLE off: its common.h then defines the symbol below
 * (include/lib/common.h), the library only looks whether it is there. */

extern const char yolanda_poll_is_default __attribute__((weak));

int yolanda_c_poll_is_default(void);

int yolanda_c_poll_is_default(void)
{
    return &yolanda_poll_is_default != 0;
}
