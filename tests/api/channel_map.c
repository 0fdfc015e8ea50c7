/* Contract section 2, "channel_map". */
#include "aid.h"

#include "lib/channel_map.h"

#include <malloc.h>

CASE(init_makes_it_empty)
{
    struct channel_map map = { (void **)1, 77 };
    map_init(&map);
    CHECK(map.entries == NULL);
    CHECK_INT(map.nentries, 0);
}

/* Doubles nentries (from 32 when it is 0) until slot fits. */
CASE(make_space_doubles)
{
    int slot[] = { 0, 31, 32, 63, 64, 1000, 1023, 1024 }, want[] = { 32, 32, 64, 64, 128, 1024, 1024, 2048 };
    for (int i = 0; i < 8; i++) {
        struct channel_map map = { NULL, 0 };
        CHECK_INT(map_make_space(&map, slot[i], sizeof(void *)), 0);
        CHECK_INT(map.nentries, want[i]);
        CHECK(map.entries != NULL);
        map_clear(&map);
    }
    struct channel_map odd = { calloc(10, sizeof(void *)), 10 };
    CHECK_INT(map_make_space(&odd, 25, sizeof(void *)), 0);
    CHECK_INT(odd.nentries, 40);
    map_clear(&odd);
}

CASE(make_space_that_is_there)
{
    struct channel_map map = { NULL, 0 };
    CHECK_INT(map_make_space(&map, 5, sizeof(void *)), 0);
    void **entries = map.entries;
    CHECK_INT(map_make_space(&map, 31, sizeof(void *)), 0);
    CHECK_INT(map.nentries, 32);
    CHECK(map.entries == entries);
    map_clear(&map);
}

/* entries having elements of msize bytes; new entries are zero, old ones kept. */
CASE(make_space_keeps_and_clears)
{
    int msize[] = { 1, 4, 8, 24 };
    for (int i = 0; i < 4; i++) {
        struct channel_map map = { NULL, 0 };
        CHECK_INT(map_make_space(&map, 0, msize[i]), 0);
        memset(map.entries, 0xab, 32 * msize[i]);
        for (int n = 0; n < 3; n++) {
            free(malloc(64 * msize[i])); /* something other than zero to find */
            memset(malloc(100), 0xcd, 100);
        }
        CHECK_INT(map_make_space(&map, 200, msize[i]), 0);
        CHECK_INT(map.nentries, 256);
        unsigned char *bytes = (unsigned char *)map.entries;
        int wrong = 0;
        for (int n = 0; n < 256 * msize[i]; n++) {
            wrong += bytes[n] != (n < 32 * msize[i] ? 0xab : 0);
        }
        CHECK_INT(wrong, 0);
        free(map.entries); /* from malloc: C code made this map */
    }
}

static void unchanged(struct channel_map *map, int slot, int msize)
{
    struct channel_map before = *map;
    CHECK_INT(map_make_space(map, slot, msize), -1);
    CHECK(map->entries == before.entries);
    CHECK_INT(map->nentries, before.nentries);
}

/* 0, or -1 with the map untouched. */
CASE(make_space_that_fails)
{
    struct channel_map map = { NULL, 0 };
    CHECK_INT(map_make_space(&map, 0, sizeof(void *)), 0);
    map.entries[3] = &map;
    unchanged(&map, -1, sizeof(void *));
    unchanged(&map, INT_MIN, sizeof(void *));
    unchanged(&map, 100, -8);
    unchanged(&map, INT_MAX, sizeof(void *)); /* can't be reached by doubling */
    limit_memory(1 << 20);
    unchanged(&map, 1 << 24, sizeof(void *));
    unchanged(&map, 1 << 24, INT_MAX);
    CHECK(map.entries[3] == &map);
    CHECK_INT(map_make_space(&map, 40, sizeof(void *)), 0);
    CHECK(map.entries[3] == &map);
}

/* map_clear frees each non-NULL entry, then the array. */
CASE(clear_frees_entries_and_array)
{
    struct channel_map map;
    size_t before = mallinfo2().uordblks;
    map_init(&map);
    CHECK_INT(map_make_space(&map, 500, sizeof(void *)), 0);
    for (int i = 0; i < 500; i += 2) {
        map.entries[i] = malloc(2000); /* more than malloc's thread cache holds */
    }
    CHECK(SANITIZED || mallinfo2().uordblks > before + 500000);
    map_clear(&map);
    CHECK(SANITIZED || mallinfo2().uordblks == before);
    CHECK_INT(map_make_space(&map, 3, sizeof(void *)), 0); /* and can be used again */
    CHECK_INT(map.nentries, 32);
    CHECK(map.entries[3] == NULL);
    map_clear(&map);
    map_clear(&map);
}

CASE(clear_takes_null)
{
    struct channel_map empty = { NULL, 0 };
    map_clear(NULL);
    map_clear(&empty);
    CHECK_TEXT(out_text(), "");
}
