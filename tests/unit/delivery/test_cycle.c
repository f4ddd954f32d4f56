/* The cycle, and what it does about sources that cannot be read. The ClickHouse of these stories
 * refuses whatever asks for one of the bad sources. */
#include "delivery/cycle.h"

#include "base/memory.h"
#include "delivery/discovery.h"
#include "delivery/scan.h"
#include "support/delivery_world.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SESSION = 7,
	SOURCES = 64,
	HALVINGS = 6,   /* of these, until one is left */
	UNTIL = 100000, /* end of the last window, as the ledger has it */
	FIRST = UNTIL - 110,
	RANGE = 10, /* seconds, of each source */
	SLOT = 300,
	DELAY = 10,
	INTERVAL_MS = 30 * 1000,
	BACKOFF_MS = 5 * 1000,
	BACKOFF_MAX_MS = 100 * 1000,
	LONG_ROWS = 40, /* a source */
	CODE = 241,     /* MEMORY_LIMIT_EXCEEDED */
	TOGETHER_MAX = 8,
	TEXT_MAX = 64,
};

/* When ClickHouse says that a source cannot be read. */
enum refusal {
	AT_ONCE,   /* before any row */
	BEFORE_IT, /* after the rows of those before it */
	WITHIN_IT, /* after one of its rows */
};

struct story {
	struct delivery_world world;
	struct lc_source *list[SOURCES];
	struct lc_cycle *cycle;
	unsigned discoveries;

	bool bad[SOURCES];
	bool gone;      /* the bad ones are not refused, but nothing is answered */
	bool long_rows; /* those of LONG_ROWS have room in blocks of one row alone */
	enum refusal refusal;
	unsigned queries; /* scans */
	unsigned tried[SOURCES];
	unsigned read[SOURCES]; /* whole */
};

static void set_up_settings(struct lc_settings *settings)
{
	settings->consumer_processing_delay_seconds = DELAY;
	settings->consumer_count_threshold = 1;
	settings->consumer_min_discovery_interval_seconds = INTERVAL_MS / 1000;
	settings->consumer_max_discovery_interval_seconds = INTERVAL_MS / 1000;
	settings->consumer_discovery_interval_jitter_factor = 0;
	settings->retry_initial_backoff_seconds = BACKOFF_MS / 1000;
	settings->retry_max_backoff_seconds = BACKOFF_MAX_MS / 1000;
	settings->retry_backoff_jitter_factor = 0;
}

/* As if the settings had been these from the start. */
static void free_cycle(struct story *story)
{
	lc_cycle_free(story->cycle);
	lc_scan_free(story->world.delivery.scan);
	lc_discovery_free(story->world.delivery.discovery);
}

static void restart_cycle(struct story *story)
{
	struct lc_delivery *delivery = &story->world.delivery;

	free_cycle(story);
	delivery->state.until = UNTIL;
	delivery->discovery = lc_discovery_new(delivery);
	delivery->scan = lc_scan_new(delivery);
	story->cycle = lc_cycle_new(delivery);
}

static int set_up(void **state)
{
	struct story *story = lc_memory_zero(1, sizeof(*story));

	delivery_world_prepare(&story->world);
	set_up_settings(&story->world.settings);
	delivery_world_begin(&story->world, 1);
	restart_cycle(story);
	*state = story;
	return 0;
}

static int tear_down(void **state)
{
	struct story *story = *state;

	free_cycle(story);
	delivery_world_end(&story->world);
	free(story);
	return 0;
}

/* Opens the same seconds of all sources. */
static void open_all(struct story *story)
{
	char name[TEXT_MAX];

	for (unsigned i = 0; i < SOURCES; i++) {
		snprintf(name, sizeof name, "s-%03u", i);
		story->list[i] = lc_source_get(story->world.sources, SESSION, lc_view_of(name));
		lc_source_open(
		    story->list[i],
		    (struct lc_source_range){.from = FIRST, .to = FIRST + RANGE, .since = FIRST},
		    5);
		story->read[i] = 0;
		story->tried[i] = 0;
	}
	story->queries = 0;
}

/* ---- what ClickHouse answers ---- */

static bool asks_for(const struct story *story, unsigned source)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof text, "(%u,'s-%03u')", SESSION, source);
	return fake_clickhouse_sql_has(story->world.clickhouse, text);
}

static void send_row(struct story *story, unsigned source)
{
	struct lc_record record = record_rows_example();

	record.raft_session_id = SESSION;
	record.bucket = story->list[source]->bucket;
	record.inserted_at = FIRST + 5;
	fake_clickhouse_send_row(story->world.clickhouse, &record);
}

/* The rows of those before the first bad one, and of this one as far as it goes. True if there is a
 * bad one. */
static bool send_rows(struct story *story)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		if (!asks_for(story, i))
			continue;
		if (story->refusal != AT_ONCE && (!story->bad[i] || story->refusal == WITHIN_IT))
			send_row(story, i);
		if (story->bad[i])
			return true;
	}
	return false;
}

/* A block that is too large, of rows of this source. */
static void send_large_block(struct story *story, unsigned source)
{
	enum { ROWS = 100, TEXT_SIZE = 50000 };
	static struct lc_record records[ROWS];
	static char text[TEXT_SIZE];
	struct lc_buffer block;

	memset(text, 't', sizeof text);
	for (size_t i = 0; i < ROWS; i++) {
		records[i] = record_rows_example();
		records[i].raft_session_id = SESSION;
		records[i].bucket = story->list[source]->bucket;
		records[i].inserted_at = FIRST + 5;
		records[i].user_agent = (struct lc_view){.data = text, .size = sizeof text};
	}
	lc_buffer_init(&block, SIZE_MAX);
	record_rows_append_block(&block, records, ROWS,
				 fake_clickhouse_marker(story->world.clickhouse));
	fake_clickhouse_send(story->world.clickhouse, lc_buffer_view(&block));
	lc_buffer_free(&block);
}

static void answer_scan(struct story *story)
{
	bool asked[SOURCES];
	bool refused;

	story->queries++;
	if (story->long_rows && asks_for(story, LONG_ROWS) &&
	    !fake_clickhouse_sql_has(story->world.clickhouse, "max_block_size=1,")) {
		send_large_block(story, LONG_ROWS);
		fake_clickhouse_end_short(story->world.clickhouse);
		return;
	}
	for (unsigned i = 0; i < SOURCES; i++) {
		asked[i] = asks_for(story, i);
		story->tried[i] += asked[i];
	}
	refused = send_rows(story);
	for (unsigned i = 0; i < SOURCES; i++)
		story->read[i] += asked[i] && !refused;
	if (refused && story->gone)
		fake_clickhouse_break(story->world.clickhouse);
	else if (refused)
		fake_clickhouse_refuse(story->world.clickhouse, CODE);
	else
		fake_clickhouse_end(story->world.clickhouse);
}

static const char *step(const struct story *story)
{
	return lc_cycle_step_name(lc_cycle_current_step(story->cycle));
}

/* Nothing new has come since the last window. */
static void answer_discovery(struct story *story)
{
	uint64_t now_ms = lc_loop_now_ms(story->world.loop) - 1000000;

	fake_clickhouse_send_clock(story->world.clickhouse,
				   UNTIL + 100 + (uint32_t)(now_ms / 1000));
	fake_clickhouse_end(story->world.clickhouse);
	if (story->discoveries++ == 0) {
		fake_clickhouse_end(story->world.clickhouse);
		fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	}
	/* There is a new window unless no time has passed. */
	if (strcmp(step(story), "discovering") == 0)
		fake_clickhouse_end(story->world.clickhouse);
}

static void answer_scans(struct story *story)
{
	while (strcmp(step(story), "scanning") == 0) {
		/* The hashes of doubtful seconds are asked for first. */
		fake_ledger_confirm(story->world.ledger);
		if (fake_clickhouse_is_asked(story->world.clickhouse))
			answer_scan(story);
		else
			fake_ledger_answer_hashes(story->world.ledger);
	}
}

/* Waits for the next cycle and runs it to its end. */
static void run_cycle(struct story *story)
{
	int64_t begins_in_ms;

	assert_false(fake_clickhouse_is_asked(story->world.clickhouse));
	if (story->discoveries == 0)
		lc_cycle_begin(story->cycle);
	begins_in_ms = lc_cycle_begins_in_ms(story->cycle);
	assert_true(begins_in_ms >= 0);
	fake_loop_advance(story->world.loop, (uint64_t)begins_in_ms);
	assert_string_equal(step(story), "discovering");
	answer_discovery(story);
	answer_scans(story);
}

static void make_all_bad(struct story *story, bool bad)
{
	for (unsigned i = 0; i < SOURCES; i++)
		story->bad[i] = bad;
}

static void expect_all_read_but_the_bad(const struct story *story)
{
	for (unsigned i = 0; i < SOURCES; i++) {
		assert_int_equal(lc_source_is_open(story->list[i]), story->bad[i]);
		assert_int_equal(story->list[i]->read_failures > 0, story->bad[i]);
	}
}

static uint64_t count(const struct story *story, enum lc_counters_name name)
{
	return lc_counters_get(&story->world.counters, name);
}

/* ---- the stories ---- */

static void ready_sources_are_read_by_one_query(void **state)
{
	struct story *story = *state;

	open_all(story);
	run_cycle(story);
	assert_int_equal(story->queries, 1);
	expect_all_read_but_the_bad(story);
	assert_string_equal(step(story), "waiting");
	assert_int_equal(count(story, LC_COUNTERS_CYCLES), 1);
}

/* Wherever it stands and whenever the query breaks: the others are read in the same cycle. */
static void a_source_that_cannot_be_read_steps_aside_alone(void **state)
{
	struct story *story = *state;

	for (unsigned refusal = AT_ONCE; refusal <= WITHIN_IT; refusal++) {
		for (unsigned i = 0; i < SOURCES; i++) {
			open_all(story);
			story->refusal = (enum refusal)refusal;
			story->bad[i] = true;
			run_cycle(story);
			expect_all_read_but_the_bad(story);
			assert_string_equal(step(story), "waiting");
			assert_int_equal(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE), 0);

			/* What was read is not read again, and the culprit is soon found. */
			assert_in_range(story->queries, 2, 1 + HALVINGS + 2);
			assert_int_equal(story->list[i]->read_failures, 1);
			assert_non_null(strstr(story->list[i]->read_error, "code 241"));

			/* It works again. */
			story->bad[i] = false;
			fake_loop_advance(story->world.loop, BACKOFF_MAX_MS);
			answer_discovery(story);
			answer_scans(story);
			assert_false(lc_source_is_open(story->list[i]));
			assert_int_equal(story->list[i]->read_failures, 0);
			assert_null(story->list[i]->read_error);
		}
	}
}

/* Late seconds of long ago and new ones, of all sources, whose starts differ a little. */
static void pieces_of_many_sources_share_their_queries(void **state)
{
	struct story *story = *state;

	open_all(story);
	for (unsigned i = 0; i < SOURCES; i++) {
		uint32_t from = FIRST - 5000 + i * 37 % SOURCES;

		lc_source_open(story->list[i],
			       (struct lc_source_range){
				   .from = from, .to = from + 1, .since = FIRST, .doubtful = true},
			       1);
		from = FIRST - 1 - i * 23 % 50;
		lc_source_open(story->list[i],
			       (struct lc_source_range){.from = from, .to = FIRST, .since = FIRST},
			       1);
	}
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_in_range(story->queries, 2, 2 + HALVINGS);
}

/* Once, a source that had more to read came after all others, beside sources whose seconds lie
 * elsewhere: nearly each of its pieces had a query of its own. */
static void scattered_late_seconds_share_queries_with_those_near_them(void **state)
{
	enum { PIECES = 20, APART = 300, MINUTES = PIECES * APART / 60 };
	struct story *story = *state;

	open_all(story);
	for (unsigned i = 0; i < SOURCES; i++) {
		for (unsigned j = 0; j < PIECES; j++) {
			uint32_t from = FIRST - 7000 + j * APART + (i * 37 + j * 101) % APART;

			lc_source_open(
			    story->list[i],
			    (struct lc_source_range){.from = from, .to = from + 1, .since = FIRST},
			    1);
		}
	}
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_in_range(story->queries, 2, MINUTES + 2);
}

/* Once, all that had become ready meanwhile waited until a source with hours of rows was read. */
static void a_source_with_many_rows_has_its_turn_in_each_cycle(void **state)
{
	enum { TURNS = 4, ROWS = 1000 * 1000, SECONDS = 400 };
	struct story *story = *state;
	struct lc_source *large;

	open_all(story);
	large = lc_source_get(story->world.sources, SESSION, lc_view_of("large"));
	lc_source_open(large,
		       (struct lc_source_range){
			   .from = FIRST - SECONDS, .to = FIRST, .since = FIRST, .doubtful = true},
		       ROWS);
	for (unsigned i = 1; i <= TURNS; i++) {
		run_cycle(story);
		expect_all_read_but_the_bad(story);
		assert_int_equal(count(story, LC_COUNTERS_CYCLES), i);
		if (i == TURNS)
			break;
		assert_int_equal(lc_source_open_from(large), FIRST - SECONDS + i * SECONDS / TURNS);
		/* The next one begins at once; what has become ready has its turn, too. */
		assert_int_equal(lc_cycle_begins_in_ms(story->cycle), 0);
		large->open_rows = ROWS / TURNS * (TURNS - i);
		open_all(story);
	}
	assert_false(lc_source_is_open(large));
	assert_int_equal(lc_cycle_begins_in_ms(story->cycle), INTERVAL_MS);
}

static void several_of_them_are_found_in_one_cycle(void **state)
{
	struct story *story = *state;

	open_all(story);
	story->bad[3] = story->bad[4] = story->bad[40] = story->bad[63] = true;
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_in_range(story->queries, 5, 1 + 4 * (HALVINGS + 2));
	assert_int_equal(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE), 0);
}

static void its_backoff_grows_until_it_can_be_read(void **state)
{
	static const uint64_t waits[] = {5000, 10000, 20000, 40000, 80000, 100000, 100000};
	struct story *story = *state;
	struct lc_source *bad;

	open_all(story);
	bad = story->list[20];
	story->bad[20] = true;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		uint64_t failed_ms;

		run_cycle(story);
		failed_ms = lc_loop_now_ms(story->world.loop);
		assert_int_equal(bad->read_failures, i + 1);
		assert_int_equal(bad->read_at_ms, failed_ms + waits[i]);

		/* The cycles until then leave it alone. */
		while (lc_loop_now_ms(story->world.loop) + INTERVAL_MS < bad->read_at_ms) {
			open_all(story);
			run_cycle(story);
			assert_int_equal(story->tried[20], 0);
			assert_int_equal(story->read[21], 1);
			assert_int_equal(story->queries, 1);
		}

		/* Then it is asked for alone, after the others. */
		open_all(story);
	}
	run_cycle(story);
	assert_int_equal(story->tried[20], 1);
	assert_int_equal(story->read[21], 1);
	assert_int_equal(story->queries, 2);

	/* And is one of all when it can be read again. */
	story->bad[20] = false;
	fake_loop_advance(story->world.loop, BACKOFF_MAX_MS);
	lc_cycle_stop(story->cycle);
}

static void the_operator_has_it_read_now(void **state)
{
	struct story *story = *state;
	struct lc_ledger_source name;

	open_all(story);
	story->bad[20] = true;
	while (story->list[20]->read_at_ms <= lc_loop_now_ms(story->world.loop) + INTERVAL_MS)
		run_cycle(story);
	story->bad[20] = false;
	name = lc_source_name(story->list[20]);
	assert_int_equal(lc_cycle_flush(story->cycle, &name), 1);
	fake_loop_advance(story->world.loop, 0);
	answer_discovery(story);
	answer_scans(story);
	assert_int_equal(story->list[20]->read_failures, 0);
	assert_false(lc_source_is_open(story->list[20]));
}

/* So the comparison of what is settled need not wait for it: see test_reconcile.c. */
static void its_ranges_become_whole_slots(void **state)
{
	struct story *story = *state;
	const struct lc_source_range *range;

	open_all(story);
	lc_source_open(story->list[9],
		       (struct lc_source_range){.from = 5000, .to = 5001, .since = FIRST}, 1);
	story->bad[9] = true;
	run_cycle(story);
	assert_int_equal(story->list[9]->range_count, 2);
	range = story->list[9]->ranges;
	assert_int_equal(range[0].from, 4800);
	assert_int_equal(range[0].to, 5100);
	assert_int_equal(range[1].from, FIRST - FIRST % SLOT);

	/* No further than to what was discovered, and what is settled already is in doubt. */
	assert_int_equal(range[1].to, FIRST - FIRST % SLOT + SLOT);
	assert_true(range[0].doubtful && range[1].doubtful);
	assert_non_null(strstr(fake_ledger_told(story->world.ledger),
			       "ranges 7/s-009 4800-5100@99890 99600-99900@99890\n"));
}

/* It asks for what can be read first; and many that cannot do not make a cycle endless. */
static void few_that_fail_take_part_in_a_cycle(void **state)
{
	struct story *story = *state;
	unsigned tried[SOURCES] = {0};

	open_all(story);
	for (unsigned i = 0; i < 20; i++) {
		story->bad[i] = true;
		lc_source_note_unreadable(story->list[i], "no", 0);
	}
	for (unsigned cycle = 0; cycle < 12; cycle++) {
		unsigned failed = 0;

		run_cycle(story);
		for (unsigned i = 0; i < 20; i++) {
			failed += story->tried[i];
			tried[i] += story->tried[i];
		}
		assert_in_range(failed, 1, TOGETHER_MAX);
		assert_string_equal(step(story), "waiting");
		assert_int_equal(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE), 0);
		for (unsigned i = 20; i < SOURCES; i++)
			assert_int_equal(story->read[i], 1);
		assert_int_equal(story->queries, failed + 1);
		open_all(story);
	}

	/* Each has its turn. */
	for (unsigned i = 0; i < 20; i++)
		assert_in_range(tried[i], 2, 12);
}

static void all_that_can_be_read_again_are_read_at_once(void **state)
{
	struct story *story = *state;

	open_all(story);
	for (unsigned i = 0; i < SOURCES; i++)
		lc_source_note_unreadable(story->list[i], "no", 0);
	run_cycle(story);
	expect_all_read_but_the_bad(story);
}

/* Then it is ClickHouse, not the sources: they are not left alone one after the other. */
static void when_nothing_can_be_read_the_cycle_fails(void **state)
{
	struct story *story = *state;
	unsigned left_alone = 0;

	open_all(story);
	make_all_bad(story, true);
	run_cycle(story);
	assert_string_equal(step(story), "backing off");
	assert_true(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE) > 0);
	assert_in_range(story->queries, 1, TOGETHER_MAX * (HALVINGS + 1));
	for (unsigned i = 0; i < SOURCES; i++)
		left_alone += story->list[i]->read_failures > 0;
	assert_in_range(left_alone, 0, TOGETHER_MAX);

	/* Soon after it can be read again all are. */
	make_all_bad(story, false);
	run_cycle(story);
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_int_equal(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE), 0);
}

static void a_scan_that_nobody_answers_fails_the_cycle(void **state)
{
	struct story *story = *state;

	open_all(story);
	make_all_bad(story, true);
	story->gone = true;
	for (unsigned i = 1; i <= 3; i++) {
		run_cycle(story);
		assert_string_equal(step(story), "backing off");
		assert_true(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE) > 0);
		assert_int_equal(story->queries, i);
		for (unsigned source = 0; source < SOURCES; source++) {
			assert_true(lc_source_is_open(story->list[source]));
			assert_int_equal(story->list[source]->read_failures, 0);
		}
	}

	/* It is there again. */
	make_all_bad(story, false);
	run_cycle(story);
	assert_int_equal(story->queries, 4);
	expect_all_read_but_the_bad(story);
}

/* Discoveries are answered, the scans time out: one of the sources may be the reason. */
static void after_three_such_cycles_what_is_asked_for_is_narrowed_down(void **state)
{
	struct story *story = *state;

	open_all(story);
	story->bad[33] = true;
	story->gone = true;
	for (unsigned i = 0; i < 3; i++)
		run_cycle(story);
	assert_int_equal(story->queries, 3);
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_in_range(story->queries, 3 + 2, 3 + 1 + HALVINGS + 2);
	assert_string_equal(step(story), "waiting");
	assert_int_equal(count(story, LC_COUNTERS_CLICKHOUSE_FAILING_SINCE), 0);
}

/* ClickHouse was heard: what it was asked for is the reason. */
static void a_break_after_rows_is_narrowed_down_at_once(void **state)
{
	struct story *story = *state;

	open_all(story);
	story->bad[33] = true;
	story->gone = true;
	story->refusal = WITHIN_IT;
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_string_equal(step(story), "waiting");
}

/* They are no fault of their source. */
static void rows_that_are_too_long_are_asked_for_in_smaller_blocks(void **state)
{
	struct story *story = *state;

	open_all(story);
	story->long_rows = true;
	run_cycle(story);
	expect_all_read_but_the_bad(story);
	assert_in_range(story->queries, 3, 2 * HALVINGS);
	assert_string_equal(step(story), "waiting");
}

/* ---- windows that are taken in slices ---- */

enum { SLICE = 3600, LONG = 4 * SLICE, AGE = 900 };

static void answer_clock(struct story *story, uint32_t now)
{
	fake_clickhouse_send_clock(story->world.clickhouse, now);
	fake_clickhouse_end(story->world.clickhouse);
}

/* The process was away for LONG: the first slice, with a row of a source at this second. */
static void discover_first_slice(struct story *story, uint32_t second)
{
	story->world.settings.consumer_count_threshold = 1000;
	story->world.settings.consumer_time_threshold_seconds = AGE;
	restart_cycle(story);
	lc_cycle_begin(story->cycle);
	fake_loop_advance(story->world.loop, 0);
	answer_clock(story, UNTIL + LONG + DELAY);
	fake_clickhouse_end(story->world.clickhouse);
	fake_ledger_answer_counts(story->world.ledger, NULL, 0);
	fake_clickhouse_send_count(story->world.clickhouse, SESSION, "s-000", 1, second);
	fake_clickhouse_end(story->world.clickhouse);
}

static void what_a_slice_has_found_is_read_before_the_next_one(void **state)
{
	struct story *story = *state;

	discover_first_slice(story, UNTIL);
	assert_string_equal(step(story), "scanning");
	assert_true(fake_clickhouse_sql_has(story->world.clickhouse, "(7,'s-000')"));
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(step(story), "waiting");
	assert_int_equal(lc_cycle_begins_in_ms(story->cycle), 0);
	fake_loop_advance(story->world.loop, 0);
	assert_string_equal(step(story), "discovering");
	answer_clock(story, UNTIL + LONG + DELAY);
	fake_clickhouse_end(story->world.clickhouse);
	assert_int_equal(lc_discovery_until(story->world.delivery.discovery), UNTIL + 3 * SLICE);
	fake_loop_advance(story->world.loop, 0);
	answer_clock(story, UNTIL + LONG + DELAY);
	fake_clickhouse_end(story->world.clickhouse);
	assert_int_equal(lc_discovery_until(story->world.delivery.discovery), UNTIL + LONG);
	assert_int_equal(lc_cycle_begins_in_ms(story->cycle), INTERVAL_MS);
}

/* Rows of the next slice are to stand in the same object. */
static void what_is_young_at_the_end_of_a_slice_waits_for_the_next_one(void **state)
{
	struct story *story = *state;

	discover_first_slice(story, UNTIL + SLICE - AGE / 2);
	assert_string_equal(step(story), "waiting");
	assert_int_equal(lc_cycle_begins_in_ms(story->cycle), 0);
	fake_loop_advance(story->world.loop, 0);
	answer_clock(story, UNTIL + LONG + DELAY);
	fake_clickhouse_end(story->world.clickhouse);
	assert_string_equal(step(story), "scanning");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(ready_sources_are_read_by_one_query),
	    STORY(a_source_with_many_rows_has_its_turn_in_each_cycle),
	    STORY(a_source_that_cannot_be_read_steps_aside_alone),
	    STORY(pieces_of_many_sources_share_their_queries),
	    STORY(scattered_late_seconds_share_queries_with_those_near_them),
	    STORY(several_of_them_are_found_in_one_cycle),
	    STORY(its_backoff_grows_until_it_can_be_read),
	    STORY(the_operator_has_it_read_now),
	    STORY(its_ranges_become_whole_slots),
	    STORY(few_that_fail_take_part_in_a_cycle),
	    STORY(all_that_can_be_read_again_are_read_at_once),
	    STORY(when_nothing_can_be_read_the_cycle_fails),
	    STORY(a_scan_that_nobody_answers_fails_the_cycle),
	    STORY(after_three_such_cycles_what_is_asked_for_is_narrowed_down),
	    STORY(a_break_after_rows_is_narrowed_down_at_once),
	    STORY(rows_that_are_too_long_are_asked_for_in_smaller_blocks),
	    STORY(what_a_slice_has_found_is_read_before_the_next_one),
	    STORY(what_is_young_at_the_end_of_a_slice_waits_for_the_next_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
