#include "ledger/schema.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "ledger/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes a page. Larger ones waste less at the end of a blob, smaller ones write less for a number.
 */
#define PAGE_SIZE "4096"

/* For what is dropped with the hour, and for the sources that stay. */
#define INTENTS_BY_HOUR "CREATE INDEX open_intent_by_hour ON open_intent (hour, source);"

/* By id for building bodies again, by second for the age of the oldest. */
#define INTENTS_BY_TARGET                                                                       \
	"CREATE INDEX open_intent_by_target ON open_intent (target_bucket, target_prefix, id);" \
	"CREATE INDEX open_intent_by_age ON open_intent (target_bucket, target_prefix,"         \
	" first_second);"

#define TARGET_TABLE                                                                  \
	"CREATE TABLE target (bucket BLOB NOT NULL, whole INTEGER NOT NULL,"          \
	" prefix BLOB NOT NULL, refused INTEGER NOT NULL, failures INTEGER NOT NULL," \
	" probe_at_ms INTEGER NOT NULL, given_up INTEGER NOT NULL DEFAULT 0,"         \
	" PRIMARY KEY (bucket, whole, prefix)) WITHOUT ROWID;"

static const char TABLES[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE source (id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL,"
    " bucket BLOB NOT NULL, floor_second INTEGER, floor_start_ms INTEGER, floor_req_id BLOB,"
    " committed_second INTEGER NOT NULL DEFAULT 0, last_second INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (session, bucket));"
    "CREATE TABLE open_range (source INTEGER NOT NULL, first_second INTEGER NOT NULL,"
    " until INTEGER NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (source, first_second)) WITHOUT ROWID;"
    "CREATE TABLE open_intent (id INTEGER PRIMARY KEY, hour INTEGER NOT NULL,"
    " source INTEGER NOT NULL, target_bucket BLOB NOT NULL, first_second INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, target_prefix BLOB NOT NULL DEFAULT x'');" INTENTS_BY_HOUR
	INTENTS_BY_TARGET
    "CREATE TABLE hour (hour INTEGER PRIMARY KEY, oldest_second INTEGER NOT NULL);"
    "CREATE TABLE slot (slot INTEGER NOT NULL, source INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " PRIMARY KEY (slot, source)) WITHOUT ROWID;" TARGET_TABLE
    "CREATE TABLE origin (modulus INTEGER NOT NULL, remainder INTEGER NOT NULL,"
    " until INTEGER NOT NULL, horizon INTEGER NOT NULL,"
    " PRIMARY KEY (modulus, remainder)) WITHOUT ROWID;";

void lc_schema_table_name(uint32_t hour, char name[LC_SCHEMA_TABLE_NAME_SIZE])
{
	snprintf(name, LC_SCHEMA_TABLE_NAME_SIZE, "objects_%u", (unsigned)hour);
}

bool lc_schema_add_hour(sqlite3 *db, const char *path, uint32_t hour, struct lc_error *error)
{
	char name[LC_SCHEMA_TABLE_NAME_SIZE];
	char sql[1024];

	lc_schema_table_name(hour, name);
	snprintf(sql, sizeof sql,
		 "CREATE TABLE %s (id INTEGER PRIMARY KEY, source INTEGER NOT NULL,"
		 " first_second INTEGER NOT NULL, last_second INTEGER NOT NULL,"
		 " rows INTEGER NOT NULL, bytes INTEGER NOT NULL, expired INTEGER NOT NULL,"
		 " target_bucket BLOB NOT NULL, target_prefix BLOB NOT NULL, key BLOB NOT NULL,"
		 " taken_rows BLOB NOT NULL);"
		 "CREATE INDEX %s_by_source ON %s (source, last_second, first_second);",
		 name, name, name);
	return lc_sql_execute(db, path, sql, error);
}

bool lc_schema_drop_hour(sqlite3 *db, const char *path, uint32_t hour, struct lc_error *error)
{
	char name[LC_SCHEMA_TABLE_NAME_SIZE];
	char sql[LC_SCHEMA_TABLE_NAME_SIZE + 16];

	lc_schema_table_name(hour, name);
	snprintf(sql, sizeof sql, "DROP TABLE %s", name);
	return lc_sql_execute(db, path, sql, error);
}

/* What a connection needs before it first touches the file. Nobody else may open a ledger while we
 * have it: the lock is kept, and the index of the write-ahead log stays in our own memory, where a
 * full disk cannot take it away. */
static bool prepare_connection(sqlite3 *db, const char *path, struct lc_error *error)
{
	if (sqlite3_extended_result_codes(db, 1) != SQLITE_OK ||
	    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
		return lc_sql_fail(db, path, "opening", error);
	return lc_sql_execute(db, path,
			      "PRAGMA busy_timeout = 0;"
			      "PRAGMA locking_mode = EXCLUSIVE;"
			      "PRAGMA foreign_keys = OFF;"
			      "PRAGMA trusted_schema = OFF;"
			      "PRAGMA cell_size_check = ON;"
			      "PRAGMA mmap_size = 0;"
			      "PRAGMA cache_size = -2048;"
			      /* Some systems overwrite what is deleted, unless told otherwise. */
			      "PRAGMA secure_delete = OFF",
			      error);
}

static sqlite3 *connect(const char *path, int flags, struct lc_error *error)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		lc_sql_fail(db, path, "opening", error);
		sqlite3_close(db);
		return NULL;
	}
	if (!prepare_connection(db, path, error)) {
		sqlite3_close(db);
		return NULL;
	}
	return db;
}

static bool add_tables(sqlite3 *db, const char *path, unsigned shard, unsigned shard_count,
		       struct lc_error *error)
{
	char sql[512];

	snprintf(sql, sizeof sql,
		 "INSERT INTO meta (name, value) VALUES ('shard', %u), ('shard_count', %u),"
		 " ('until', 0), ('doubtful_until', 0), ('horizon', 0), ('expired_until', 0),"
		 " ('next_intent_id', 1);"
		 "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 shard, shard_count, LC_SCHEMA_APPLICATION_ID, LC_SCHEMA_VERSION);
	return lc_sql_execute(db, path, "PRAGMA page_size = " PAGE_SIZE "; BEGIN", error) &&
	       lc_sql_execute(db, path, TABLES, error) && lc_sql_execute(db, path, sql, error) &&
	       lc_sql_execute(db, path, "COMMIT", error);
}

static bool sync_directory_of(const char *path, struct lc_error *error)
{
	char *copy = lc_memory_copy_text(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (!synced)
		lc_error_set_errno(error, errno, "ledger %s: making its directory durable", path);
	if (fd >= 0)
		close(fd);
	free(copy);
	return synced;
}

/* A write-ahead log without its ledger must not become part of the new one. */
static bool remove_remains(const char *path, struct lc_error *error)
{
	static const char *const SUFFIXES[] = {"-wal", "-shm", "-journal"};
	size_t size = strlen(path) + 16;
	char *name = lc_memory_zero(size, 1);
	bool removed = true;

	for (size_t i = 0; removed && i < sizeof SUFFIXES / sizeof SUFFIXES[0]; i++) {
		snprintf(name, size, "%s%s", path, SUFFIXES[i]);
		if (unlink(name) != 0 && errno != ENOENT)
			removed =
			    lc_error_set_errno(error, errno, "ledger %s: removing %s", path, name);
	}
	free(name);
	return removed;
}

static bool make_as(const char *draft, const char *path, unsigned shard, unsigned shard_count,
		    struct lc_error *error)
{
	sqlite3 *db;
	bool made;

	if (unlink(draft) != 0 && errno != ENOENT)
		return lc_error_set_errno(error, errno, "ledger %s: removing %s", path, draft);
	if (!remove_remains(draft, error) || !remove_remains(path, error))
		return false;
	db = connect(draft, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
	if (db == NULL)
		return false;
	made = lc_sql_execute(db, draft, "PRAGMA synchronous = FULL", error) &&
	       add_tables(db, draft, shard, shard_count, error);
	sqlite3_close(db);
	if (!made)
		return false;
	if (rename(draft, path) != 0)
		return lc_error_set_errno(error, errno, "ledger %s: renaming %s", path, draft);
	return sync_directory_of(path, error);
}

static bool make(const char *path, unsigned shard, unsigned shard_count, struct lc_error *error)
{
	size_t size = strlen(path) + 8;
	char *draft = lc_memory_zero(size, 1);
	bool made;

	snprintf(draft, size, "%s.new", path);
	made = make_as(draft, path, shard, shard_count, error);
	free(draft);
	return made;
}

/* The version of its schema: this one, or an older one that can be brought up to it. */
static bool recognise(sqlite3 *db, const char *path, int64_t *version, struct lc_error *error)
{
	int64_t application;

	if (!lc_sql_number(db, path, "PRAGMA application_id", &application, error) ||
	    !lc_sql_number(db, path, "PRAGMA user_version", version, error))
		return false;
	if (application != LC_SCHEMA_APPLICATION_ID)
		return lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: the file is not a ledger",
				    path);
	if (*version > LC_SCHEMA_VERSION)
		return lc_error_set(
		    error, LC_ERROR_CORRUPT,
		    "ledger %s: its schema is version %lld, of a newer release; this release knows "
		    "versions up to %d: install the newer release again, which can go on from it",
		    path, (long long)*version, (int)LC_SCHEMA_VERSION);
	return *version >= 1 ||
	       lc_error_set(error, LC_ERROR_CORRUPT, "ledger %s: its schema has no version", path);
}

/* ---- upgrades ---- */

/* Version 1 knew targets by their bucket alone. */
static const char FROM_VERSION_1[] =
    "ALTER TABLE open_intent ADD COLUMN target_prefix BLOB NOT NULL DEFAULT x'';"
    "DROP INDEX open_intent_by_target;" INTENTS_BY_HOUR
    "ALTER TABLE target RENAME TO bucket_before;" TARGET_TABLE
    "INSERT INTO target (bucket, whole, prefix, refused, failures, probe_at_ms)"
    " SELECT bucket, 1, x'', refused, failures, probe_at_ms FROM bucket_before;"
    "DROP TABLE bucket_before;";

/* The prefix of an open intent stands in its object. */
static bool copy_prefixes(sqlite3 *db, const char *path, struct lc_error *error)
{
	sqlite3_stmt *hours = NULL;
	enum lc_sql_step step;

	if (!lc_sql_prepare(db, path, "SELECT hour FROM hour", &hours, error))
		return false;
	while ((step = lc_sql_step(hours, path, error)) == LC_SQL_ROW) {
		uint32_t hour = lc_sql_second(hours, 0);
		char name[LC_SCHEMA_TABLE_NAME_SIZE];
		char sql[256];

		lc_schema_table_name(hour, name);
		snprintf(sql, sizeof sql,
			 "UPDATE open_intent SET target_prefix = coalesce((SELECT b.target_prefix"
			 " FROM %s b WHERE b.id = open_intent.id), x'') WHERE hour = %u",
			 name, (unsigned)hour);
		if (!lc_sql_execute(db, path, sql, error)) {
			step = LC_SQL_FAILED;
			break;
		}
	}
	sqlite3_finalize(hours);
	return step == LC_SQL_DONE;
}

static bool leave_version_1(sqlite3 *db, const char *path, struct lc_error *error)
{
	return lc_sql_execute(db, path, FROM_VERSION_1, error) && copy_prefixes(db, path, error) &&
	       lc_sql_execute(db, path, INTENTS_BY_TARGET "PRAGMA user_version = 2", error);
}

/* In one transaction: a ledger is of one version or of the other, whenever the process dies. */
static bool upgrade(sqlite3 *db, const char *path, int64_t version, struct lc_error *error)
{
	struct lc_error ignored;

	if (version == LC_SCHEMA_VERSION)
		return true;
	if (lc_sql_execute(db, path, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE", error) &&
	    leave_version_1(db, path, error) && lc_sql_execute(db, path, "COMMIT", error)) {
		lc_log(LC_LOG_INFO, "the ledger of an earlier release was upgraded",
		       LC_LOG_TEXT("ledger", path));
		return true;
	}
	if (sqlite3_get_autocommit(db) == 0)
		lc_sql_execute(db, path, "ROLLBACK", &ignored);
	return false;
}

static bool check_shard(sqlite3 *db, const char *path, unsigned shard, unsigned shard_count,
			struct lc_error *error)
{
	int64_t own_shard;
	int64_t own_count;

	if (!lc_sql_number(db, path, "SELECT value FROM meta WHERE name = 'shard'", &own_shard,
			   error) ||
	    !lc_sql_number(db, path, "SELECT value FROM meta WHERE name = 'shard_count'",
			   &own_count, error))
		return false;
	if (own_shard != (int64_t)shard || own_count != (int64_t)shard_count)
		return lc_error_set(error, LC_ERROR_CORRUPT,
				    "ledger %s: it belongs to shard %lld of %lld, not to shard %u "
				    "of %u",
				    path, (long long)own_shard, (long long)own_count, shard,
				    shard_count);
	return true;
}

/* The log is checkpointed apart from commits, once their callers have been told. */
static bool use_write_ahead_log(sqlite3 *db, const char *path, struct lc_error *error)
{
	return lc_sql_execute(db, path,
			      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			      "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864",
			      error);
}

static sqlite3 *open_in_memory(const char *path, unsigned shard, unsigned shard_count,
			       struct lc_error *error)
{
	sqlite3 *db = connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);

	if (db != NULL && !add_tables(db, path, shard, shard_count, error)) {
		sqlite3_close(db);
		return NULL;
	}
	return db;
}

sqlite3 *lc_schema_open(const char *path, unsigned shard, unsigned shard_count, bool *fresh,
			struct lc_error *error)
{
	int64_t version;
	sqlite3 *db;

	*fresh = true;
	if (strcmp(path, ":memory:") == 0)
		return open_in_memory(path, shard, shard_count, error);
	*fresh = lc_file_is_missing(path);
	if (*fresh && !make(path, shard, shard_count, error))
		return NULL;
	db = connect(path, SQLITE_OPEN_READWRITE, error);
	if (db == NULL)
		return NULL;
	if (!recognise(db, path, &version, error) ||
	    !check_shard(db, path, shard, shard_count, error) ||
	    !use_write_ahead_log(db, path, error) || !upgrade(db, path, version, error)) {
		sqlite3_close(db);
		return NULL;
	}
	return db;
}

bool lc_schema_upgrade(const char *path, struct lc_error *error)
{
	sqlite3 *db = connect(path, SQLITE_OPEN_READWRITE, error);
	int64_t version;
	bool upgraded;

	if (db == NULL)
		return false;
	upgraded = recognise(db, path, &version, error) && upgrade(db, path, version, error);
	sqlite3_close(db);
	return upgraded;
}

sqlite3 *lc_schema_open_for_check(const char *path, struct lc_error *error)
{
	sqlite3 *db = connect(path, SQLITE_OPEN_READWRITE, error);
	int64_t version;

	if (db == NULL)
		return NULL;
	/* Closing must not move the log into the file. */
	if (sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK) {
		lc_sql_fail(db, path, "opening", error);
		sqlite3_close(db);
		return NULL;
	}
	if (!recognise(db, path, &version, error)) {
		sqlite3_close(db);
		return NULL;
	}
	if (version != LC_SCHEMA_VERSION) {
		lc_error_set(error, LC_ERROR_SYSTEM,
			     "ledger %s: its schema is version %lld, of an earlier release; the "
			     "service upgrades it to version %d when it starts",
			     path, (long long)version, (int)LC_SCHEMA_VERSION);
		sqlite3_close(db);
		return NULL;
	}
	return db;
}
