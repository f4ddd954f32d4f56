/*
 * The commands `ledger check` and `ledger reset`: the ledgers in a state directory, without the
 * service, are proved to be sound, or removed.
 */
#ifndef LC_CTL_LEDGER_FILES_H
#define LC_CTL_LEDGER_FILES_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>

/* Which of them. */
struct lc_ledger_files {
	const char *directory;
	bool one; /* that of `shard` alone */
	unsigned shard;
};

/* Checks each and appends what that says, as text or as JSON:
 *
 *	{"sound": false, "ledgers": [{"path": "...", "faults": ["..."]}]}
 *
 * A ledger that cannot be looked into, for instance because a worker has it open, has a fault too.
 * `sound` gets whether none has one. False with `error` set when the directory cannot be read, or
 * there is no ledger. */
bool lc_ledger_files_check(const struct lc_ledger_files *files, bool json, struct lc_buffer *text,
			   bool *sound, struct lc_error *error);

/* Removes the ledgers once that was agreed to: `yes`, or the answer "yes" on a terminal; with them
 * all that belongs to them, and, unless it is for one shard, the record of how many there are.
 * Appends what was done, as text or as JSON: {"removed": ["..."]}. False with `error` set when it
 * was not done, above all because a service runs. May be repeated when it was interrupted. */
bool lc_ledger_files_reset(const struct lc_ledger_files *files, bool yes, bool json,
			   struct lc_buffer *text, struct lc_error *error);

#endif
