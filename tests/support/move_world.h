/* State directories full of random ledgers, and what is in them as text, for tests of changes of
 * the number of shards. */
#ifndef LC_SUPPORT_MOVE_WORLD_H
#define LC_SUPPORT_MOVE_WORLD_H

#include "ledger/move.h"

#include <stdint.h>

enum { LC_MOVE_WORLD_PATH_SIZE = 64 };

/* A new directory. */
void lc_move_world_begin(char directory[LC_MOVE_WORLD_PATH_SIZE]);

/* Removes it with all that is in it. */
void lc_move_world_end(const char *directory);

/* Makes the ledgers of all shards with random content; the same seed gives the same. `objects`: how
 * many of them there are for each raft session. */
void lc_move_world_fill(const char *directory, unsigned shards, uint64_t seed, unsigned objects);

/* What the ledgers of all shards hold together, line by line, sorted, whatever the shard and its
 * numbers; to be freed. Fails the test if a ledger is missing, is not sound, or holds a raft
 * session of another shard. */
char *lc_move_world_dump(const char *directory, unsigned shards);

/* Names and contents of all files that are not empty, as one number. */
uint64_t lc_move_world_fingerprint(const char *directory);

/* How many files there are whose names hold this text. */
unsigned lc_move_world_count_files(const char *directory, const char *text);

/* A move in which this machine owns all shards. */
struct lc_move lc_move_world_move(const char *directory, unsigned from, unsigned to);

#endif
