#include "ledger/store.h"

#include "base/assert.h"
#include "base/crash_point.h"
#include "base/memory.h"
#include "ledger/schema.h"
#include "ledger/store_parts.h"

#include <stdlib.h>

/* Length of the write-ahead log from which on it is moved into the file. */
enum { CHECKPOINT_BYTES = 8 * 1024 * 1024 };

static const char *const SQL[LC_STORE_STATEMENT_COUNT] = {
#define LC_STATEMENT(name, sql) [LC_STORE_##name] = (sql),
#include "tbl/ledger_statements.h"
};

sqlite3_stmt *lc_store_take(struct lc_store *store, enum lc_store_statement name,
			    struct lc_error *error)
{
	sqlite3_stmt **statement = &store->statements[name];

	if (*statement == NULL)
		lc_sql_prepare(store->db, store->path, SQL[name], statement, error);
	else
		sqlite3_reset(*statement);
	return *statement;
}

static bool run(struct lc_store *store, enum lc_store_statement name, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, name, error);

	return statement != NULL && lc_sql_run(statement, store->path, error);
}

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
	return lc_error_set(error, LC_ERROR_CORRUPT,
			    "the ledger %s was removed, replaced or mounted over while it was in "
			    "use; nothing more is delivered, for a restart would not know of it",
			    store->path);
}

struct lc_store *lc_store_open(const struct lc_ledger_options *options,
			       struct lc_ledger_state *state, struct lc_error *error)
{
	struct lc_store *store = lc_memory_zero(1, sizeof(*store));

	store->path = lc_memory_copy_text(options->path);
	lc_buffer_init(&store->floor_req_id, SIZE_MAX);
	store->db = lc_schema_open(options->path, options->shard, options->shard_count,
				   &state->fresh, error);
	if (store->db != NULL && lc_store_load_hours(store, error) &&
	    lc_store_load_origins(store, error) && lc_store_read_state(store, state, error)) {
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
	free(store->log_path);
	free(store->path);
	free(store);
}

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
	       run(store, LC_STORE_BEGIN, error);
}

bool lc_store_commit(struct lc_store *store, struct lc_error *error)
{
	LC_CRASH_POINT(LEDGER_BEFORE_COMMIT);
	if (!run(store, LC_STORE_COMMIT, error))
		return false;
	LC_CRASH_POINT(LEDGER_AFTER_COMMIT);
	return true;
}

void lc_store_roll_back(struct lc_store *store)
{
	struct lc_error error;

	/* Some errors have rolled back already. A rollback that fails leaves nothing behind
	 * either: SQLite takes up what is on disk again with the next transaction. */
	if (sqlite3_get_autocommit(store->db) == 0)
		run(store, LC_STORE_ROLLBACK, &error);
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
	if (size_of(store, SQLITE_FCNTL_JOURNAL_POINTER) < CHECKPOINT_BYTES)
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

static enum lc_sql_step read_meta(struct lc_store *store, const char *name, uint64_t *value,
				  struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, LC_STORE_READ_META, error);
	enum lc_sql_step step;

	if (statement == NULL)
		return LC_SQL_FAILED;
	LC_ASSERT(sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
	step = lc_sql_step(statement, store->path, error);
	if (step == LC_SQL_ROW) {
		*value = lc_sql_count(statement, 0);
		sqlite3_reset(statement);
	}
	return step;
}

bool lc_store_read_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error)
{
	enum lc_sql_step step = read_meta(store, name, value, error);

	if (step == LC_SQL_DONE)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: %s is missing",
				    store->path, name);
	return step == LC_SQL_ROW;
}

bool lc_store_find_meta(struct lc_store *store, const char *name, uint64_t *value,
			struct lc_error *error)
{
	return read_meta(store, name, value, error) != LC_SQL_FAILED;
}

bool lc_store_set_meta(struct lc_store *store, enum lc_store_statement how, const char *name,
		       uint64_t value, struct lc_error *error)
{
	sqlite3_stmt *statement = lc_store_take(store, how, error);

	if (statement == NULL)
		return false;
	LC_ASSERT(sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
	lc_sql_bind_number(statement, 2, (int64_t)value);
	return lc_sql_run(statement, store->path, error);
}

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
