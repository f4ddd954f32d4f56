#include "ledger/move.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/durable.h"
#include "ledger/file_name.h"
#include "ledger/ledger_check.h"
#include "ledger/move_copy.h"
#include "ledger/origin.h"
#include "ledger/schema.h"
#include "ledger/sql.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define DRAFT ".part"

static bool meets(const struct lc_move *move, unsigned old_shard, unsigned new_shard)
{
	return lc_origin_meets(move->from, old_shard, move->to, new_shard);
}

bool lc_move_needs(const struct lc_move *move, unsigned old_shard)
{
	for (unsigned shard = 0; shard < move->to; shard++) {
		if (meets(move, old_shard, shard) && move->owns(move->context, shard))
			return true;
	}
	return false;
}

bool lc_move_takes_all(const struct lc_move *move, unsigned old_shard)
{
	for (unsigned shard = 0; shard < move->to; shard++) {
		if (meets(move, old_shard, shard) && !move->owns(move->context, shard))
			return false;
	}
	return true;
}

/* ---- the old ledgers ---- */

struct proof {
	unsigned faults;
	char first[LC_ERROR_MESSAGE_SIZE];
};

static void note_fault(void *context, const char *fault)
{
	struct proof *proof = context;

	if (proof->faults++ == 0)
		snprintf(proof->first, sizeof proof->first, "%s", fault);
}

static bool prove(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	struct proof proof = {.faults = 0};
	char path[PATH_MAX];

	if (!lc_file_name_path(path, move->directory, shard, move->from, "", error))
		return false;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return lc_error_set(
		    error, LC_ERROR_CORRUPT,
		    "ledger %s is missing, and needed for the change from %u to %u "
		    "shards. Put it back, or run the service with supervisor.shards "
		    "%u again, where that shard begins anew from ClickHouse's "
		    "offsets",
		    path, move->from, move->to, move->from);
	if (!lc_schema_upgrade(path, error) || !lc_ledger_check(path, note_fault, &proof, error))
		return false;
	if (proof.faults > 0)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s is damaged: %s", path,
				    proof.first);
	return true;
}

static bool prove_all(const struct lc_move *move, struct lc_error *error)
{
	for (unsigned shard = 0; shard < move->from; shard++) {
		if (lc_move_needs(move, shard) && !prove(move, shard, error))
			return false;
	}
	return true;
}

/* ---- the new ledgers ---- */

static bool copy_from(const struct lc_move *move, unsigned old_shard, struct lc_move_copy *copy,
		      struct lc_error *error)
{
	char path[PATH_MAX];
	sqlite3 *old;
	bool copied;

	if (!lc_file_name_path(path, move->directory, old_shard, move->from, "", error))
		return false;
	old = lc_schema_open_for_check(path, error);
	if (old == NULL)
		return false;
	copied = lc_move_copy_from(copy, old, path, old_shard, move->from, error);
	sqlite3_close(old);
	LC_CRASH_POINT(MOVE_COPIED);
	return copied;
}

/* A draft needs neither a log nor a journal on disk: whatever happens to it, it is made anew. */
static bool fill(const struct lc_move *move, struct lc_move_copy *copy, struct lc_error *error)
{
	if (!lc_sql_execute(copy->db, copy->path,
			    "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN", error))
		return false;
	for (unsigned shard = 0; shard < move->from; shard++) {
		if (meets(move, shard, copy->shard) && !copy_from(move, shard, copy, error))
			return false;
	}
	return lc_move_copy_finish(copy, error) &&
	       lc_sql_execute(copy->db, copy->path, "COMMIT", error);
}

static bool build(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	struct lc_move_copy copy = {.shard = shard, .shard_count = move->to};
	char path[PATH_MAX];
	bool fresh;
	bool filled;

	if (!lc_file_name_path(path, move->directory, shard, move->to, DRAFT, error) ||
	    !lc_file_name_remove_all(path, error))
		return false;
	copy.path = path;
	copy.db = lc_schema_open(path, shard, move->to, &fresh, error);
	if (copy.db == NULL)
		return false;
	filled = fill(move, &copy, error);
	sqlite3_close(copy.db);
	if (!filled || !lc_durable_sync(path, error))
		return false;
	LC_CRASH_POINT(MOVE_BUILT);
	return true;
}

/* ---- their names ---- */

/* What an earlier layout of as many shards has left must not become part of the new ledger. */
static bool clear_name(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	char path[PATH_MAX];

	return lc_file_name_path(path, move->directory, shard, move->to, "", error) &&
	       lc_file_name_remove_all(path, error);
}

static bool give_name(const struct lc_move *move, unsigned shard, struct lc_error *error)
{
	char draft[PATH_MAX];
	char path[PATH_MAX];

	if (!lc_file_name_path(draft, move->directory, shard, move->to, DRAFT, error) ||
	    !lc_file_name_path(path, move->directory, shard, move->to, "", error))
		return false;
	if (rename(draft, path) != 0)
		return lc_error_set_errno(error, errno, "ledger %s can not be given its name",
					  path);
	LC_CRASH_POINT(MOVE_RENAMED);
	return true;
}

static bool each_new(const struct lc_move *move,
		     bool (*step)(const struct lc_move *move, unsigned shard,
				  struct lc_error *error),
		     struct lc_error *error)
{
	for (unsigned shard = 0; shard < move->to; shard++) {
		if (move->owns(move->context, shard) && !step(move, shard, error))
			return false;
	}
	return lc_durable_sync(move->directory, error);
}

bool lc_move_run(const struct lc_move *move, struct lc_error *error)
{
	LC_ASSERT(move->from != move->to);
	if (!prove_all(move, error) || !each_new(move, build, error))
		return false;
	LC_CRASH_POINT(MOVE_ALL_BUILT);
	return each_new(move, clear_name, error) && each_new(move, give_name, error);
}
