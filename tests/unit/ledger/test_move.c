#include "ledger/move.h"

#include "base/memory.h"
#include "ledger/file_name.h"
#include "ledger/store.h"
#include "support/former_ledger.h"
#include "support/ledger_case.h"
#include "support/move_world.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BASE = 1700000100, OBJECTS = 12 };

static int set_up(void **state)
{
	char *directory = lc_memory_zero(LC_MOVE_WORLD_PATH_SIZE, 1);

	lc_move_world_begin(directory);
	*state = directory;
	return 0;
}

static int tear_down(void **state)
{
	lc_move_world_end(*state);
	free(*state);
	return 0;
}

static void move_over(const char *directory, unsigned from, unsigned to)
{
	struct lc_move move = lc_move_world_move(directory, from, to);
	struct lc_error error;

	if (!lc_move_run(&move, &error))
		fail_msg("%s", error.message);
	assert_int_equal(lc_move_world_count_files(directory, ".part"), 0);
	assert_int_equal(lc_move_world_count_files(directory, ".new"), 0);
}

/* Opens a shard's ledger, to be closed; NULL with the error. */
static struct lc_store *open_store(const char *directory, unsigned shard, unsigned shards,
				   struct lc_ledger_state *state, struct lc_error *error)
{
	char path[PATH_MAX];
	struct lc_ledger_options options = {.path = path, .shard = shard, .shard_count = shards};

	assert_true(lc_file_name_path(path, directory, shard, shards, "", error));
	*state = (struct lc_ledger_state){.fresh = false};
	return lc_store_open(&options, state, error);
}

static struct lc_store *must_open(const char *directory, unsigned shard, unsigned shards,
				  struct lc_ledger_state *state)
{
	struct lc_error error;
	struct lc_store *store = open_store(directory, shard, shards, state, &error);

	if (store == NULL)
		fail_msg("%s", error.message);
	return store;
}

/* ---- content ---- */

static void expect_same(const char *directory, unsigned shards, const char *before)
{
	char *after = lc_move_world_dump(directory, shards);

	if (strcmp(before, after) != 0) {
		size_t at = 0;

		while (before[at] == after[at])
			at++;
		while (at > 0 && before[at - 1] != '\n')
			at--;
		fail_msg("of %u shards: expected %.200s, found %.200s", shards, before + at,
			 after + at);
	}
	free(after);
}

static void nothing_is_lost_and_nothing_comes_along(void **state)
{
	static const unsigned CHANGES[][2] = {{1, 4}, {4, 1}, {4, 3}, {3, 5}, {6, 4}, {2, 20}};
	char directory[LC_MOVE_WORLD_PATH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
		for (uint64_t seed = 1; seed <= 3; seed++) {
			char *before;

			lc_move_world_begin(directory);
			lc_move_world_fill(directory, CHANGES[i][0], seed, OBJECTS);
			before = lc_move_world_dump(directory, CHANGES[i][0]);
			assert_true(strlen(before) > 10000);
			move_over(directory, CHANGES[i][0], CHANGES[i][1]);
			expect_same(directory, CHANGES[i][1], before);
			expect_same(directory, CHANGES[i][0], before);
			free(before);
			lc_move_world_end(directory);
		}
	}
}

static void many_changes_lose_nothing_either(void **state)
{
	static const unsigned COUNTS[] = {4, 1, 7, 2, 3, 64, 1, 4};
	const char *directory = *state;
	struct lc_ledger_state opened;
	char *before;

	lc_move_world_fill(directory, COUNTS[0], 5, OBJECTS);
	before = lc_move_world_dump(directory, COUNTS[0]);
	for (size_t i = 1; i < sizeof COUNTS / sizeof COUNTS[0]; i++) {
		move_over(directory, COUNTS[i - 1], COUNTS[i]);
		expect_same(directory, COUNTS[i], before);
	}
	free(before);
	/* Numbers do not grow with the changes. */
	lc_store_close(must_open(directory, 0, 1, &opened));
	assert_true(opened.next_intent_id <= 14 * OBJECTS + 1);
}

static void make_former(const char *directory)
{
	static const enum lc_former_ledger_how HOW[] = {LC_FORMER_LEDGER_KILLED,
							LC_FORMER_LEDGER_MOVED};
	struct lc_error error;
	char path[PATH_MAX];

	for (unsigned shard = 0; shard < 2; shard++) {
		assert_true(lc_file_name_path(path, directory, shard, 2, "", &error));
		lc_former_ledger_make(path, shard, 2, HOW[shard]);
	}
}

/* As if the workers had opened them before the change. */
static void ledgers_of_an_earlier_release_are_taken(void **state)
{
	const char *directory = *state;
	char other[LC_MOVE_WORLD_PATH_SIZE];
	struct lc_ledger_state opened;
	char *before;

	lc_move_world_begin(other);
	make_former(other);
	for (unsigned shard = 0; shard < 2; shard++)
		lc_store_close(must_open(other, shard, 2, &opened));
	before = lc_move_world_dump(other, 2);
	lc_move_world_end(other);
	make_former(directory);
	move_over(directory, 2, 3);
	expect_same(directory, 3, before);
	expect_same(directory, 2, before);
	free(before);
}

static void a_first_start_makes_empty_ledgers(void **state)
{
	const char *directory = *state;
	char *dump;

	move_over(directory, 0, 3);
	dump = lc_move_world_dump(directory, 3);
	assert_string_equal(dump, "");
	free(dump);
	for (unsigned shard = 0; shard < 3; shard++) {
		struct lc_ledger_state opened;

		lc_store_close(must_open(directory, shard, 3, &opened));
		assert_false(opened.fresh);
		assert_int_equal(opened.until, 0);
		assert_int_equal(opened.horizon, 0);
		assert_int_equal(opened.next_intent_id, 1);
	}
}

static void what_an_earlier_layout_left_does_not_come_back(void **state)
{
	const char *directory = *state;
	char path[PATH_MAX];
	struct lc_error error;
	char *before;
	FILE *file;

	lc_move_world_fill(directory, 2, 1, OBJECTS);
	lc_move_world_fill(directory, 4, 2, OBJECTS);
	assert_true(lc_file_name_path(path, directory, 1, 4, "-wal", &error));
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("frames of another ledger", file);
	fclose(file);
	before = lc_move_world_dump(directory, 2);
	move_over(directory, 2, 4);
	expect_same(directory, 4, before);
	free(before);
}

/* ---- numbers of the whole ledger ---- */

static struct lc_ledger_source source(uint32_t session)
{
	return (struct lc_ledger_source){.raft_session_id = session,
					 .bucket = lc_view_of("bucket")};
}

/* A ledger with these numbers and nothing else, or one that is there with these numbers. After its
 * horizon something was known that is forgotten. */
static void make_ledger(const char *directory, unsigned shard, unsigned shards, uint32_t until,
			uint32_t horizon)
{
	struct lc_ledger_state opened;
	struct lc_store *store = must_open(directory, shard, shards, &opened);
	struct lc_ledger_source forgotten = {.raft_session_id = shard,
					     .bucket = lc_view_of("forgotten")};
	struct lc_offset floor = {.inserted_at = horizon - 1, .req_id = lc_view_of("A")};
	struct lc_error error;

	assert_true(lc_store_begin(store, &error));
	if (until > 0)
		assert_true(lc_store_set_until(store, until, &error));
	if (horizon > 0) {
		assert_true(lc_store_set_floor(store, &forgotten, &floor, &error));
		assert_true(lc_store_set_horizon(store, horizon, &error));
		lc_ledger_case_expire(store, horizon);
	}
	assert_true(lc_store_commit(store, &error));
	lc_store_close(store);
}

static bool is_surplus(struct lc_store *store, uint32_t session, uint32_t slot)
{
	struct lc_ledger_count slots = {.source = source(session), .second = slot, .rows = 5};
	struct lc_ledger_count seconds = slots;
	size_t slot_count = 1;
	size_t second_count = 1;
	struct lc_error error;

	assert_true(lc_store_find_surplus_slots(store, &slots, &slot_count, &error));
	assert_true(lc_store_find_surplus_seconds(store, &seconds, &second_count, &error));
	assert_int_equal(slot_count, second_count);
	return slot_count == 1;
}

/* Session 1 comes from a ledger that was hours ahead of that of session 0. */
static void each_session_goes_on_from_where_its_own_ledger_was(void **state)
{
	const char *directory = *state;
	struct lc_ledger_state opened;
	struct lc_store *store;

	make_ledger(directory, 0, 2, BASE + 600, BASE);
	make_ledger(directory, 1, 2, BASE + 9000, BASE + 3000);
	move_over(directory, 2, 1);
	store = must_open(directory, 0, 1, &opened);
	assert_int_equal(opened.until, BASE + 600);
	assert_int_equal(opened.doubtful_until, BASE + 9000);
	assert_int_equal(opened.horizon, BASE);
	assert_int_equal(lc_store_seen_until(store, 0), 0);
	assert_int_equal(lc_store_seen_until(store, 1), BASE + 9000);
	assert_true(is_surplus(store, 0, BASE));
	assert_false(is_surplus(store, 1, BASE));
	assert_false(is_surplus(store, 1, BASE + 2700));
	assert_true(is_surplus(store, 1, BASE + 3000));
	lc_store_close(store);
}

static void see_range(void *context, const struct lc_ledger_source *source,
		      const struct lc_ledger_range *ranges, size_t range_count)
{
	uint32_t *to = context;

	assert_int_equal(range_count, 1);
	to[source->raft_session_id] = ranges[0].to;
}

/* What was open in either ledger is open in the new one, as far as the windows had come there. */
static void open_ranges_reach_as_far_as_their_own_ledger_had_seen(void **state)
{
	const char *directory = *state;
	const struct lc_ledger_range range = {BASE, BASE + 9999, BASE};
	uint32_t to[2] = {0};
	struct lc_ledger_state opened;
	char path[PATH_MAX];
	struct lc_ledger_options options = {.path = path, .shard = 0, .shard_count = 1};
	struct lc_store *store;
	struct lc_error error;

	make_ledger(directory, 0, 2, BASE + 600, BASE);
	make_ledger(directory, 1, 2, BASE + 9000, BASE + 3000);
	for (unsigned i = 0; i < 2; i++) {
		struct lc_ledger_source of = source(i);

		store = must_open(directory, i, 2, &opened);
		assert_true(lc_store_begin(store, &error));
		assert_true(lc_store_set_ranges(store, &of, &range, 1, &error));
		assert_true(lc_store_commit(store, &error));
		lc_store_close(store);
	}
	move_over(directory, 2, 1);
	opened = (struct lc_ledger_state){.on_source = see_range, .context = to};
	assert_true(lc_file_name_path(path, directory, 0, 1, "", &error));
	store = lc_store_open(&options, &opened, &error);
	assert_non_null(store);
	lc_store_close(store);
	assert_int_equal(to[0], BASE + 600);
	assert_int_equal(to[1], BASE + 9000);
}

/* The horizon stands high, as a clock that was ahead leaves it, but little was forgotten. */
static void the_horizon_may_come_down_to_where_rows_are_still_known(void **state)
{
	const char *directory = *state;
	struct lc_ledger_state opened;
	uint32_t horizon = 0;
	struct lc_store *store;
	struct lc_error error;

	make_ledger(directory, 0, 2, BASE + 90000, BASE);
	make_ledger(directory, 1, 2, BASE + 90000, BASE + 300);
	for (unsigned i = 0; i < 2; i++) {
		store = must_open(directory, i, 2, &opened);
		assert_true(lc_store_begin(store, &error));
		assert_true(lc_store_set_horizon(store, BASE + 60000, &error));
		lc_ledger_case_expire(store, BASE + 60000);
		assert_true(
		    lc_store_set_steady_clock(store, (BASE + i) * 1000ULL, 5000 + i, &error));
		assert_true(lc_store_commit(store, &error));
		lc_store_close(store);
	}
	move_over(directory, 2, 1);
	store = must_open(directory, 0, 1, &opened);
	assert_int_equal(opened.horizon, BASE + 60000);
	assert_int_equal(opened.steady_ms, BASE * 1000ULL);
	assert_int_equal(opened.steady_at_ms, 5000);
	assert_true(lc_store_lower_horizon(store, BASE - 300, &horizon, &error));
	assert_int_equal(horizon, BASE);
	assert_true(is_surplus(store, 0, BASE));
	assert_false(is_surplus(store, 1, BASE));
	assert_true(is_surplus(store, 1, BASE + 300));

	/* What was known of session 1 alone is not lost when its origin is. */
	assert_true(lc_store_set_until(store, BASE + 90001, &error));
	lc_ledger_case_expire(store, BASE);
	assert_true(lc_store_set_horizon(store, BASE + 600, &error));
	lc_ledger_case_expire(store, BASE + 600);
	assert_true(lc_store_lower_horizon(store, BASE - 300, &horizon, &error));
	assert_int_equal(horizon, BASE + 300);
	lc_store_close(store);
}

static void a_ledger_that_catches_up_forgets_its_origins(void **state)
{
	const char *directory = *state;
	struct lc_ledger_state opened;
	struct lc_store *store;
	struct lc_error error;

	make_ledger(directory, 0, 2, BASE + 600, BASE);
	make_ledger(directory, 1, 2, BASE + 9000, BASE + 3000);
	move_over(directory, 2, 1);
	make_ledger(directory, 0, 1, BASE + 9000, BASE + 2700);
	store = must_open(directory, 0, 1, &opened);
	assert_false(is_surplus(store, 1, BASE + 2700));
	assert_true(lc_store_set_horizon(store, BASE + 3000, &error));
	lc_ledger_case_expire(store, BASE + 3000);
	lc_store_close(store);
	store = must_open(directory, 0, 1, &opened);
	assert_int_equal(lc_store_seen_until(store, 1), 0);
	lc_store_close(store);
}

static void a_ledger_without_a_window_makes_the_new_one_start_at_the_offsets(void **state)
{
	const char *directory = *state;
	const struct lc_offset offset = {.inserted_at = BASE + 100, .req_id = lc_view_of("A")};
	struct lc_ledger_source zero = source(0);
	struct lc_ledger_source one = source(1);
	struct lc_ledger_hashes hashes;
	struct lc_ledger_state opened;
	struct lc_store *store;
	struct lc_arena arena;
	struct lc_error error;

	make_ledger(directory, 0, 2, 0, 0);
	make_ledger(directory, 1, 2, BASE + 9000, BASE + 3000);
	move_over(directory, 2, 1);
	store = must_open(directory, 0, 1, &opened);
	assert_int_equal(opened.until, 0);
	assert_int_equal(opened.horizon, BASE + 3000);
	assert_int_equal(lc_store_seen_until(store, 0), 0);
	assert_int_equal(lc_store_seen_until(store, 1), BASE + 9000);
	assert_true(is_surplus(store, 0, BASE));
	/* A floor for session 1 would drop the late rows that its open ranges wait for. */
	lc_arena_init(&arena, 1024);
	assert_true(lc_store_set_floor(store, &zero, &offset, &error));
	assert_true(lc_store_set_floor(store, &one, &offset, &error));
	assert_true(lc_store_read_hashes(store, &zero, 0, 1, &arena, &hashes, &error));
	assert_true(hashes.has_floor);
	free(hashes.hashes);
	assert_true(lc_store_read_hashes(store, &one, 0, 1, &arena, &hashes, &error));
	assert_false(hashes.has_floor);
	free(hashes.hashes);
	lc_arena_free(&arena);
	lc_store_close(store);
}

/* Session 1 goes through shards 1 of 3, 0 of 1 and 1 of 2. */
static void origins_go_along_through_several_changes(void **state)
{
	const char *directory = *state;
	struct lc_ledger_state opened;
	struct lc_store *store;

	make_ledger(directory, 0, 3, BASE + 600, BASE);
	make_ledger(directory, 1, 3, BASE + 9000, BASE + 3000);
	make_ledger(directory, 2, 3, BASE + 1200, BASE + 600);
	move_over(directory, 3, 1);
	move_over(directory, 1, 2);
	for (uint32_t session = 0; session < 12; session++) {
		static const uint32_t UNTIL[] = {0, BASE + 9000, BASE + 1200};
		static const uint32_t HORIZON[] = {BASE, BASE + 3000, BASE + 600};
		uint32_t kept_from = HORIZON[session % 3];

		store = must_open(directory, session % 2, 2, &opened);
		assert_int_equal(opened.until, BASE + 600);
		assert_int_equal(opened.horizon, BASE);
		assert_int_equal(lc_store_seen_until(store, session), UNTIL[session % 3]);
		assert_true(is_surplus(store, session, kept_from));
		assert_true(kept_from == BASE || !is_surplus(store, session, kept_from - 300));
		lc_store_close(store);
	}
}

/* What held for a session before its ledger was lost must not hide rows from the fresh one. */
static void a_lost_ledger_takes_its_origins_with_it(void **state)
{
	const char *directory = *state;
	struct lc_ledger_state opened;
	struct lc_store *store;
	char path[PATH_MAX];
	struct lc_error error;

	make_ledger(directory, 0, 2, BASE + 600, BASE);
	make_ledger(directory, 1, 2, BASE + 9000, BASE + 3000);
	move_over(directory, 2, 3);
	assert_true(lc_file_name_path(path, directory, 1, 3, "", &error));
	assert_true(lc_file_name_remove_all(path, &error));
	make_ledger(directory, 1, 3, 0, 0);
	move_over(directory, 3, 1);
	store = must_open(directory, 0, 1, &opened);
	assert_int_equal(opened.until, 0);
	assert_int_equal(lc_store_seen_until(store, 1), 0);           /* 1 of 3: lost */
	assert_int_equal(lc_store_seen_until(store, 7), 0);           /* 1 of 3: lost */
	assert_int_equal(lc_store_seen_until(store, 3), BASE + 9000); /* 0 of 3 */
	assert_int_equal(lc_store_seen_until(store, 5), BASE + 9000); /* 2 of 3 */
	assert_int_equal(lc_store_seen_until(store, 0), BASE + 600);  /* 0 of 3 */
	lc_store_close(store);
}

/* ---- what goes wrong ---- */

static void expect_refusal(const char *directory, unsigned from, unsigned to, const char *words)
{
	struct lc_move move = lc_move_world_move(directory, from, to);
	uint64_t before = lc_move_world_fingerprint(directory);
	struct lc_error error;

	assert_false(lc_move_run(&move, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	if (strstr(error.message, words) == NULL)
		fail_msg("\"%s\" does not tell of \"%s\"", error.message, words);
	assert_true(lc_move_world_fingerprint(directory) == before);
}

static void a_missing_ledger_is_named_and_nothing_changes(void **state)
{
	const char *directory = *state;
	char path[PATH_MAX];
	struct lc_error error;

	lc_move_world_fill(directory, 3, 1, OBJECTS);
	assert_true(lc_file_name_path(path, directory, 1, 3, "", &error));
	assert_true(lc_file_name_remove_all(path, &error));
	expect_refusal(directory, 3, 2, "shard-1-of-3.db is missing");
}

static void a_damaged_ledger_is_named_and_nothing_changes(void **state)
{
	const char *directory = *state;
	char path[PATH_MAX];
	struct lc_error error;
	FILE *file;

	lc_move_world_fill(directory, 3, 1, OBJECTS);
	assert_true(lc_file_name_path(path, directory, 2, 3, "", &error));
	file = fopen(path, "r+");
	assert_non_null(file);
	for (long at = 8192; fseek(file, at, SEEK_SET) == 0 && at < 40000; at += 4096)
		assert_int_equal(fputs("garbage garbage garbage", file) >= 0, 1);
	fclose(file);
	expect_refusal(directory, 3, 2, "shard-2-of-3.db");
	assert_int_equal(truncate(path, 0), 0);
	expect_refusal(directory, 3, 2, "shard-2-of-3.db");
}

static void a_ledger_under_a_wrong_name_is_refused(void **state)
{
	const char *directory = *state;
	char path[PATH_MAX];
	char wrong[PATH_MAX];
	struct lc_error error;
	struct lc_move move = lc_move_world_move(directory, 3, 2);

	lc_move_world_fill(directory, 3, 1, OBJECTS);
	assert_true(lc_file_name_path(path, directory, 2, 3, "", &error));
	assert_true(lc_file_name_path(wrong, directory, 1, 3, "", &error));
	assert_int_equal(rename(path, wrong), 0);
	make_ledger(directory, 2, 3, BASE, BASE);
	assert_false(lc_move_run(&move, &error));
	assert_int_equal(error.kind, LC_ERROR_CORRUPT);
	assert_non_null(strstr(error.message, "a different shard"));
}

/* ---- several machines ---- */

static bool owns_shard_0(const void *context, unsigned shard)
{
	(void)context;
	return shard == 0;
}

static void a_machine_makes_its_own_ledgers_from_all_that_they_need(void **state)
{
	const char *directory = *state;
	struct lc_move move = lc_move_world_move(directory, 4, 2);
	struct lc_error error;
	char path[PATH_MAX];

	move.owns = owns_shard_0;
	assert_true(lc_move_needs(&move, 0));
	assert_false(lc_move_needs(&move, 1));
	assert_true(lc_move_needs(&move, 2));
	assert_true(lc_move_takes_all(&move, 2));
	assert_false(lc_move_takes_all(&move, 3));
	lc_move_world_fill(directory, 4, 1, OBJECTS);
	for (unsigned shard = 1; shard < 4; shard += 2) {
		assert_true(lc_file_name_path(path, directory, shard, 4, "", &error));
		assert_true(lc_file_name_remove_all(path, &error));
	}
	if (!lc_move_run(&move, &error))
		fail_msg("%s", error.message);
	assert_int_equal(lc_move_world_count_files(directory, "shard-0-of-2.db"), 1);
	assert_int_equal(lc_move_world_count_files(directory, "shard-1-of-2.db"), 0);
	/* 0 of 3 has sessions of all. */
	move.to = 3;
	assert_false(lc_move_run(&move, &error));
	assert_non_null(strstr(error.message, "shard-1-of-4.db is missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(nothing_is_lost_and_nothing_comes_along),
	    STORY(many_changes_lose_nothing_either),
	    STORY(ledgers_of_an_earlier_release_are_taken),
	    STORY(a_first_start_makes_empty_ledgers),
	    STORY(what_an_earlier_layout_left_does_not_come_back),
	    STORY(each_session_goes_on_from_where_its_own_ledger_was),
	    STORY(open_ranges_reach_as_far_as_their_own_ledger_had_seen),
	    STORY(the_horizon_may_come_down_to_where_rows_are_still_known),
	    STORY(a_ledger_that_catches_up_forgets_its_origins),
	    STORY(a_ledger_without_a_window_makes_the_new_one_start_at_the_offsets),
	    STORY(origins_go_along_through_several_changes),
	    STORY(a_lost_ledger_takes_its_origins_with_it),
	    STORY(a_missing_ledger_is_named_and_nothing_changes),
	    STORY(a_damaged_ledger_is_named_and_nothing_changes),
	    STORY(a_ledger_under_a_wrong_name_is_refused),
	    STORY(a_machine_makes_its_own_ledgers_from_all_that_they_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
