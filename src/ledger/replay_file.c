#include "ledger/replay_file.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/file.h"
#include "ledger/file_name.h"
#include "ledger/schema.h"
#include "ledger/sql.h"
#include "ledger/store.h"
#include "ledger/store_base.h"
#include "ledger/store_sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_BEGIN "replay-"
#define NAME_END ".db"

/* An identity: a time, and the number of a shard. */
enum { TIME_SIZE = sizeof("20261130T081500Z") - 1 };

static const char TABLE[] =
    "CREATE TABLE replay (id BLOB NOT NULL, of_target INTEGER NOT NULL, session INTEGER NOT NULL,"
    " bucket BLOB NOT NULL, prefix BLOB NOT NULL, whole_bucket INTEGER NOT NULL,"
    " first_second INTEGER NOT NULL, until INTEGER NOT NULL, ordered_at INTEGER NOT NULL,"
    " ended_at INTEGER NOT NULL, state INTEGER NOT NULL, reason BLOB NOT NULL,"
    " sources INTEGER NOT NULL, rows INTEGER NOT NULL, delivered INTEGER NOT NULL)";

static const char INSERT[] = "INSERT INTO replay VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
			     "?11, ?12, ?13, ?14, ?15)";

static const char SELECT[] =
    "SELECT id, of_target, session, bucket, prefix, whole_bucket, first_second, until, ordered_at,"
    " ended_at, state, reason, sources, rows, delivered FROM replay";

static const char TAKEN[] = "SELECT coalesce((SELECT sum(rows) FROM slot), 0) - "
			    "coalesce((SELECT sum(rows) FROM open_intent), 0)";

struct lc_view lc_replay_bucket(const struct lc_replay_record *record)
{
	return (struct lc_view){.data = record->bucket, .size = record->bucket_size};
}

struct lc_view lc_replay_prefix(const struct lc_replay_record *record)
{
	return (struct lc_view){.data = record->prefix, .size = record->prefix_size};
}

/* ---- names ---- */

void lc_replay_id_make(char id[LC_REPLAY_ID_SIZE], uint32_t ordered_at, unsigned shard)
{
	struct lc_clock_date date = lc_clock_date_of(ordered_at);
	int size =
	    snprintf(id, LC_REPLAY_ID_SIZE, "%04u%02u%02uT%02u%02u%02uZ-%u", (unsigned)date.year,
		     (unsigned)date.month, (unsigned)date.day, (unsigned)date.hour,
		     (unsigned)date.minute, (unsigned)date.second, shard);

	LC_ASSERT(size > 0 && size < LC_REPLAY_ID_SIZE);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool lc_replay_id_read(struct lc_view text, unsigned *shard)
{
	static const char FORM[] = "########T######Z-";

	*shard = 0;
	if (text.size <= TIME_SIZE + 1 || text.size >= LC_REPLAY_ID_SIZE ||
	    text.size > TIME_SIZE + 1 + 5)
		return false;
	for (size_t i = 0; i < sizeof(FORM) - 1; i++) {
		if (FORM[i] == '#' ? !is_digit(text.data[i]) : text.data[i] != FORM[i])
			return false;
	}
	for (size_t i = sizeof(FORM) - 1; i < text.size; i++) {
		if (!is_digit(text.data[i]))
			return false;
		*shard = *shard * 10 + (unsigned)(text.data[i] - '0');
	}
	return true;
}

bool lc_replay_file_path(char path[PATH_MAX], const char *directory, const char *id,
			 struct lc_error *error)
{
	int size = snprintf(path, PATH_MAX, "%s/" NAME_BEGIN "%s" NAME_END, directory, id);

	return (size > 0 && size < PATH_MAX) ||
	       lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
}

bool lc_replay_file_parse(const char *name, char id[LC_REPLAY_ID_SIZE], bool *whole)
{
	const char *begin = name + sizeof(NAME_BEGIN) - 1;
	const char *end;
	unsigned shard;

	if (strncmp(name, NAME_BEGIN, sizeof(NAME_BEGIN) - 1) != 0)
		return false;
	end = strstr(begin, NAME_END);
	if (end == NULL ||
	    !lc_replay_id_read((struct lc_view){begin, (size_t)(end - begin)}, &shard))
		return false;
	snprintf(id, LC_REPLAY_ID_SIZE, "%.*s", (int)(end - begin), begin);
	*whole = end[sizeof(NAME_END) - 1] == '\0';
	return true;
}

/* ---- making one ---- */

static bool put_record(struct lc_store *store, const struct lc_replay_record *record,
		       struct lc_error *error)
{
	sqlite3_stmt *statement = NULL;
	bool put;

	if (!lc_sql_execute(store->db, store->path, TABLE, error) ||
	    !lc_sql_prepare(store->db, store->path, INSERT, &statement, error))
		return false;
	lc_sql_bind_view(statement, 1, lc_view_of(record->id));
	lc_sql_bind_number(statement, 2, record->of_target);
	lc_sql_bind_number(statement, 3, record->raft_session_id);
	lc_sql_bind_view(statement, 4, lc_replay_bucket(record));
	lc_sql_bind_view(statement, 5, lc_replay_prefix(record));
	lc_sql_bind_number(statement, 6, record->whole_bucket);
	lc_sql_bind_number(statement, 7, record->from);
	lc_sql_bind_number(statement, 8, record->to);
	lc_sql_bind_number(statement, 9, record->ordered_at);
	lc_sql_bind_number(statement, 10, record->ended_at);
	lc_sql_bind_number(statement, 11, record->state);
	lc_sql_bind_view(statement, 12, lc_view_of(record->reason));
	lc_sql_bind_number(statement, 13, (int64_t)record->sources);
	lc_sql_bind_number(statement, 14, (int64_t)record->rows);
	lc_sql_bind_number(statement, 15, (int64_t)record->delivered);
	put = lc_sql_run(statement, store->path, error);
	sqlite3_finalize(statement);
	return put;
}

/* No range may reach past the end of the last window. */
static bool put_sources(struct lc_store *store, const struct lc_replay_source *sources,
			size_t count, struct lc_error *error)
{
	uint32_t until = 0;

	for (size_t i = 0; i < count; i++) {
		struct lc_ledger_range range = {
		    .from = sources[i].from, .to = sources[i].until, .since = sources[i].from};

		if (!lc_store_set_ranges(store, &sources[i].name, &range, 1, error))
			return false;
		until = sources[i].until > until ? sources[i].until : until;
	}
	return lc_store_set_until(store, until, error);
}

static bool fill(const char *draft, const struct lc_replay_record *record, unsigned shard,
		 unsigned shard_count, const struct lc_replay_source *sources, size_t count,
		 struct lc_error *error)
{
	struct lc_ledger_options options = {
	    .path = draft, .shard = shard, .shard_count = shard_count};
	struct lc_ledger_state state = {.fresh = false};
	struct lc_store *store = lc_store_open(&options, &state, error);
	bool filled;

	if (store == NULL)
		return false;
	filled = lc_store_begin(store, error) && put_record(store, record, error) &&
		 put_sources(store, sources, count, error) && lc_store_commit(store, error);
	lc_store_close(store);
	return filled;
}

/* What SQLite has left beside the file that is replaced must not become part of the new one. Nor
 * may that file ever stand there without it: it would have forgotten what was delivered. */
static bool put_in_place(const char *draft, const char *path, struct lc_error *error)
{
	if (!lc_file_remove(path, error) || !lc_file_name_remove_all(path, error))
		return false;
	if (rename(draft, path) != 0)
		return lc_error_set_errno(error, errno, "replay %s: renaming %s", path, draft);
	return lc_file_sync_directory_of(path, error);
}

bool lc_replay_file_make(const char *path, const struct lc_replay_record *record, unsigned shard,
			 unsigned shard_count, const struct lc_replay_source *sources, size_t count,
			 struct lc_error *error)
{
	struct lc_error ignored;
	char draft[PATH_MAX];
	int size = snprintf(draft, sizeof(draft), "%s.draft", path);

	if (size < 0 || (size_t)size >= sizeof(draft))
		return lc_error_set(error, LC_ERROR_USAGE, "state-directory: the path is too long");
	if (!lc_file_name_remove_all(draft, error))
		return false;
	if (fill(draft, record, shard, shard_count, sources, count, error) &&
	    put_in_place(draft, path, error))
		return true;
	lc_file_name_remove_all(draft, &ignored);
	return false;
}

/* ---- reading one ---- */

static bool take_text(struct lc_view text, char *place, size_t most, size_t *size)
{
	*size = text.size;
	if (text.size > most)
		return false;
	if (text.size > 0)
		memcpy(place, text.data, text.size);
	return true;
}

/* False if it cannot be what a replay says. */
static bool take_record(sqlite3_stmt *statement, struct lc_replay_record *record)
{
	uint32_t state = lc_sql_second(statement, 10);
	unsigned shard;
	size_t size;

	*record = (struct lc_replay_record){
	    .of_target = sqlite3_column_int(statement, 1) != 0,
	    .raft_session_id = lc_sql_second(statement, 2),
	    .whole_bucket = sqlite3_column_int(statement, 5) != 0,
	    .from = lc_sql_second(statement, 6),
	    .to = lc_sql_second(statement, 7),
	    .ordered_at = lc_sql_second(statement, 8),
	    .ended_at = lc_sql_second(statement, 9),
	    .sources = lc_sql_count(statement, 12),
	    .rows = lc_sql_count(statement, 13),
	    .delivered = lc_sql_count(statement, 14),
	};
	if (state >= LC_REPLAY_STATE_COUNT ||
	    !take_text(lc_sql_view(statement, 0), record->id, LC_REPLAY_ID_SIZE - 1, &size) ||
	    !take_text(lc_sql_view(statement, 3), record->bucket, LC_REPLAY_NAME_MAX,
		       &record->bucket_size) ||
	    !take_text(lc_sql_view(statement, 4), record->prefix, LC_REPLAY_NAME_MAX,
		       &record->prefix_size) ||
	    !take_text(lc_sql_view(statement, 11), record->reason, LC_REPLAY_REASON_SIZE - 1,
		       &size))
		return false;
	record->state = (enum lc_replay_state)state;
	return record->from < record->to && lc_replay_id_read(lc_view_of(record->id), &shard);
}

static bool read_record(sqlite3 *db, const char *path, struct lc_replay_record *record,
			struct lc_error *error)
{
	sqlite3_stmt *statement = NULL;
	enum lc_sql_step step;
	bool good;

	if (!lc_sql_prepare(db, path, SELECT, &statement, error))
		return false;
	step = lc_sql_step(statement, path, error);
	good = step == LC_SQL_ROW && take_record(statement, record);
	sqlite3_finalize(statement);
	if (step == LC_SQL_FAILED || good)
		return good;
	return lc_error_set(error, LC_ERROR_CORRUPT, "replay %s: it does not say what it is about",
			    path);
}

static bool read_number(sqlite3 *db, const char *path, const char *sql, uint64_t *number,
			struct lc_error *error)
{
	int64_t value;

	if (!lc_sql_number(db, path, sql, &value, error))
		return false;
	*number = value > 0 ? (uint64_t)value : 0;
	return true;
}

static bool read_all(sqlite3 *db, const char *path, struct lc_replay_record *record,
		     unsigned *shard, unsigned *shard_count, struct lc_error *error)
{
	uint64_t own_shard;
	uint64_t own_count;

	if (!read_record(db, path, record, error) ||
	    !read_number(db, path, "SELECT value FROM meta WHERE name = 'shard'", &own_shard,
			 error) ||
	    !read_number(db, path, "SELECT value FROM meta WHERE name = 'shard_count'", &own_count,
			 error))
		return false;
	*shard = (unsigned)own_shard;
	*shard_count = (unsigned)own_count;
	return record->state != LC_REPLAY_UNFINISHED ||
	       read_number(db, path, TAKEN, &record->delivered, error);
}

bool lc_replay_file_read(const char *path, struct lc_replay_record *record, unsigned *shard,
			 unsigned *shard_count, struct lc_error *error)
{
	sqlite3 *db = lc_schema_upgrade(path, error) ? lc_schema_open_for_check(path, error) : NULL;
	bool read;

	if (db == NULL)
		return false;
	read = read_all(db, path, record, shard, shard_count, error);
	sqlite3_close(db);
	return read;
}
