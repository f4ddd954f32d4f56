/* The check finds each invariant broken, names it, and changes nothing. */
#include "base/memory.h"
#include "ledger/ledger.h"
#include "ledger/ledger_check.h"
#include "support/ledger_case.h"
#include "support/story.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR = 3600, NOON = 1700000000 / 86400 * 86400 + 43200, FIRST_HOUR = NOON / HOUR };

struct world {
	char path[LC_LEDGER_CASE_PATH_SIZE];
	unsigned faults;
	char fault[8192]; /* all of them */
};

static int set_up(void **state)
{
	struct world *world = lc_memory_zero(1, sizeof *world);
	struct lc_ledger_source source = lc_ledger_case_source("b");
	struct lc_ledger_range ranges[] = {{NOON, NOON + 5, 0}, {NOON + 7, NOON + 8, 0}};
	struct lc_ledger_state ledger_state = {0};
	struct lc_error error;
	struct lc_store *store;

	lc_ledger_case_make_path(world->path);
	store = lc_ledger_case_open_store(world->path, &ledger_state);
	assert_true(lc_store_begin(store, &error));
	lc_ledger_case_store_intent(store, 1, "b", NOON, 4, 3, 1);
	lc_ledger_case_store_intent(store, 2, "b", NOON + HOUR - 1, 2, 3, 100);
	lc_ledger_case_store_intent(store, 3, "c", NOON, 1, 3, 200);
	assert_true(lc_store_set_delivered(store, 1, &error));
	assert_true(lc_store_set_lost(store, 3, NOON, LC_LEDGER_LOST_EXPIRED, &error));
	assert_true(lc_store_set_ranges(store, &source, ranges, 2, &error));
	assert_true(lc_store_commit(store, &error));
	lc_store_close(store);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_ledger_case_remove(world->path);
	free(world);
	return 0;
}

static void on_fault(void *context, const char *fault)
{
	struct world *world = context;

	size_t used = strlen(world->fault);

	snprintf(world->fault + used, sizeof world->fault - used, "%s\n", fault);
	world->faults++;
}

static void check(struct world *world)
{
	struct lc_error error;

	world->faults = 0;
	world->fault[0] = '\0';
	if (!lc_ledger_check(world->path, on_fault, world, &error))
		fail_msg("%s", error.message);
}

/* Where %d stands in the SQL, the number of the first hour is put. */
static void execute(struct world *world, const char *template)
{
	const char *place = strstr(template, "%d");
	char *text = NULL;
	char sql[256];
	sqlite3 *db;

	if (place == NULL)
		snprintf(sql, sizeof sql, "%s", template);
	else
		snprintf(sql, sizeof sql, "%.*s%d%s", (int)(place - template), template, FIRST_HOUR,
			 place + 2);

	assert_int_equal(sqlite3_open(world->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_sound_ledger_has_no_fault(void **state)
{
	struct world *world = *state;

	check(world);
	if (world->faults > 0)
		fail_msg("%s", world->fault);
}

static void each_broken_invariant_is_named(void **state)
{
	static const struct {
		const char *sql;
		const char *fault;
	} cases[] = {
	    {"UPDATE meta SET value = 3 WHERE name = 'next_intent_id'", "the next one is 3"},
	    {"UPDATE objects_%d SET rows = 13 WHERE id = 1", "names 13 rows"},
	    {"UPDATE objects_%d SET last_second = last_second + 1 WHERE id = 1", "blob holds 12"},
	    {"UPDATE objects_%d SET taken_rows = x'01' WHERE id = 1; DELETE FROM slot",
	     "holds no row"},
	    {"UPDATE objects_%d SET key = 'logs/b-1' WHERE id = 3", "has its key"},
	    {"UPDATE objects_%d SET source = 9 WHERE id = 1", "not known"},
	    {"UPDATE hour SET oldest_second = oldest_second + 1 WHERE hour = %d",
	     "does not belong to hour"},
	    {"UPDATE slot SET rows = rows + 1 WHERE source = 2", "4 rows are counted, 3 are taken"},
	    {"DELETE FROM slot WHERE source = 2", "no rows are counted, 3 are taken"},
	    {"INSERT INTO slot VALUES (%d * 12, 8, 5)", "5 rows are counted, 0 are taken"},
	    {"UPDATE open_range SET until = until + 3 WHERE source = 1", "overlaps"},
	    {"UPDATE open_range SET until = first_second WHERE source = 1", "is empty"},
	    {"INSERT INTO open_range VALUES (99, 1, 2, 3)", "has a range and is not known"},
	    {"INSERT INTO open_intent VALUES (3, %d, 2, 'target', 0, 3, 'logs/')",
	     "there is no such object"},
	    {"UPDATE open_intent SET target_prefix = 'other/'", "there is no such object"},
	    {"UPDATE open_intent SET hour = 5", "has no table"},
	    {"UPDATE open_intent SET source = 77", "open intent and is not known"},
	    {"CREATE TABLE objects_1 (id)", "belongs to no hour"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world *world;
		void *own;

		set_up(&own);
		world = own;
		execute(world, cases[i].sql);
		check(world);
		if (strstr(world->fault, cases[i].fault) == NULL)
			fail_msg("%s: %u faults: %s", cases[i].sql, world->faults, world->fault);
		tear_down(&own);
	}
}

static void what_lies_behind_the_horizon_may_be_there_in_part(void **state)
{
	struct world *world = *state;

	execute(world, "DELETE FROM slot; UPDATE objects_%d SET source = 9 WHERE id = 1");
	check(world);
	assert_true(world->faults > 0);
	execute(world, "UPDATE meta SET value = (%d + 1) * 3600 + 300 WHERE name = 'horizon'");
	check(world);
	if (world->faults > 0)
		fail_msg("%s", world->fault);
}

/* All of a file; *size tells how much. */
static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *bytes = lc_memory_zero(1 << 20, 1);

	*size = 0;
	if (file != NULL) {
		*size = fread(bytes, 1, 1 << 20, file);
		assert_int_equal(fclose(file), 0);
	}
	return bytes;
}

static void copy_file(const char *from, const char *to)
{
	size_t size;
	char *bytes = read_file(from, &size);
	FILE *file = fopen(to, "w");

	assert_non_null(file);
	assert_true(size > 0);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	free(bytes);
}

/* As a killed worker leaves it: what was written last stands in the log alone. */
static void a_log_is_read_and_left_as_it_is(void **state)
{
	struct world *world = *state;
	struct lc_ledger_state ledger_state = {0};
	char copy[LC_LEDGER_CASE_PATH_SIZE + 16];
	char copy_log[LC_LEDGER_CASE_PATH_SIZE + 24];
	char log[LC_LEDGER_CASE_PATH_SIZE + 16];
	struct lc_error error;
	struct lc_store *store = lc_ledger_case_open_store(world->path, &ledger_state);
	size_t before;
	size_t after;
	char *log_before;
	char *log_after;

	assert_true(lc_store_begin(store, &error));
	lc_ledger_case_store_intent(store, 4, "d", NOON, 1, 3, 300);
	assert_true(lc_store_commit(store, &error));
	snprintf(copy, sizeof copy, "%s.copy", world->path);
	snprintf(copy_log, sizeof copy_log, "%s-wal", copy);
	snprintf(log, sizeof log, "%s-wal", world->path);
	copy_file(world->path, copy);
	copy_file(log, copy_log);
	lc_store_close(store);

	log_before = read_file(copy_log, &before);
	world->faults = 0;
	assert_true(lc_ledger_check(copy, on_fault, world, &error));
	assert_int_equal(world->faults, 0);
	log_after = read_file(copy_log, &after);
	assert_int_equal(before, after);
	assert_memory_equal(log_before, log_after, after);
	free(log_before);
	free(log_after);

	/* And the object is in there. */
	store = lc_ledger_case_open_store(copy, &ledger_state);
	assert_int_equal(ledger_state.next_intent_id, 5);
	lc_store_close(store);
}

static void a_ledger_in_use_is_not_checked(void **state)
{
	struct world *world = *state;
	struct lc_ledger_state ledger_state = {0};
	struct lc_error error;
	struct lc_store *store = lc_ledger_case_open_store(world->path, &ledger_state);

	assert_false(lc_ledger_check(world->path, on_fault, world, &error));
	assert_int_equal(error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(error.message, world->path));
	lc_store_close(store);
}

static void a_ledger_that_is_not_there_is_not_made(void **state)
{
	struct world *world = *state;
	struct lc_error error;

	assert_false(lc_ledger_check("/nonexistent/l.db", on_fault, world, &error));
	assert_int_equal(error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(error.message, "/nonexistent/l.db"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_sound_ledger_has_no_fault),
	    cmocka_unit_test(each_broken_invariant_is_named),
	    STORY(what_lies_behind_the_horizon_may_be_there_in_part),
	    STORY(a_log_is_read_and_left_as_it_is),
	    STORY(a_ledger_in_use_is_not_checked),
	    STORY(a_ledger_that_is_not_there_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
