/* Generated from src/abi/ and src/exports/. SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef YOLANDA_LIB_CHANNEL_MAP_H
#define YOLANDA_LIB_CHANNEL_MAP_H

/**
 * A growing table of pointers, indexed by number; a loop keeps its channels in one, indexed by
 * descriptor.
 */
struct channel_map {
    /**
     * NULL for a missing entry. The array comes from malloc().
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
 * Makes sure that entry `slot` exists: it doubles the number of entries, starting from 32 for an empty
 * map, until there are enough. Each entry has `msize` bytes. New entries are zero, old ones are kept.
 *
 * Returns 0. On failure it returns -1 with errno and leaves the map unchanged: EINVAL (NULL, a
 * negative `slot`, `msize` below 1), ENOMEM.
 *
 * `map` is NULL or has been initialised by map_init(). Only one thread at a time may use a map.
 */
int map_make_space(struct channel_map *map,
                   int slot,
                   int msize);

/**
 * Initialises an empty map. The previous content of the struct is overwritten, not freed.
 *
 * `map` is NULL or memory for the struct, which stays yours. Only one thread at a time may use a map.
 */
void map_init(struct channel_map *map);

/**
 * Calls free() on every entry that isn't NULL, then on the array, and leaves the map empty. NULL is
 * allowed.
 *
 * `map` is NULL or a map whose entries come from malloc(), but not the map of a loop. Only one thread
 * at a time may use a map.
 */
void map_clear(struct channel_map *map);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#include "channel.h"

#endif
