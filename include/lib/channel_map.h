/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_CHANNEL_MAP_H
#define YOLANDA_LIB_CHANNEL_MAP_H

/**
 * A growing table from a number to a pointer; a loop keeps its channels in one, by descriptor.
 */
struct channel_map {
    /**
     * NULL where there is no entry. The array comes from malloc().
     */
    void **entries;
    /**
     * The number of entries.
     */
    int nentries;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes sure that entry `slot` exists: doubles the number of entries, from 32 where there are none,
 * until it does. Entries have `msize` bytes each; new ones are zero, old ones are kept.
 *
 * Returns 0. -1 with errno, and the map untouched: NULL, a negative `slot`, `msize` below 1 (EINVAL),
 * no memory (ENOMEM).
 *
 * `map` has been set up by map_init().
 */
int map_make_space(struct channel_map *map,
                   int slot,
                   int msize);

/**
 * Sets up an empty map.
 *
 * `map` is memory of yours for the struct; what it holds is forgotten, not freed.
 */
void map_init(struct channel_map *map);

/**
 * Calls free() on every entry that isn't NULL, then on the array, and leaves the map empty. NULL is
 * allowed.
 *
 * Every entry comes from malloc(). Not for the map of a live loop.
 */
void map_clear(struct channel_map *map);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "channel.h"

#endif
