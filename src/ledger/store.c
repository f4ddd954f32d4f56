#include "ledger/store.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/crash_point.h"
#include "base/memory.h"
#include "ledger/schema.h"
#include "ledger/sql.h"
#include "ledger/store_base.h"
#include "ledger/store_hours.h"
#include "ledger/store_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Length of the write-ahead log from which on it is moved into the file. */
enum { CHECKPOINT_BYTES = 8 * 1024 * 1024 };

enum { SQL_MAX = 128 };

/* ---- what was in the ledger ---- */

struct range_list {
	struct lc_ledger_range *ranges;
	size_t count;
	size_t capacity;
};

static void add_range(struct range_list *list, const struct lc_ledger_range *range)
{
	list->ranges =
	    lc_memory_grow(list->ranges, &list->capacity, list->count + 1, sizeof(list->ranges[0]));
	list->ranges[list->count++] = *range;
}

/* Ranges are written before the end of the window that opened them. Where a process has died
 * between the two, what follows the last window is opened again by the next one, which knows that
 * nothing of it is taken: so nothing of it may be taken before. */
static void cut_range(struct lc_ledger_range *range, uint32_t seen_until)
{
	if (range->to > seen_until)
		range->to = seen_until;
}

static bool read_ranges(struct lc_store *store, int64_t source_id, uint32_t seen_until,
			struct range_list *list, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_RANGES, error);
	enum lc_sql_step step;
	uint32_t end = 0;

	list->count = 0;
	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, source_id);
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_range range = {
		    .from = lc_sql_second(statement, 0),
		    .to = lc_sql_second(statement, 1),
		    .since = lc_sql_second(statement, 2),
		};

		if (range.from >= range.to || range.from < end) {
			sqlite3_reset(statement);
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "ledger %s: open ranges overlap or are empty",
					    store->path);
		}
		end = range.to;
		cut_range(&range, seen_until);
		if (range.from < range.to)
			add_range(list, &range);
	}
	return step == LC_SQL_DONE;
}

/* Rows of the session before this second were seen: what is not taken of them is open. */
static uint32_t seen_until(const struct lc_store *store, const struct lc_ledger_state *state,
			   uint32_t raft_session_id)
{
	uint32_t elsewhere = lc_store_seen_until(store, raft_session_id);

	return elsewhere > state->until ? elsewhere : state->until;
}

static bool read_sources(struct lc_store *store, struct lc_ledger_state *state,
			 struct range_list *list, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_STATE_SOURCES, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_source source = {
		    .raft_session_id = lc_sql_second(statement, 1),
		    .bucket = lc_sql_view(statement, 2),
		};

		if (!read_ranges(store, sqlite3_column_int64(statement, 0),
				 seen_until(store, state, source.raft_session_id), list, error)) {
			sqlite3_reset(statement);
			return false;
		}
		if (state->on_source != NULL && list->count > 0)
			state->on_source(state->context, &source, list->ranges, list->count);
	}
	return step == LC_SQL_DONE;
}

/* Only what the horizon does not hide, and a window has discovered: of that it is known what is
 * taken. */
static bool read_uncommitted(struct lc_store *store, struct lc_ledger_state *state,
			     struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_STATE_UNCOMMITTED, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	lc_sql_bind_number(statement, 1, state->horizon);
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_source source = {
		    .raft_session_id = lc_sql_second(statement, 0),
		    .bucket = lc_sql_view(statement, 1),
		};
		uint32_t second = lc_sql_second(statement, 2);

		if (state->on_uncommitted != NULL &&
		    second < seen_until(store, state, source.raft_session_id))
			state->on_uncommitted(state->context, &source, second);
	}
	return step == LC_SQL_DONE;
}

static bool read_targets(struct lc_store *store, struct lc_ledger_state *state,
			 struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_STATE_TARGETS, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_target target = {
		    .bucket = lc_sql_view(statement, 0),
		    .whole = sqlite3_column_int(statement, 1) != 0,
		    .prefix = lc_sql_view(statement, 2),
		    .refused = sqlite3_column_int(statement, 3) != 0,
		    .failures = lc_sql_second(statement, 4),
		    .probe_at_ms = sqlite3_column_int64(statement, 5),
		    .given_up = (enum lc_ledger_given_up)lc_sql_second(statement, 6),
		};

		if (target.given_up > LC_LEDGER_DISCARDED) {
			sqlite3_reset(statement);
			return lc_error_set(error, LC_ERROR_CORRUPT,
					    "ledger %s: a target was given up in an unknown way",
					    store->path);
		}
		if (state->on_target != NULL)
			state->on_target(state->context, &target);
	}
	return step == LC_SQL_DONE;
}

static bool read_intents(struct lc_store *store, struct lc_ledger_state *state,
			 struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_STATE_INTENTS, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		struct lc_ledger_backlog backlog = {
		    .source = {.raft_session_id = lc_sql_second(statement, 0),
			       .bucket = lc_sql_view(statement, 1)},
		    .target_bucket = lc_sql_view(statement, 2),
		    .target_prefix = lc_sql_view(statement, 3),
		    .intents = lc_sql_count(statement, 4),
		    .rows = lc_sql_count(statement, 5),
		    .oldest_second = lc_sql_second(statement, 6),
		};

		if (state->on_intents != NULL)
			state->on_intents(state->context, &backlog);
	}
	return step == LC_SQL_DONE;
}

static bool read_second(struct lc_store *store, const char *name, uint32_t *second,
			struct lc_error *error)
{
	uint64_t value;

	if (!lc_store_read_meta(store, name, &value, error))
		return false;
	if (value > UINT32_MAX)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: %s is not a second",
				    store->path, name);
	*second = (uint32_t)value;
	return true;
}

/* Windows that reach back before the greatest floor hold rows that were delivered by another. */
static bool doubt_floors(struct lc_store *store, uint32_t *doubtful_until, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_AFTER_FLOORS, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return false;
	while ((step = lc_sql_step(statement, store->path, error)) == LC_SQL_ROW) {
		uint32_t after_floors = lc_sql_second(statement, 0);

		if (after_floors > *doubtful_until)
			*doubtful_until = after_floors;
	}
	return step == LC_SQL_DONE;
}

static bool read_state(struct lc_store *store, struct lc_ledger_state *state,
		       struct lc_error *error)
{
	struct range_list list = {0};
	bool read = read_second(store, "until", &state->until, error) &&
		    read_second(store, "doubtful_until", &state->doubtful_until, error) &&
		    doubt_floors(store, &state->doubtful_until, error) &&
		    read_second(store, "horizon", &state->horizon, error) &&
		    lc_store_find_meta(store, "steady_ms", &state->steady_ms, error) &&
		    lc_store_find_meta(store, "steady_at_ms", &state->steady_at_ms, error) &&
		    lc_store_read_meta(store, "next_intent_id", &state->next_intent_id, error) &&
		    read_sources(store, state, &list, error) &&
		    read_uncommitted(store, state, error) && read_targets(store, state, error) &&
		    read_intents(store, state, error);

	free(list.ranges);
	return read;
}

/* ---- opening ---- */

/* The log is there once something was read. */
static void remember_files(struct lc_store *store)
{
	struct lc_buffer path;

	lc_buffer_init(&path, SIZE_MAX);
	lc_buffer_append_format(&path, "%s-wal", store->path);
	store->log_path = lc_memory_copy_text(lc_buffer_text(&path));
	lc_buffer_free(&path);
	store->file = lc_file_identity_of_path(store->path);
	store->log = lc_file_identity_of_path(store->log_path);
}

static bool stands_at(const struct lc_file_identity *file, const char *path)
{
	struct lc_file_identity there = lc_file_identity_of_path(path);

	return !file->known || lc_file_identity_equal(file, &there);
}

bool lc_store_in_place(const struct lc_store *store, struct lc_error *error)
{
	if (stands_at(&store->file, store->path) && stands_at(&store->log, store->log_path))
		return true;
	return lc_error_set(
	    error, LC_ERROR_CORRUPT,
	    "the ledger %s was removed, replaced or mounted over while it was in "
	    "use; nothing more is delivered, because a restart would not know of it",
	    store->path);
}

struct lc_store *lc_store_open(const struct lc_ledger_options *options,
			       struct lc_ledger_state *state, struct lc_error *error)
{
	struct lc_store *store = lc_memory_zero(1, sizeof(*store));

	store->path = lc_memory_copy_text(options->path);
	store->frozen_fd = -1;
	lc_buffer_init(&store->floor_req_id, SIZE_MAX);
	store->db = lc_schema_open(options->path, options->shard, options->shard_count,
				   &state->fresh, error);
	if (store->db != NULL && lc_store_load_hours(store, error) &&
	    lc_store_load_origins(store, error) && read_state(store, state, error)) {
		remember_files(store);
		return store;
	}
	lc_store_close(store);
	return NULL;
}

void lc_store_close(struct lc_store *store)
{
	if (store == NULL)
		return;
	lc_store_forget_hours(store);
	free(store->hours);
	free(store->origins);
	lc_buffer_free(&store->floor_req_id);
	for (size_t i = 0; i < LC_STORE_STATEMENT_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	LC_ASSERT(sqlite3_close(store->db) == SQLITE_OK);
	if (store->frozen_fd >= 0)
		close(store->frozen_fd);
	free(store->log_path);
	free(store->path);
	free(store);
}

/* ---- transactions ---- */

bool lc_store_begin(struct lc_store *store, struct lc_error *error)
{
	LC_ASSERT(sqlite3_get_autocommit(store->db) != 0);
	if (store->hours_stale) {
		if (!lc_store_load_hours(store, error))
			return false;
		store->hours_stale = false;
	}
	/* Rolling back must not depend on memory being there then. */
	return lc_store_take(store, LC_STORE_ROLLBACK, error) != NULL &&
	       lc_store_run(store, LC_STORE_BEGIN, error);
}

bool lc_store_commit(struct lc_store *store, struct lc_error *error)
{
	LC_CRASH_POINT(LEDGER_BEFORE_COMMIT);
	if (!lc_store_run(store, LC_STORE_COMMIT, error))
		return false;
	LC_CRASH_POINT(LEDGER_AFTER_COMMIT);
	return true;
}

void lc_store_roll_back(struct lc_store *store)
{
	struct lc_error error;

	/* Some errors have rolled back already. One that fails leaves nothing either: SQLite takes
	 * up what is on disk again with the next transaction. */
	if (sqlite3_get_autocommit(store->db) == 0)
		lc_store_run(store, LC_STORE_ROLLBACK, &error);
	store->hours_stale = true;
}

static uint64_t size_of(struct lc_store *store, int which)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(store->db, "main", which, &file) != SQLITE_OK || file == NULL ||
	    file->pMethods == NULL || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return 0;
	return size < 0 ? 0 : (uint64_t)size;
}

bool lc_store_checkpoint(struct lc_store *store, struct lc_error *error)
{
	if (store->frozen || size_of(store, SQLITE_FCNTL_JOURNAL_POINTER) < CHECKPOINT_BYTES)
		return true;
	if (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) !=
	    SQLITE_OK)
		return lc_sql_fail(store->db, store->path, "moving the log into the file", error);
	return true;
}

uint64_t lc_store_bytes(struct lc_store *store)
{
	return size_of(store, SQLITE_FCNTL_FILE_POINTER) +
	       size_of(store, SQLITE_FCNTL_JOURNAL_POINTER);
}

/* ---- the place in the chain ---- */

/* The numbers that tell it, in the table meta. */
static const struct {
	const char *name;
	size_t offset; /* in struct lc_chain_position */
} PLACE[] = {
    {"chain_epoch", offsetof(struct lc_chain_position, epoch)},
    {"chain_seq", offsetof(struct lc_chain_position, seq)},
    {"chain_hash_high", offsetof(struct lc_chain_position, hash.high)},
    {"chain_hash_low", offsetof(struct lc_chain_position, hash.low)},
};

enum { PLACE_COUNT = sizeof(PLACE) / sizeof(PLACE[0]) };

bool lc_store_set_position(struct lc_store *store, const struct lc_chain_position *position,
			   struct lc_error *error)
{
	bool set = true;

	for (size_t i = 0; i < PLACE_COUNT && set; i++) {
		uint64_t number;

		memcpy(&number, (const char *)position + PLACE[i].offset, sizeof(number));
		set = lc_store_set_meta(store, LC_STORE_PUT_META, PLACE[i].name, number, error);
	}
	return set;
}

bool lc_store_is_shared(struct lc_store *store, bool *shared, struct lc_error *error)
{
	uint64_t seq = UINT64_MAX;

	if (!lc_store_find_meta(store, "chain_seq", &seq, error))
		return false;
	*shared = seq != UINT64_MAX;
	return true;
}

static bool leave_chain(struct lc_store *store, struct lc_error *error)
{
	return lc_sql_execute(store->db, store->path, "DELETE FROM meta WHERE name LIKE 'chain_%'",
			      error);
}

bool lc_store_set_shared(const struct lc_ledger_options *options, bool shared,
			 struct lc_error *error)
{
	static const struct lc_chain_position BEGINNING = {.seq = 0};
	struct lc_ledger_state state = {.on_source = NULL};
	struct lc_store *store = lc_store_open(options, &state, error);
	bool set = store != NULL && lc_store_begin(store, error) &&
		   (shared ? lc_store_set_position(store, &BEGINNING, error)
			   : leave_chain(store, error)) &&
		   lc_store_commit(store, error);

	lc_store_close(store);
	return set;
}

static bool read_position(sqlite3 *db, const char *path, struct lc_chain_position *position,
			  struct lc_error *error)
{
	bool read = true;

	for (size_t i = 0; i < PLACE_COUNT && read; i++) {
		char sql[SQL_MAX];
		int64_t number;

		snprintf(sql, sizeof(sql), "SELECT value FROM meta WHERE name = '%s'",
			 PLACE[i].name);
		read = lc_sql_number(db, path, sql, &number, error);
		if (read)
			memcpy((char *)position + PLACE[i].offset, &number, sizeof(number));
	}
	return read;
}

bool lc_store_find_position(const char *path, struct lc_chain_position *position,
			    struct lc_error *error)
{
	sqlite3 *db;
	bool read;

	*position = (struct lc_chain_position){.seq = 0};
	if (lc_file_is_missing(path))
		return true;
	db = lc_schema_open_for_check(path, error);
	if (db == NULL)
		return false;
	read = read_position(db, path, position, error);
	sqlite3_close(db);
	return read;
}

/* ---- standing still ---- */

static bool open_file(struct lc_store *store, struct lc_error *error)
{
	struct lc_file_identity opened;

	if (store->frozen_fd >= 0)
		return true;
	store->frozen_fd = open(store->path, O_RDONLY | O_CLOEXEC);
	if (store->frozen_fd < 0)
		return lc_error_set_errno(error, errno, "ledger %s: opening it again", store->path);
	opened = lc_file_identity_of_descriptor(store->frozen_fd);
	/* Should it be another file by now, it stays open: lc_store_in_place finds that out. */
	return lc_file_identity_equal(&opened, &store->file) ||
	       lc_error_set(error, LC_ERROR_CORRUPT,
			    "ledger %s: the file was replaced while it was in use", store->path);
}

bool lc_store_freeze(struct lc_store *store, struct lc_ledger_frozen *frozen,
		     struct lc_error *error)
{
	struct stat file;

	LC_ASSERT(sqlite3_get_autocommit(store->db) != 0);
	if (!open_file(store, error) ||
	    !read_position(store->db, store->path, &frozen->position, error))
		return false;
	if (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
	    SQLITE_OK)
		return lc_sql_fail(store->db, store->path, "moving the log into the file", error);
	if (fstat(store->frozen_fd, &file) != 0)
		return lc_error_set_errno(error, errno, "ledger %s", store->path);
	frozen->descriptor = store->frozen_fd;
	frozen->size = (uint64_t)file.st_size;
	store->frozen = true;
	return true;
}

void lc_store_thaw(struct lc_store *store)
{
	store->frozen = false;
}

/* ---- what is one for the whole ledger ---- */

bool lc_store_set_until(struct lc_store *store, uint32_t until, struct lc_error *error)
{
	return lc_store_set_meta(store, LC_STORE_SET_META, "until", until, error);
}

bool lc_store_set_steady_clock(struct lc_store *store, uint64_t shows_ms, uint64_t at_ms,
			       struct lc_error *error)
{
	return lc_store_set_meta(store, LC_STORE_PUT_META, "steady_ms", shows_ms, error) &&
	       lc_store_set_meta(store, LC_STORE_PUT_META, "steady_at_ms", at_ms, error);
}

bool lc_store_set_target(struct lc_store *store, const struct lc_ledger_target *target,
			 struct lc_error *error)
{
	bool forget = target->failures == 0 && target->given_up == LC_LEDGER_KEPT;
	enum lc_store_statement how = forget ? LC_STORE_DROP_TARGET : LC_STORE_SET_TARGET;
	sqlite3_stmt *statement = lc_store_take(store, how, error);

	LC_ASSERT(!target->whole || target->prefix.size == 0);
	if (statement == NULL)
		return false;
	lc_sql_bind_view(statement, 1, target->bucket);
	lc_sql_bind_number(statement, 2, target->whole);
	lc_sql_bind_view(statement, 3, target->prefix);
	if (!forget) {
		lc_sql_bind_number(statement, 4, target->refused);
		lc_sql_bind_number(statement, 5, target->failures);
		lc_sql_bind_number(statement, 6, target->probe_at_ms);
		lc_sql_bind_number(statement, 7, target->given_up);
	}
	return lc_sql_run(statement, store->path, error);
}
