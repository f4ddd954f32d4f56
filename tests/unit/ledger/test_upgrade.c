/* A ledger of an earlier release is brought up to the present schema, wholly or not at all. */
#include "base/memory.h"
#include "ledger/ledger_check.h"
#include "ledger/schema.h"
#include "support/former_ledger.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START = LC_FORMER_LEDGER_START, HOUR = 3600, SHARD = 1, SHARDS = 4, TEXT_MAX = 1 << 20 };

static const enum lc_former_ledger_how EVERY_WAY[] = {
    LC_FORMER_LEDGER_CLOSED, LC_FORMER_LEDGER_KILLED, LC_FORMER_LEDGER_MOVED};

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_store *store;
	struct lc_ledger_state state;
	struct lc_error error;
	struct lc_arena arena;
	struct lc_buffer told;
};

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_ledger_case_make_path(world->path);
	lc_arena_init(&world->arena, 1024);
	lc_buffer_init(&world->told, TEXT_MAX);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_store_close(world->store);
	lc_ledger_case_remove(world->path);
	lc_arena_free(&world->arena);
	lc_buffer_free(&world->told);
	free(world);
	return 0;
}

static void make(struct world *world, enum lc_former_ledger_how how)
{
	static const char *const SUFFIXES[] = {"", "-wal", "-journal"};
	char name[LC_LEDGER_CASE_PATH_SIZE + 16];

	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s%s", world->path, SUFFIXES[i]);
		unlink(name);
	}
	lc_former_ledger_make(world->path, SHARD, SHARDS, how);
}

/* ---- what a ledger tells; seconds count from the start ---- */

static void tell_view(struct world *world, struct lc_view view)
{
	lc_buffer_append_char(&world->told, ' ');
	lc_buffer_append_view(&world->told, view);
}

static void see_source(void *context, const struct lc_ledger_source *source,
		       const struct lc_ledger_range *ranges, size_t range_count)
{
	struct world *world = context;

	lc_buffer_append_format(&world->told, "range %u", source->raft_session_id);
	tell_view(world, source->bucket);
	for (size_t i = 0; i < range_count; i++)
		lc_buffer_append_format(&world->told, " %d-%d", (int)ranges[i].from - START,
					(int)ranges[i].to - START);
	lc_buffer_append_char(&world->told, '\n');
}

static void see_target(void *context, const struct lc_ledger_target *target)
{
	struct world *world = context;

	lc_buffer_append_text(&world->told, "target");
	tell_view(world, target->bucket);
	tell_view(world, target->prefix);
	lc_buffer_append_format(&world->told, "%s %u%s %lld given up %d\n",
				target->whole ? "(whole)" : "", target->failures,
				target->refused ? " refused" : "", (long long)target->probe_at_ms,
				(int)target->given_up);
}

static void see_backlog(void *context, const struct lc_ledger_backlog *backlog)
{
	struct world *world = context;

	lc_buffer_append_format(&world->told, "backlog %u", backlog->source.raft_session_id);
	tell_view(world, backlog->source.bucket);
	tell_view(world, backlog->target_bucket);
	tell_view(world, backlog->target_prefix);
	lc_buffer_append_format(&world->told, ": %d with %d rows from %d\n", (int)backlog->intents,
				(int)backlog->rows, (int)backlog->oldest_second - START);
}

static bool open_store(struct world *world)
{
	struct lc_ledger_options options = {
	    .path = world->path, .shard = SHARD, .shard_count = SHARDS};

	lc_buffer_clear(&world->told);
	world->state = (struct lc_ledger_state){.on_source = see_source,
						.on_target = see_target,
						.on_intents = see_backlog,
						.context = world};
	world->store = lc_store_open(&options, &world->state, &world->error);
	return world->store != NULL;
}

static void close_store(struct world *world)
{
	lc_store_close(world->store);
	world->store = NULL;
}

static void tell_intents(struct world *world, const char *bucket, const char *prefix)
{
	struct lc_ledger_intents_question question = {.bucket = lc_view_of(bucket),
						      .prefix = lc_view_of(prefix),
						      .limit = 10,
						      .max_bytes = UINT64_MAX};
	struct lc_ledger_intents open;

	if (!lc_store_read_intents(world->store, &question, &world->arena, &open, &world->error))
		fail_msg("%s", world->error.message);
	lc_buffer_append_format(&world->told, "open %s %s from %d:", bucket, prefix,
				open.count == 0 ? 0 : (int)open.oldest_second - START);
	for (size_t i = 0; i < open.count; i++) {
		tell_view(world, open.intents[i].key);
		lc_buffer_append_format(&world->told, "(%d)", (int)open.intents[i].rows);
	}
	lc_buffer_append_char(&world->told, '\n');
}

static void tell_hashes(struct world *world, uint32_t session, const char *bucket)
{
	struct lc_ledger_source source = {.raft_session_id = session, .bucket = lc_view_of(bucket)};
	struct lc_ledger_hashes hashes;

	if (!lc_store_read_hashes(world->store, &source, 0, UINT32_MAX, &world->arena, &hashes,
				  &world->error))
		fail_msg("%s", world->error.message);
	lc_buffer_append_format(&world->told, "taken %u %s%s:", session, bucket,
				hashes.has_floor ? " after a floor" : "");
	for (size_t i = 0; i < hashes.count; i++)
		lc_buffer_append_format(&world->told, " %d", (int)hashes.hashes[i]);
	lc_buffer_append_char(&world->told, '\n');
	free(hashes.hashes);
}

static void expect_all(struct world *world)
{
	assert_false(world->state.fresh);
	assert_int_equal(world->state.until, START + 3 * HOUR);
	assert_int_equal(world->state.horizon, START - HOUR);
	assert_int_equal(world->state.next_intent_id, 12);
	tell_intents(world, "t1", "a/");
	tell_intents(world, "t1", "b/");
	tell_intents(world, "t1", "");
	tell_intents(world, "t2", "");
	tell_hashes(world, 5, "b");
	tell_hashes(world, 5, "c");
	tell_hashes(world, 9, "b");
	assert_string_equal(lc_buffer_text(&world->told),
			    "range 5 b 10790-10800\n"
			    "target t1 (whole) 5 refused 1700000000123 given up 0\n"
			    "target t2 (whole) 2 1700000000456 given up 0\n"
			    "backlog 5 b t1 a/: 3 with 6 rows from 15\n"
			    "backlog 5 b t1 b/: 1 with 2 rows from 3605\n"
			    "backlog 5 c t2 : 2 with 3 rows from 30\n"
			    "open t1 a/ from 15: a/key-2(4) a/key-7(1) a/key-8(1)\n"
			    "open t1 b/ from 3605: b/key-4(2)\n"
			    "open t1  from 0:\n"
			    "open t2  from 30: key-3(1) key-6(2)\n"
			    "taken 5 b after a floor: 1000 1001 2000 2001 2002 2003 4000 4001 "
			    "7000 8000\n"
			    "taken 5 c: 3000 6000 6001\n"
			    "taken 9 b: 5000\n");
}

static void on_fault(void *context, const char *fault)
{
	(void)context;
	fail_msg("%s", fault);
}

static void expect_sound(struct world *world)
{
	if (!lc_ledger_check(world->path, on_fault, NULL, &world->error))
		fail_msg("%s", world->error.message);
}

static void expect_upgraded(struct world *world)
{
	if (!open_store(world))
		fail_msg("%s", world->error.message);
	expect_all(world);
	close_store(world);
	expect_sound(world);
}

/* ---- with SQL alone ---- */

static void add_query(struct lc_buffer *text, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while (sqlite3_step(row) == SQLITE_ROW)
		lc_buffer_append_format(text, "%s\n", (const char *)sqlite3_column_text(row, 0));
	assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* The file and its log stay as they are. */
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL),
			 SQLITE_OK);
	return db;
}

static int version_of(const char *path)
{
	sqlite3 *db = open_database(path);
	struct lc_buffer text;
	int version;

	lc_buffer_init(&text, TEXT_MAX);
	add_query(&text, db, "PRAGMA user_version");
	version = (int)strtol(lc_buffer_text(&text), NULL, 10);
	lc_buffer_free(&text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return version;
}

/* The tables that the two versions do not share, and how all are laid out. */
static char *dump_version_1(const char *path)
{
	sqlite3 *db = open_database(path);
	struct lc_buffer text;

	lc_buffer_init(&text, TEXT_MAX);
	add_query(&text, db, "SELECT name || coalesce(sql, '') FROM sqlite_master ORDER BY name");
	add_query(&text, db,
		  "SELECT id || ' ' || hour || ' ' || source || ' ' || hex(target_bucket) ||"
		  " ' ' || first_second || ' ' || rows FROM open_intent ORDER BY id");
	add_query(&text, db,
		  "SELECT hex(bucket) || ' ' || refused || ' ' || failures || ' ' || probe_at_ms"
		  " FROM target ORDER BY bucket");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_non_null(lc_buffer_text(&text));
	return text.data;
}

static char *dump_layout(const char *path)
{
	sqlite3 *db = open_database(path);
	struct lc_buffer text;

	lc_buffer_init(&text, TEXT_MAX);
	add_query(&text, db,
		  "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master"
		  " WHERE tbl_name NOT LIKE 'objects%' ORDER BY type, name");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_non_null(lc_buffer_text(&text));
	return text.data;
}

/* ---- stories ---- */

static void everything_is_found_again(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < sizeof EVERY_WAY / sizeof EVERY_WAY[0]; i++) {
		make(world, EVERY_WAY[i]);
		assert_int_equal(version_of(world->path), 1);
		expect_upgraded(world);
		assert_int_equal(version_of(world->path), 2);
		expect_upgraded(world);
	}
}

static void it_is_laid_out_as_a_new_one(void **state)
{
	struct world *world = *state;
	char *upgraded;
	char *fresh;

	make(world, LC_FORMER_LEDGER_CLOSED);
	assert_true(open_store(world));
	close_store(world);
	upgraded = dump_layout(world->path);
	assert_int_equal(unlink(world->path), 0);
	assert_true(open_store(world));
	close_store(world);
	fresh = dump_layout(world->path);
	assert_string_equal(upgraded, fresh);
	free(upgraded);
	free(fresh);
}

static void it_goes_on_as_a_new_one(void **state)
{
	struct world *world = *state;
	struct lc_ledger_target target = {
	    .bucket = lc_view_of("t1"), .prefix = lc_view_of("a/"), .refused = true, .failures = 1};

	make(world, LC_FORMER_LEDGER_KILLED);
	assert_true(open_store(world));
	assert_true(lc_store_begin(world->store, &world->error));
	assert_true(lc_store_set_delivered(world->store, 3, &world->error));
	assert_true(lc_store_withdraw_intent(world->store, 8, START + 15, &world->error));
	assert_true(lc_store_set_lost(world->store, 4, START + HOUR + 5, LC_LEDGER_LOST_DISCARDED,
				      &world->error));
	assert_true(lc_store_set_target(world->store, &target, &world->error));
	lc_ledger_case_store_intent(world->store, 12, "b", START + 2 * HOUR, 1, 2, 1);
	assert_true(lc_store_set_horizon(world->store, START + 2 * HOUR, &world->error));
	lc_ledger_case_expire(world->store, START + 2 * HOUR);
	assert_true(lc_store_commit(world->store, &world->error));
	close_store(world);
	expect_sound(world);
	assert_true(open_store(world));
	tell_intents(world, "t1", "a/");
	assert_string_equal(lc_buffer_text(&world->told),
			    "range 5 b 10790-10800\n"
			    "target t1 a/ 1 refused 0 given up 0\n"
			    "target t1 (whole) 5 refused 1700000000123 given up 0\n"
			    "target t2 (whole) 2 1700000000456 given up 0\n"
			    "backlog 5 b t1 a/: 2 with 5 rows from 20\n"
			    "backlog 5 c t2 : 1 with 2 rows from 3599\n"
			    "backlog 7 b target logs/: 1 with 2 rows from 7200\n"
			    "open t1 a/ from 20: a/key-2(4) a/key-7(1)\n");
}

/* As `ledger check` asks. */
static void the_check_says_that_the_service_brings_it_up(void **state)
{
	struct world *world = *state;

	make(world, LC_FORMER_LEDGER_KILLED);
	assert_false(lc_ledger_check(world->path, on_fault, NULL, &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(world->error.message, world->path));
	assert_non_null(strstr(world->error.message, "the service upgrades it to version 2"));
	assert_null(strstr(world->error.message, "damage"));
	assert_int_equal(version_of(world->path), 1);
}

static void another_shards_ledger_stays_as_it_is(void **state)
{
	struct world *world = *state;

	lc_former_ledger_make(world->path, SHARD + 1, SHARDS, LC_FORMER_LEDGER_CLOSED);
	assert_false(open_store(world));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_int_equal(version_of(world->path), 1);
}

static void a_damaged_one_stays_as_it_is(void **state)
{
	struct world *world = *state;
	sqlite3 *db;

	make(world, LC_FORMER_LEDGER_CLOSED);
	db = open_database(world->path);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE objects_472223", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_false(open_store(world));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, "objects_472223"));
	assert_int_equal(version_of(world->path), 1);
}

/* ---- interrupted ---- */

enum end { OPENED, NO_ROOM, KILLED };

/* Brings the ledger up in a child that can make no file longer than `limit`: a write beyond that
 * fails, or kills it. */
static enum end upgrade_within(struct world *world, bool by_move, rlim_t limit, bool killing)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit none = {0, 0};
		struct rlimit files = {limit, limit};
		bool opened;

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGXFSZ, killing ? SIG_DFL : SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &files);
		opened =
		    by_move ? lc_schema_upgrade(world->path, &world->error) : open_store(world);
		if (!opened && world->error.kind != LC_ERROR_SYSTEM)
			fprintf(stderr, "%s\n", world->error.message);
		_exit(opened ? OPENED : world->error.kind == LC_ERROR_SYSTEM ? NO_ROOM : 99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (killing && WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGXFSZ);
		return KILLED;
	}
	assert_true(WIFEXITED(status));
	assert_in_range(WEXITSTATUS(status), OPENED, NO_ROOM);
	return (enum end)WEXITSTATUS(status);
}

/* True if the upgrade came through. Whatever became of it, the ledger is of one version. */
static bool interrupt(struct world *world, enum lc_former_ledger_how how, bool by_move,
		      rlim_t limit, bool killing)
{
	enum end end;
	char *before;
	char *after;

	make(world, how);
	before = dump_version_1(world->path);
	end = upgrade_within(world, by_move, limit, killing);
	if (version_of(world->path) == 1) {
		assert_int_not_equal(end, OPENED);
		after = dump_version_1(world->path);
		assert_string_equal(before, after);
		free(after);
	}
	free(before);
	expect_upgraded(world);
	return end == OPENED;
}

/* Writes end at each quarter of a page and its head: one and a quarter lies between two limits. */
static void interrupt_everywhere(struct world *world, bool killing)
{
	static const struct {
		enum lc_former_ledger_how how;
		bool by_move; /* or by a worker */
	} ways[] = {{LC_FORMER_LEDGER_CLOSED, false},
		    {LC_FORMER_LEDGER_KILLED, false},
		    {LC_FORMER_LEDGER_KILLED, true},
		    {LC_FORMER_LEDGER_MOVED, true}};

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		unsigned interrupted = 0;
		rlim_t limit = 0;

		while (!interrupt(world, ways[i].how, ways[i].by_move, limit, killing)) {
			limit += (4096 + 24) / 4 * 5;
			interrupted++;
		}
		assert_in_range(interrupted, 4, 80);
	}
}

static void a_full_disk_leaves_the_one_version_or_the_other(void **state)
{
	interrupt_everywhere(*state, false);
}

static void a_kill_at_any_write_leaves_the_one_version_or_the_other(void **state)
{
	interrupt_everywhere(*state, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(everything_is_found_again),
	    STORY(it_is_laid_out_as_a_new_one),
	    STORY(it_goes_on_as_a_new_one),
	    STORY(the_check_says_that_the_service_brings_it_up),
	    STORY(another_shards_ledger_stays_as_it_is),
	    STORY(a_damaged_one_stays_as_it_is),
	    STORY(a_full_disk_leaves_the_one_version_or_the_other),
	    STORY(a_kill_at_any_write_leaves_the_one_version_or_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
