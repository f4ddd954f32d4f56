/*
 * Lists of shards: numbers and ranges separated by commas, "0-3,7".
 */
#ifndef LC_CONFIG_SHARD_LIST_H
#define LC_CONFIG_SHARD_LIST_H

#include <stdbool.h>

/* Highest number a list may hold. */
enum { LC_SHARD_LIST_HIGHEST = 65535 };

/* Takes the next range off the front of *rest, which moves behind it. False at the end of the list,
 * where *rest is the empty text, and at a fault, where it is not. first <= last. */
bool lc_shard_list_next(const char **rest, unsigned *first, unsigned *last);

#endif
