/* The register on a real KeeperMap table, that of the ClickHouse that LOG_COURIER_CLICKHOUSE_URL and
 * its like name; skipped without. `test_register COUNT` races for so many increments alone, for
 * faults on the way (tests/system/register_test.sh). */
#include "clients/register_proof.h"

#include "base/memory.h"
#include "base/random.h"
#include "support/clickhouse_world.h"
#include "support/story.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITERS = 8, INCREMENTS = 100, TIMEOUT_MS = 8000, VALUE_SIZE = 64 };

/* A value is "<counter> <who> <his own number>", so none is written twice. */
struct writer {
	struct race *race;
	unsigned number;
	unsigned written; /* values so far */
	uint64_t counter; /* that `value` asks for */
	char expected[VALUE_SIZE];
	char value[VALUE_SIZE];
	bool wants; /* `value` is not settled yet */
};

struct race {
	struct clickhouse_world *world;
	struct lc_clickhouse *clickhouse;
	struct lc_register *reg;
	struct lc_random random;
	char row[32];
	struct writer writers[WRITERS];
	unsigned goal;
	unsigned under_way;
	unsigned done; /* increments that were confirmed */
	/* Of each counter the one value that was seen to have it, and whether its writer knows. */
	struct {
		char value[VALUE_SIZE];
		bool confirmed;
	} * seen;
	size_t room;
	uint64_t highest;
	unsigned others;
	unsigned unknown;
	struct lc_register_answer last;
	char last_value[VALUE_SIZE];
	char message[LC_ERROR_MESSAGE_SIZE];
};

static void keep(void *context, const struct lc_register_answer *answer)
{
	struct race *race = context;

	race->last = *answer;
	snprintf(race->last_value, sizeof(race->last_value), "%.*s", (int)answer->value.size,
		 answer->value.data);
	lc_loop_stop(race->world->loop);
}

/* True if the environment's ClickHouse has the table, with this outcome of a first request. */
static bool open_race(struct race *race, struct clickhouse_world *world, const char *table)
{
	const struct lc_register_options options = {
	    .database = clickhouse_world_setting("LOG_COURIER_CLICKHOUSE_DATABASE", "logs"),
	    .table = table,
	    .timeout_ms = TIMEOUT_MS,
	};

	*race = (struct race){.world = world};
	lc_random_seed_from_system(&race->random);
	snprintf(race->row, sizeof(race->row), "test-%016" PRIx64, lc_random_next(&race->random));
	race->clickhouse = clickhouse_world_client_of(
	    world, getenv("LOG_COURIER_CLICKHOUSE_URL"),
	    clickhouse_world_setting("LOG_COURIER_CLICKHOUSE_PASSWORD", ""));
	race->reg = lc_register_new(world->loop, race->clickhouse, &options);
	lc_register_describe(race->reg, keep, race);
	lc_loop_run(world->loop);
	return race->last.outcome == LC_REGISTER_DONE && race->last.rows.count == 1;
}

static void close_race(struct race *race)
{
	lc_register_free(race->reg);
	lc_clickhouse_free(race->clickhouse);
}

static void open_or_skip(struct race *race, void **state)
{
	struct clickhouse_world *world = clickhouse_world_of(state);

	if (!open_race(race, world, "courier_heads")) {
		close_race(race);
		print_message("no table courier_heads: contrib/dev/stack start --zookeeper\n");
		skip();
	}
}

static void assert_outcome(const struct race *race, enum lc_register_outcome outcome,
			   const char *value)
{
	assert_string_equal(race->last.error.message, "");
	assert_int_equal(race->last.outcome, outcome);
	assert_string_equal(race->last_value, value);
}

static void run(struct race *race, struct lc_register_request *request)
{
	assert_non_null(request);
	lc_loop_run(race->world->loop);
}

static void swap(struct race *race, const char *expected, const char *value)
{
	run(race, lc_register_swap(race->reg, lc_view_of(race->row), lc_view_of(expected),
				   lc_view_of(value), keep, race));
}

static void a_row_is_made_read_and_swapped(void **state)
{
	struct race race;
	struct lc_view row;

	open_or_skip(&race, state);
	row = lc_view_of(race.row);
	run(&race, lc_register_read(race.reg, row, keep, &race));
	assert_outcome(&race, LC_REGISTER_ABSENT, "");
	swap(&race, "1", "2");
	assert_outcome(&race, LC_REGISTER_ABSENT, "");
	run(&race, lc_register_create(race.reg, row, lc_view_of("1"), keep, &race));
	assert_outcome(&race, LC_REGISTER_DONE, "1");
	run(&race, lc_register_create(race.reg, row, lc_view_of("other"), keep, &race));
	assert_outcome(&race, LC_REGISTER_OTHER, "1");
	swap(&race, "1", "it's \\ two");
	assert_outcome(&race, LC_REGISTER_DONE, "it's \\ two");
	swap(&race, "1", "3");
	assert_outcome(&race, LC_REGISTER_OTHER, "it's \\ two");
	run(&race, lc_register_put(race.reg, row, lc_view_of("4"), keep, &race));
	assert_outcome(&race, LC_REGISTER_DONE, "");
	run(&race, lc_register_read(race.reg, row, keep, &race));
	assert_outcome(&race, LC_REGISTER_DONE, "4");
	run(&race, lc_register_read_all(race.reg, row, keep, &race));
	assert_outcome(&race, LC_REGISTER_DONE, "");
	assert_int_equal(race.last.rows.count, 1);
	close_race(&race);
}

static void any_bytes_come_back_as_they_went(void **state)
{
	char bytes[512];
	struct race race;

	open_or_skip(&race, state);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	run(&race, lc_register_put(race.reg, (struct lc_view){.data = bytes, .size = 256},
				   lc_view_of("old"), keep, &race));
	assert_outcome(&race, LC_REGISTER_DONE, "");
	run(&race, lc_register_swap(
		       race.reg, (struct lc_view){.data = bytes, .size = 256}, lc_view_of("old"),
		       (struct lc_view){.data = bytes, .size = sizeof(bytes)}, keep, &race));
	assert_int_equal(race.last.outcome, LC_REGISTER_DONE);
	close_race(&race);
}

static void the_longest_value_is_taken(void **state)
{
	struct race race;
	struct lc_view value = {.size = LC_REGISTER_VALUE_MAX};
	char *bytes;

	open_or_skip(&race, state);
	bytes = lc_memory_zero(1, LC_REGISTER_VALUE_MAX);
	memset(bytes, 'x', LC_REGISTER_VALUE_MAX);
	value.data = bytes;
	run(&race,
	    lc_register_create(race.reg, lc_view_of(race.row), lc_view_of("1"), keep, &race));
	run(&race,
	    lc_register_swap(race.reg, lc_view_of(race.row), lc_view_of("1"), value, keep, &race));
	assert_int_equal(race.last.outcome, LC_REGISTER_DONE);
	bytes[0] = 'y';
	run(&race, lc_register_put(race.reg, lc_view_of(race.row), value, keep, &race));
	assert_outcome(&race, LC_REGISTER_DONE, "");
	close_race(&race);
	free(bytes);
}

static void on_proven(void *context, const struct lc_error *error)
{
	struct race *race = context;

	race->last.error = *error;
	lc_loop_stop(race->world->loop);
}

static void prove(struct race *race)
{
	(void)lc_register_proof_start(race->reg, true, on_proven, race);
	lc_loop_run(race->world->loop);
}

static void the_tables_are_proven_and_others_are_not(void **state)
{
	struct race race;

	open_or_skip(&race, state);
	prove(&race);
	assert_string_equal(race.last.error.message, "");
	prove(&race);
	assert_string_equal(race.last.error.message, "");
	close_race(&race);
	(void)open_race(&race, clickhouse_world_of(state), "offsets_local");
	prove(&race);
	assert_int_equal(race.last.error.kind, LC_ERROR_USAGE);
	assert_non_null(strstr(race.last.error.message,
			       "its engine is ReplacingMergeTree and must be KeeperMap"));
	close_race(&race);
	(void)open_race(&race, clickhouse_world_of(state), "no_such_table");
	prove(&race);
	assert_int_equal(race.last.error.kind, LC_ERROR_USAGE);
	close_race(&race);
}

static void a_swap_on_another_table_is_refused(void **state)
{
	struct race race;

	open_or_skip(&race, state);
	close_race(&race);
	(void)open_race(&race, clickhouse_world_of(state), "no_such_table");
	swap(&race, "1", "2");
	assert_int_equal(race.last.outcome, LC_REGISTER_UNKNOWN);
	assert_int_equal(race.last.error.code, 60);
	assert_non_null(
	    strstr(race.last.error.message, "create the table with the engine KeeperMap"));
	close_race(&race);
}

/* ---- the race ---- */

static void ask(struct writer *writer);

static uint64_t counter_of(const char *value)
{
	return strtoull(value, NULL, 10);
}

/* What is read of a counter is the same whoever reads it: nothing was replaced but by its successor. */
static void note(struct race *race, const char *value)
{
	uint64_t counter = counter_of(value);

	if (counter >= race->room) {
		size_t before = race->room;

		race->seen = lc_memory_grow(race->seen, &race->room, (size_t)counter + 1,
					    sizeof(*race->seen));
		memset(race->seen + before, 0, (race->room - before) * sizeof(*race->seen));
	}
	if (race->seen[counter].value[0] == '\0')
		snprintf(race->seen[counter].value, VALUE_SIZE, "%s", value);
	assert_string_equal(race->seen[counter].value, value);
	if (counter > race->highest)
		race->highest = counter;
}

static void leave(struct race *race)
{
	race->under_way--;
	if (race->under_way == 0)
		lc_loop_stop(race->world->loop);
}

/* Wants the counter that follows on `value`, or leaves when enough is done. */
static void follow(struct writer *writer, struct lc_view value)
{
	struct race *race = writer->race;

	writer->wants = false;
	if (race->done >= race->goal) {
		leave(race);
		return;
	}
	snprintf(writer->expected, sizeof(writer->expected), "%.*s", (int)value.size, value.data);
	writer->counter = counter_of(writer->expected) + 1;
	snprintf(writer->value, sizeof(writer->value), "%" PRIu64 " %u %u", writer->counter,
		 writer->number, ++writer->written);
	writer->wants = true;
	ask(writer);
}

static void confirm(struct writer *writer)
{
	assert_false(writer->race->seen[writer->counter].confirmed);
	writer->race->seen[writer->counter].confirmed = true;
	writer->race->done++;
	if (writer->race->done % 10 == 0) {
		printf("%u\n", writer->race->done);
		fflush(stdout);
	}
}

static void on_swapped(void *context, const struct lc_register_answer *answer)
{
	struct writer *writer = context;
	struct race *race = writer->race;
	char value[VALUE_SIZE];

	snprintf(value, sizeof(value), "%.*s", (int)answer->value.size, answer->value.data);
	if (answer->outcome == LC_REGISTER_DONE || answer->outcome == LC_REGISTER_OTHER)
		note(race, value);
	switch (answer->outcome) {
	case LC_REGISTER_DONE:
		confirm(writer);
		follow(writer, answer->value);
		return;
	case LC_REGISTER_OTHER:
		race->others++;
		/* stale: older than what we wanted to replace */
		if (counter_of(value) < writer->counter - 1)
			ask(writer);
		else
			follow(writer, answer->value);
		return;
	case LC_REGISTER_UNKNOWN:
		race->unknown++;
		snprintf(race->message, sizeof(race->message), "%s", answer->error.message);
		ask(writer);
		return;
	case LC_REGISTER_ABSENT:
		fail_msg("the row is gone");
	}
}

static void ask(struct writer *writer)
{
	lc_register_swap(writer->race->reg, lc_view_of(writer->race->row),
			 lc_view_of(writer->expected), lc_view_of(writer->value), on_swapped,
			 writer);
}

/* Reads until nothing older comes than what was seen. */
static void read_the_end(struct race *race)
{
	do {
		run(race, lc_register_read(race->reg, lc_view_of(race->row), keep, race));
	} while (race->last.outcome != LC_REGISTER_DONE ||
		 counter_of(race->last_value) < race->highest);
	note(race, race->last_value);
}

static void start_race(struct race *race, unsigned goal)
{
	static const char first[] = "0 - 0";

	do {
		run(race, lc_register_create(race->reg, lc_view_of(race->row), lc_view_of(first),
					     keep, race));
	} while (race->last.outcome == LC_REGISTER_UNKNOWN);
	assert_outcome(race, LC_REGISTER_DONE, first);
	note(race, first);
	race->goal = goal;
	race->under_way = WRITERS;
	for (unsigned i = 0; i < WRITERS; i++) {
		race->writers[i] = (struct writer){.race = race, .number = i};
		follow(&race->writers[i], lc_view_of(first));
	}
}

/* Each counter was written once: by who was told so, or by who found his successor's value there. */
static void run_race(struct race *race, unsigned goal)
{
	unsigned overtaken = 0;

	start_race(race, goal);
	lc_loop_run(race->world->loop);
	read_the_end(race);
	for (uint64_t counter = 1; counter <= race->highest; counter++) {
		assert_int_equal(counter_of(race->seen[counter].value), counter);
		overtaken += !race->seen[counter].confirmed;
	}
	print_message("counter %" PRIu64 ": %u confirmed, %u overtaken; %u times another's value, "
		      "%u times unknown%s%s\n",
		      race->highest, race->done, overtaken, race->others, race->unknown,
		      race->unknown > 0 ? ", the last: " : "", race->message);
	assert_int_equal(race->done + overtaken, race->highest);
	assert_true(overtaken <= race->others);
	free(race->seen);
}

static unsigned increments = INCREMENTS;

static void each_increment_of_racing_writers_counts_once(void **state)
{
	struct race race;

	open_or_skip(&race, state);
	alarm(0);
	run_race(&race, increments);
	close_race(&race);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CLICKHOUSE_STORY(a_row_is_made_read_and_swapped),
	    CLICKHOUSE_STORY(any_bytes_come_back_as_they_went),
	    CLICKHOUSE_STORY(the_longest_value_is_taken),
	    CLICKHOUSE_STORY(the_tables_are_proven_and_others_are_not),
	    CLICKHOUSE_STORY(a_swap_on_another_table_is_refused),
	    CLICKHOUSE_STORY(each_increment_of_racing_writers_counts_once),
	};
	const struct CMUnitTest race[] = {
	    CLICKHOUSE_STORY(each_increment_of_racing_writers_counts_once),
	};

	if (argc > 1) {
		increments = (unsigned)strtoul(argv[1], NULL, 10);
		return cmocka_run_group_tests(race, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
