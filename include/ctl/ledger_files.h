/*
 * The ledgers in a state directory, without the service: proving that they are sound, and removing
 * them.
 */
#ifndef LC_CTL_LEDGER_FILES_H
#define LC_CTL_LEDGER_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Which of them. */
struct lc_ledger_files {
	const char *directory;
	bool one; /* that of `shard` alone */
	unsigned shard;
};

/* What there is to say about a ledger: `path` and one fault; `fault` NULL for one that is sound, or
 * that is about to be removed. */
typedef void lc_ledger_files_callback(void *context, const char *path, const char *fault);

/* Checks each. Tells each fault, and each ledger that has none; one that can not be looked into,
 * for instance because a worker has it open, is a fault too. False with `error` set when the
 * directory can not be read, or there is none. */
bool lc_ledger_files_check(const struct lc_ledger_files *files, lc_ledger_files_callback *callback,
			   void *context, struct lc_error *error);

/* Locks the directory as the service does, so that none runs meanwhile. A descriptor to be closed
 * behind the reset, or -1 with `error` set, above all when a service runs. */
int lc_ledger_files_lock(const struct lc_ledger_files *files, struct lc_error *error);

/* Tells each ledger. False with `error` set when the directory can not be read. */
bool lc_ledger_files_list(const struct lc_ledger_files *files, lc_ledger_files_callback *callback,
			  void *context, struct lc_error *error);

/* Removes the ledgers with all that belongs to them, and, unless it is for one shard, the record of
 * how many there are. May be repeated when it was interrupted. The directory must be locked. */
bool lc_ledger_files_remove(const struct lc_ledger_files *files, struct lc_error *error);

#endif
