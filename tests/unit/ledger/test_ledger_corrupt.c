/* Files that are no ledger of ours, or one no longer whole. */
#include "base/memory.h"
#include "ledger/ledger.h"
#include "ledger/ledger_check.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOUR = 3600, NOON = 1700000000 / 86400 * 86400 + 43200, OBJECTS = 200 };

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	struct lc_loop *loop;
	struct lc_error error;
	bool corrupt;
	unsigned answers;
};

/* A ledger with some hours of objects, closed. */
static void make_ledger(const char *path)
{
	struct lc_ledger_state state = {0};
	struct lc_store *store = lc_ledger_case_open_store(path, &state);
	struct lc_error error;

	assert_true(lc_store_begin(store, &error));
	for (uint64_t id = 1; id <= OBJECTS; id++)
		lc_ledger_case_store_intent(store, id, id % 2 == 0 ? "even" : "odd",
					    NOON + (uint32_t)id * 60, 2, 300, id << 20);
	assert_true(lc_store_commit(store, &error));
	lc_store_close(store);
}

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);

	lc_ledger_case_make_path(world->path);
	world->loop = lc_loop_new(&world->error);
	assert_non_null(world->loop);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_loop_free(world->loop);
	lc_ledger_case_remove(world->path);
	free(world);
	return 0;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void on_corrupt(void *context, const struct lc_error *error)
{
	struct world *world = context;

	assert_false(world->corrupt);
	assert_int_equal(error->kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error->message, world->path));
	world->corrupt = true;
	lc_loop_stop(world->loop);
}

static struct lc_ledger *open_ledger(struct world *world)
{
	struct lc_ledger_options options = lc_ledger_case_options(world->path);
	struct lc_ledger_state state = {0};

	return lc_ledger_open(world->loop, &options, NULL, &state, on_corrupt, world,
			      &world->error);
}

static void expect_refusal(struct world *world, const char *why)
{
	assert_null(open_ledger(world));
	assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(world->error.message, world->path));
	if (strstr(world->error.message, why) == NULL)
		fail_msg("not because of %s: %s", why, world->error.message);
}

static void a_text_in_its_place_is_no_ledger(void **state)
{
	struct world *world = *state;
	char text[20000];

	memset(text, 'x', sizeof text);
	write_file(world->path, text, sizeof text);
	expect_refusal(world, "not a database");
}

static void an_empty_file_is_no_fresh_start(void **state)
{
	struct world *world = *state;

	write_file(world->path, "", 0);
	expect_refusal(world, "not a ledger");
}

static void another_database_is_no_ledger(void **state)
{
	struct world *world = *state;

	execute(world->path, "CREATE TABLE t (a)");
	expect_refusal(world, "not a ledger");
}

static void another_shards_ledger_is_not_ours(void **state)
{
	struct world *world = *state;

	make_ledger(world->path);
	execute(world->path, "UPDATE meta SET value = 3 WHERE name = 'shard_count'");
	expect_refusal(world, "shard 1 of 3, not to shard 1 of 4");
}

static void a_newer_schema_is_not_guessed_at(void **state)
{
	struct world *world = *state;

	make_ledger(world->path);
	execute(world->path, "PRAGMA user_version = 3");
	expect_refusal(world, "version 3, of a newer release; this release knows versions up to 2");
}

static void a_missing_table_is_damage(void **state)
{
	struct world *world = *state;

	make_ledger(world->path);
	execute(world->path, "DROP TABLE open_range");
	expect_refusal(world, "open_range");
}

static void ranges_that_overlap_are_damage(void **state)
{
	struct world *world = *state;

	make_ledger(world->path);
	execute(world->path, "INSERT INTO open_range VALUES (1, 10, 20, 0), (1, 15, 30, 0)");
	expect_refusal(world, "overlap");
}

static void a_folder_that_is_not_there_is_no_damage(void **state)
{
	struct world *world = *state;
	struct lc_ledger_options options = lc_ledger_case_options("/nonexistent/l.db");
	struct lc_ledger_state ledger_state = {0};

	assert_null(lc_ledger_open(world->loop, &options, NULL, &ledger_state, on_corrupt, world,
				   &world->error));
	assert_int_equal(world->error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(world->error.message, "/nonexistent/l.db"));
}

/* ---- damage that is found only later ---- */

static void on_answer(void *context, const struct lc_ledger_intents *answer)
{
	struct world *world = context;

	assert_false(world->corrupt);
	assert_true(answer->count <= OBJECTS);
	world->answers++;
}

static void on_hashes(void *context, struct lc_ledger_hashes *hashes)
{
	struct world *world = context;

	(void)hashes;
	assert_false(world->corrupt);
	world->answers++;
}

static void on_durable(void *context)
{
	struct world *world = context;

	assert_false(world->corrupt);
	lc_loop_stop(world->loop);
}

/* Reads and writes everything; true when the ledger found itself damaged. */
static bool use_ledger(struct world *world)
{
	struct lc_ledger_source sources[] = {lc_ledger_case_source("even"),
					     lc_ledger_case_source("odd")};
	struct lc_ledger_intents_question question = lc_ledger_case_question(0, OBJECTS);
	struct lc_ledger *ledger;

	world->corrupt = false;
	ledger = open_ledger(world);
	if (ledger == NULL) {
		assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
		return true;
	}
	lc_ledger_when_durable(ledger, on_durable, world);
	lc_loop_run(world->loop);
	lc_ledger_read_hashes(ledger, &sources[0], 0, UINT32_MAX, on_hashes, world);
	lc_ledger_read_hashes(ledger, &sources[1], 0, UINT32_MAX, on_hashes, world);
	lc_ledger_read_intents(ledger, &question, on_answer, world);
	lc_ledger_case_add_intent(ledger, 1 << 20, "new", NOON, 1, 1, 1);
	lc_ledger_expire(ledger, NOON + 2 * HOUR);
	lc_ledger_when_durable(ledger, on_durable, world);
	lc_loop_run(world->loop);
	if (world->corrupt) {
		/* Calls that come too late are of no effect, and may be cancelled. */
		lc_ledger_set_until(ledger, 1);
		lc_ledger_cancel(
		    lc_ledger_read_hashes(ledger, &sources[0], 0, UINT32_MAX, on_hashes, world));
		lc_ledger_when_durable(ledger, on_durable, world);
	}
	lc_ledger_close(ledger);
	return world->corrupt;
}

static void count_fault(void *context, const char *fault)
{
	unsigned *faults = context;

	assert_true(strlen(fault) > 0);
	(*faults)++;
}

static unsigned count_faults(struct world *world)
{
	unsigned faults = 0;

	if (!lc_ledger_check(world->path, count_fault, &faults, &world->error)) {
		assert_int_equal(world->error.kind, LC_ERROR_CORRUPT);
		faults++;
	}
	return faults;
}

static void a_file_cut_short_is_damaged(void **state)
{
	struct world *world = *state;
	struct stat whole;

	for (unsigned part = 1; part < 16; part++) {
		unlink(world->path);
		make_ledger(world->path);
		assert_int_equal(stat(world->path, &whole), 0);
		assert_int_equal(truncate(world->path, whole.st_size * part / 16), 0);
		assert_true(count_faults(world) > 0);
		assert_true(use_ledger(world));
	}
	assert_int_equal(truncate(world->path, 700), 0);
	assert_true(use_ledger(world));
}

static void overwritten_pages_never_pass_for_answers(void **state)
{
	struct world *world = *state;
	char noise[8192];
	unsigned found = 0;

	memset(noise, 0xA5, sizeof noise);
	for (unsigned page = 0; page < 60; page++) {
		int fd;

		unlink(world->path);
		make_ledger(world->path);
		fd = open(world->path, O_WRONLY);
		assert_true(fd >= 0);
		assert_int_equal(pwrite(fd, noise, sizeof noise, (off_t)page * (off_t)sizeof noise),
				 sizeof noise);
		assert_int_equal(close(fd), 0);
		assert_true(count_faults(world) > 0);
		found += use_ledger(world);
	}
	/* A page of hashes alone is noise among noise, which only the check can tell. */
	assert_true(found > 20);
}

/* Puts another blob in place of an object's: nothing is told from it, the worker has to end. */
static void expect_no_answer(struct world *world, const char *blob)
{
	char sql[256];

	make_ledger(world->path);
	snprintf(sql, sizeof sql, "UPDATE objects_%d SET taken_rows = %s WHERE id = 10",
		 NOON / HOUR, blob);
	execute(world->path, sql);
	assert_int_equal(count_faults(world), 2);
	assert_true(use_ledger(world));
	assert_int_equal(world->answers, 0);
}

static void a_blob_that_is_none_is_damage(void **state)
{
	expect_no_answer(*state, "x'0102'");
}

/* Whole by itself, it would pass for the blob of an object with the rows of its first second. */
static void a_blob_cut_between_seconds_is_damage(void **state)
{
	expect_no_answer(*state, "substr(taken_rows, 1, 1 + 8 + 300 * 8)");
}

/* ---- a file that its name no longer leads to ---- */

enum replacement { REMOVED, REMOVED_LOG, REPLACED, REPLACEMENTS };

static void replace(struct world *world, enum replacement how)
{
	char other[LC_LEDGER_CASE_PATH_SIZE + 8];

	snprintf(other, sizeof other, "%s-wal", world->path);
	if (how == REMOVED) {
		assert_int_equal(unlink(world->path), 0);
	} else if (how == REMOVED_LOG) {
		assert_int_equal(unlink(other), 0);
	} else {
		snprintf(other, sizeof other, "%s.new", world->path);
		make_ledger(other);
		assert_int_equal(rename(other, world->path), 0);
	}
}

static void never(void *context)
{
	(void)context;
	fail_msg("called durable");
}

/* What a restart would not find must not pass for durable: no PUT may follow. */
static void nothing_is_durable_in_a_file_that_is_gone(void **state)
{
	struct world *world = *state;

	for (unsigned how = 0; how < REPLACEMENTS; how++) {
		struct lc_ledger *ledger;

		unlink(world->path);
		make_ledger(world->path);
		world->corrupt = false;
		ledger = open_ledger(world);
		assert_non_null(ledger);
		lc_ledger_when_durable(ledger, on_durable, world);
		lc_loop_run(world->loop);
		assert_false(world->corrupt);
		replace(world, (enum replacement)how);
		lc_ledger_set_until(ledger, NOON);
		lc_ledger_when_durable(ledger, never, world);
		lc_loop_run(world->loop);
		assert_true(world->corrupt);
		lc_ledger_close(ledger);
	}
}

static void an_idle_ledger_notices_that_its_file_is_gone(void **state)
{
	struct world *world = *state;
	struct lc_ledger *ledger;

	make_ledger(world->path);
	ledger = open_ledger(world);
	assert_non_null(ledger);
	replace(world, REMOVED);
	lc_loop_run(world->loop); /* until on_corrupt */
	assert_true(world->corrupt);
	lc_ledger_close(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_text_in_its_place_is_no_ledger),
	    STORY(an_empty_file_is_no_fresh_start),
	    STORY(another_database_is_no_ledger),
	    STORY(another_shards_ledger_is_not_ours),
	    STORY(a_newer_schema_is_not_guessed_at),
	    STORY(nothing_is_durable_in_a_file_that_is_gone),
	    STORY(an_idle_ledger_notices_that_its_file_is_gone),
	    STORY(a_missing_table_is_damage),
	    STORY(ranges_that_overlap_are_damage),
	    STORY(a_folder_that_is_not_there_is_no_damage),
	    STORY(a_file_cut_short_is_damaged),
	    STORY(overwritten_pages_never_pass_for_answers),
	    STORY(a_blob_that_is_none_is_damage),
	    STORY(a_blob_cut_between_seconds_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
