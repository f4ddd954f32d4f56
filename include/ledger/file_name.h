/*
 * The names of ledgers in the state directory: shard-<i>-of-<N>.db, with the suffixes of SQLite's
 * companions (-wal, -shm, -journal) and of drafts (.new, see ledger/schema.h; .part, see
 * ledger/move.h; .fetch, see ledger/checkpoint.h).
 */
#ifndef LC_LEDGER_FILE_NAME_H
#define LC_LEDGER_FILE_NAME_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct lc_file_name {
	unsigned shard;
	unsigned shard_count;
	bool draft;     /* not whole, whatever its content */
	bool companion; /* belongs to the file whose name it continues */
};

enum { LC_FILE_NAME_SHARDS_MAX = 65536 };

/* False if a ledger or what belongs to one is never called so. */
bool lc_file_name_parse(const char *name, struct lc_file_name *parsed);

/* The path of a ledger; `suffix` is added to it. False with LC_ERROR_USAGE if it is too long. */
bool lc_file_name_path(char path[PATH_MAX], const char *directory, unsigned shard,
		       unsigned shard_count, const char *suffix, struct lc_error *error);

/* Removes a file and its companions; those that are not there are fine. */
bool lc_file_name_remove_all(const char *path, struct lc_error *error);

#endif
