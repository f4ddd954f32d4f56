#include "support/former_ledger.h"

#include "support/story.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { START = LC_FORMER_LEDGER_START, HOUR = 3600, SLOT = 300, SQL_SIZE = 1024 };

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
    " rows INTEGER NOT NULL);"
    "CREATE INDEX open_intent_by_target ON open_intent (target_bucket, id);"
    "CREATE TABLE hour (hour INTEGER PRIMARY KEY, oldest_second INTEGER NOT NULL);"
    "CREATE TABLE slot (slot INTEGER NOT NULL, source INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " PRIMARY KEY (slot, source)) WITHOUT ROWID;"
    "CREATE TABLE target (bucket BLOB PRIMARY KEY, refused INTEGER NOT NULL,"
    " failures INTEGER NOT NULL, probe_at_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE origin (modulus INTEGER NOT NULL, remainder INTEGER NOT NULL,"
    " until INTEGER NOT NULL, horizon INTEGER NOT NULL,"
    " PRIMARY KEY (modulus, remainder)) WITHOUT ROWID;"
    "PRAGMA application_id = 1279478855; PRAGMA user_version = 1";

static const char HOUR_TABLE[] =
    "CREATE TABLE objects_%d (id INTEGER PRIMARY KEY, source INTEGER NOT NULL,"
    " first_second INTEGER NOT NULL, last_second INTEGER NOT NULL,"
    " rows INTEGER NOT NULL, bytes INTEGER NOT NULL, expired INTEGER NOT NULL,"
    " target_bucket BLOB NOT NULL, target_prefix BLOB NOT NULL, key BLOB NOT NULL,"
    " taken_rows BLOB NOT NULL);"
    "CREATE INDEX objects_%d_by_source ON objects_%d (source, last_second, first_second);"
    "INSERT INTO hour VALUES (%d, %d)";

static const struct {
	int source;
	int first;   /* seconds from the start */
	int seconds; /* one after the other */
	int rows;    /* in each */
	const char *bucket;
	const char *prefix;
	bool open;
	bool expired;
} OBJECTS[] = {
    {1, 10, 1, 2, "t1", "a/", false, false},
    {1, 20, 2, 2, "t1", "a/", true, false},
    {2, 30, 1, 1, "t2", "", true, false},
    {1, HOUR + 5, 1, 2, "t1", "b/", true, false},
    {3, HOUR + 6, 1, 1, "t1", "a/", false, true},
    {2, HOUR - 1, 2, 1, "t2", "", true, false},
    {1, 2 * HOUR + 1, 1, 1, "t1", "a/", true, false},
    {1, 15, 1, 1, "t1", "a/", true, false}, /* a row that came late */
};

static void execute(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static void execute_format(sqlite3 *db, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void execute_format(sqlite3 *db, const char *format, ...)
{
	char sql[SQL_SIZE];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(sql, sizeof(sql), format, arguments);
	va_end(arguments);
	assert_true(size > 0 && size < SQL_SIZE);
	execute(db, sql);
}

/* ---- log objects ---- */

static void append_number(char *blob, size_t *size, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*size +=
		    (size_t)snprintf(blob + *size, 3, "%02X", (unsigned)(value >> 8 * i & 255));
}

/* Seconds, rows and hashes as formats/taken_rows.h says, in hexadecimal. Hashes: the object's
 * number times 1,000, and so on. */
static void write_blob(char *blob, size_t object)
{
	uint64_t hash = (object + 1) * 1000;
	size_t size = 0;

	append_number(blob, &size, 1, 1);
	for (int i = 0; i < OBJECTS[object].seconds; i++) {
		append_number(blob, &size, (uint64_t)START + (uint64_t)(OBJECTS[object].first + i),
			      4);
		append_number(blob, &size, (uint64_t)OBJECTS[object].rows, 4);
		for (int row = 0; row < OBJECTS[object].rows; row++)
			append_number(blob, &size, hash++, 8);
	}
}

static void add_object(sqlite3 *db, size_t object)
{
	int id = (int)object + 1;
	int source = OBJECTS[object].source;
	int first = START + OBJECTS[object].first;
	int last = first + OBJECTS[object].seconds - 1;
	int rows = OBJECTS[object].seconds * OBJECTS[object].rows;
	const char *bucket = OBJECTS[object].bucket;
	const char *prefix = OBJECTS[object].prefix;
	char blob[256];

	write_blob(blob, object);
	execute_format(db,
		       "INSERT INTO objects_%d VALUES (%d, %d, %d, %d, %d, %d, %d,"
		       " CAST('%s' AS BLOB), CAST('%s' AS BLOB), CAST('%skey-%d' AS BLOB), x'%s')",
		       last / HOUR, id, source, first, last, rows, rows * 500,
		       OBJECTS[object].expired, bucket, prefix, prefix, id, blob);
	if (OBJECTS[object].open)
		execute_format(db,
			       "INSERT INTO open_intent VALUES (%d, %d, %d, CAST('%s' AS BLOB), "
			       "%d, %d)",
			       id, last / HOUR, source, bucket, first, rows);
	for (int second = first; second <= last; second++)
		execute_format(db,
			       "INSERT INTO slot VALUES (%d, %d, %d) ON CONFLICT (slot, source)"
			       " DO UPDATE SET rows = rows + excluded.rows",
			       second / SLOT, source, OBJECTS[object].rows);
	execute_format(db, "UPDATE source SET last_second = max(last_second, %d) WHERE id = %d",
		       last, source);
}

/* ---- the whole ---- */

static void fill(sqlite3 *db, unsigned shard, unsigned shards)
{
	unsigned session = shard + shards;

	execute_format(db,
		       "INSERT INTO meta VALUES ('shard', %u), ('shard_count', %u), ('until', %d),"
		       " ('doubtful_until', 0), ('horizon', %d), ('expired_until', 0),"
		       " ('next_intent_id', 12)",
		       shard, shards, START + 3 * HOUR, START - HOUR);
	execute_format(db,
		       "INSERT INTO source VALUES"
		       " (1, %u, CAST('b' AS BLOB), %d, 5, CAST('REQ' AS BLOB), %d, 0),"
		       " (2, %u, CAST('c' AS BLOB), NULL, NULL, NULL, 0, 0),"
		       " (3, %u, CAST('b' AS BLOB), NULL, NULL, NULL, 0, 0)",
		       session, START - 1, START - 1, session, session + shards);
	execute_format(db, "INSERT INTO open_range VALUES (1, %d, %d, %d)", START + 3 * HOUR - 10,
		       START + 3 * HOUR, START + 3 * HOUR + 1);
	execute(db, "INSERT INTO target VALUES (CAST('t1' AS BLOB), 1, 5, 1700000000123),"
		    " (CAST('t2' AS BLOB), 0, 2, 1700000000456)");
	for (int hour = START / HOUR; hour < START / HOUR + 3; hour++)
		execute_format(db, HOUR_TABLE, hour, hour, hour, hour, hour * HOUR - 1);
	for (size_t i = 0; i < sizeof(OBJECTS) / sizeof(OBJECTS[0]); i++)
		add_object(db, i);
}

void lc_former_ledger_make(const char *path, unsigned shard, unsigned shards,
			   enum lc_former_ledger_how how)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	execute(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF");
	if (how != LC_FORMER_LEDGER_MOVED)
		execute(db, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
	execute(db, TABLES);
	if (how == LC_FORMER_LEDGER_KILLED) {
		execute(db, "PRAGMA wal_checkpoint(TRUNCATE)");
		assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL),
				 SQLITE_OK);
	}
	execute(db, "BEGIN");
	fill(db, shard, shards);
	execute(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
