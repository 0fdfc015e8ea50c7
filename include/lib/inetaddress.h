/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_INETADDRESS_H
#define YOLANDA_LIB_INETADDRESS_H

#include <string.h>


#ifndef YOLANDA_MEMMEM
#define YOLANDA_MEMMEM
/* Not declared by <string.h> without _GNU_SOURCE; an implicit declaration would cut the pointer. */
#ifdef __cplusplus
extern "C" {
#endif
#ifdef __THROW
extern void *memmem(const void *, size_t, const void *, size_t) __THROW;
#else
extern void *memmem(const void *, size_t, const void *, size_t);
#endif
#ifdef __cplusplus
}
#endif
#endif

/**
 * An address to listen on.
 */
struct inet_address {
    /**
     * The port.
     */
    int port;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an address. Release it with free().
 *
 * Returns NULL with errno (ENOMEM) if memory runs out.
 *
 * Any thread may call it.
 */
struct inet_address *init_inet_address(int port);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus


#endif
