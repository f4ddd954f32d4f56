#include "base/memory.h"
#include "config/settings.h"
#include "delivery/plan.h"
#include "delivery/query.h"
#include "delivery/source.h"
#include "support/story.h"

#include <stdlib.h>

enum {
	/* ClickHouse's default of max_query_size. */
	QUERY_TEXT_MAX = 262144,
	MANY = 20000,
};

static const struct lc_plan_thresholds THRESHOLDS = {.rows = 10000, .age_seconds = 900};

/* A source and its one open range. */
struct open_source {
	struct lc_source source;
	struct lc_source_range range;
};

/* One row is open, in from <= insertedAt < to. The source points to its range: it must stay where
 * it is. */
static void open_range(struct open_source *open, uint32_t from, uint32_t to)
{
	*open = (struct open_source){.range = {.from = from, .to = to, .since = from}};
	open->source.ranges = &open->range;
	open->source.range_count = 1;
	open->source.open_rows = 1;
}

static struct lc_source named(uint32_t session, const char *bucket)
{
	return (struct lc_source){.raft_session_id = session, .bucket = lc_view_of(bucket)};
}

static void a_source_is_ready_by_rows_or_by_age(void **state)
{
	static const struct {
		uint64_t rows;
		uint32_t since;
		uint32_t now;
		bool ready;
	} cases[] = {
	    {0, 1000, 1900, false},      {9999, 1000, 1900, false},      {10000, 1000, 1000, true},
	    {10000, 1000, 0, true},      {UINT64_MAX, 1000, 1000, true}, {1, 1000, 1901, true},
	    {1, 1000, UINT32_MAX, true}, {1, 1, UINT32_MAX, true},       {1, 1000, 999, false},
	    {1, 1900, 1000, false},      {1, 1901, 1000, true},          {1, UINT32_MAX, 5, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct open_source open;

		/* How old the seconds themselves are makes no difference. */
		open_range(&open, 5, 6);
		open.range.since = cases[i].since;
		open.source.open_rows = cases[i].rows;
		assert_int_equal(lc_plan_ready(&open.source, &THRESHOLDS, cases[i].now),
				 cases[i].ready);
	}
}

static void the_range_opened_first_makes_a_source_ready(void **state)
{
	struct lc_source_range ranges[] = {{.from = 100, .to = 101, .since = 5000},
					   {.from = 900, .to = 950, .since = 1000}};
	struct lc_source source = {.ranges = ranges, .range_count = 2, .open_rows = 2};

	(void)state;
	assert_false(lc_plan_ready(&source, &THRESHOLDS, 1900));
	assert_true(lc_plan_ready(&source, &THRESHOLDS, 1901));

	/* Late rows of long ago wait their time, too. */
	ranges[1].since = 5000;
	assert_false(lc_plan_ready(&source, &THRESHOLDS, 5900));
	assert_true(lc_plan_ready(&source, &THRESHOLDS, 5901));
}

static void the_operator_makes_any_open_source_ready(void **state)
{
	struct open_source open;

	(void)state;
	open_range(&open, 1000, 1001);
	assert_false(lc_plan_ready(&open.source, &THRESHOLDS, 1001));
	open.source.flush = true;
	assert_true(lc_plan_ready(&open.source, &THRESHOLDS, 1001));
	open.source.range_count = 0;
	assert_false(lc_plan_ready(&open.source, &THRESHOLDS, 1001));
}

static void a_settled_source_is_never_ready(void **state)
{
	struct open_source open;

	(void)state;
	open_range(&open, 0, 1);
	open.source.open_rows = UINT64_MAX;
	assert_true(lc_plan_ready(&open.source, &THRESHOLDS, UINT32_MAX));
	open.source.range_count = 0;
	assert_false(lc_plan_ready(&open.source, &THRESHOLDS, UINT32_MAX));
}

static void the_oldest_second_comes_first(void **state)
{
	static const uint32_t seconds[] = {50, UINT32_MAX - 1, 0, 50, 2147483648, 7};
	struct open_source sources[6];
	struct lc_source *order[6];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		open_range(&sources[i], seconds[i], UINT32_MAX);
		order[i] = &sources[i].source;
	}
	lc_plan_sort(order, 6);
	for (size_t i = 1; i < 6; i++)
		assert_true(lc_source_open_from(order[i - 1]) <= lc_source_open_from(order[i]));
	lc_plan_sort(NULL, 0);
	lc_plan_sort(order, 1);
}

/* After all others, each in its turn; the operator's word goes before. */
static void those_that_could_not_be_read_come_last(void **state)
{
	static const struct {
		uint32_t from;
		unsigned read_failures;
		uint64_t read_at_ms;
		bool flush;
	} cases[] = {{300, 0, 0, false},    {200, 0, 9000, false},  {10, 2, 5000, false},
		     {20, 1, 4000, false},  {5, 7, 3000, false},    {6, 7, 3000, false},
		     {1, 9, 1000000, true}, {2, 1, 2000000, false}, {100, 0, 0, true}};
	static const uint32_t expected[] = {100, 200, 300, 1, 5, 6, 20, 10, 2};
	struct open_source sources[9];
	struct lc_source *order[9];

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		open_range(&sources[i], cases[i].from, UINT32_MAX);
		sources[i].source.read_failures = cases[i].read_failures;
		sources[i].source.read_at_ms = cases[i].read_at_ms;
		sources[i].source.flush = cases[i].flush;
		order[i] = &sources[i].source;
	}
	lc_plan_sort(order, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(lc_source_open_from(order[i]), expected[i]);
}

static void one_that_could_not_be_read_is_asked_for_alone(void **state)
{
	struct open_source sources[4];
	struct lc_source *order[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		open_range(&sources[i], 100, 110);
		sources[i].source.read_failures = i < 2 ? 0 : 1;
		order[i] = &sources[i].source;
	}
	assert_int_equal(lc_plan_group(order, 4), 2);
	assert_int_equal(lc_plan_group(order + 2, 2), 1);
	assert_int_equal(lc_plan_group(order + 3, 1), 1);
}

static void names_are_sorted_as_the_table_is(void **state)
{
	struct lc_source sources[] = {named(10, "a"),    named(9, "b"), named(9, "a\xFF"),
				      named(9, "a"),     named(9, ""),  named(65535, "a"),
				      named(9, "a\x7F"), named(0, "z")};
	static const size_t expected[] = {7, 4, 3, 6, 2, 1, 0, 5};
	struct lc_source *order[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		order[i] = &sources[i];
	lc_plan_sort_by_name(order, 8);
	for (size_t i = 0; i < 8; i++)
		assert_ptr_equal(order[i], &sources[expected[i]]);
}

/* How many of two sources share a scan that end at the same time: one open from `first` on, the
 * other for `length` seconds from `second` on. */
static size_t group_of_two(uint32_t first, uint32_t second, uint32_t length)
{
	struct open_source sources[2];
	struct lc_source *order[] = {&sources[0].source, &sources[1].source};

	open_range(&sources[0], first, second + length);
	open_range(&sources[1], second, second + length);
	return lc_plan_group(order, 2);
}

static void nothing_makes_no_group_and_one_makes_one(void **state)
{
	struct open_source open;
	struct lc_source *order[] = {&open.source};

	(void)state;
	open_range(&open, 5, 6);
	assert_int_equal(lc_plan_group(NULL, 0), 0);
	assert_int_equal(lc_plan_group(order, 1), 1);
}

static void near_starts_share_a_scan(void **state)
{
	(void)state;
	assert_int_equal(group_of_two(1000, 1000, 1), 2);
	assert_int_equal(group_of_two(1000, 1060, 1), 2);
	assert_int_equal(group_of_two(1000, 1061, 1), 1);
	assert_int_equal(group_of_two(1000, 1061, 60), 1);
}

static void a_long_range_shares_a_scan_that_begins_its_own_length_before(void **state)
{
	(void)state;
	assert_int_equal(group_of_two(1000, 1061, 61), 2);
	assert_int_equal(group_of_two(0, 5000, 5000), 2);
	assert_int_equal(group_of_two(0, 5000, 4999), 1);
	assert_int_equal(group_of_two(0, 5000, 100000), 2);
}

static void a_source_is_as_long_as_its_first_piece(void **state)
{
	struct lc_source_range ranges[] = {{.from = 1500, .to = 1501, .since = 1},
					   {.from = 1561, .to = 2000, .since = 1}};
	struct lc_source later = {.ranges = ranges, .range_count = 2};
	struct open_source first;
	struct lc_source *order[] = {&first.source, &later};

	(void)state;
	open_range(&first, 1000, 2000);
	assert_int_equal(lc_plan_group(order, 2), 2);
	ranges[1].to = 1999;
	assert_int_equal(lc_plan_group(order, 2), 1);
	ranges[1] = (struct lc_source_range){.from = 1562, .to = 9000, .since = 1};
	assert_int_equal(lc_plan_group(order, 2), 1);
	later.range_count = 1;
	assert_int_equal(lc_plan_group(order, 2), 1);
}

static void starts_over_all_of_time_are_judged_alike(void **state)
{
	(void)state;
	assert_int_equal(group_of_two(0, 2147483647, 2147483647), 2);
	assert_int_equal(group_of_two(0, 2147483648, 2147483647), 1);
	assert_int_equal(group_of_two(0, UINT32_MAX - 1, 1), 1);
	assert_int_equal(group_of_two(UINT32_MAX - 61, UINT32_MAX - 1, 1), 2);
}

static void a_group_ends_before_the_first_that_is_too_far(void **state)
{
	static const uint32_t seconds[] = {1000, 1000, 1030, 1060, 1061, 1061};
	struct open_source sources[6];
	struct lc_source *order[6];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		open_range(&sources[i], seconds[i], seconds[i] + 10);
		order[i] = &sources[i].source;
	}
	assert_int_equal(lc_plan_group(order, 6), 4);
	assert_int_equal(lc_plan_group(order + 4, 2), 2);
}

/* One that ends long before the other would be read far beyond its end. */
static void near_ends_share_a_scan(void **state)
{
	static const struct {
		uint32_t ends[3];
		size_t together;
	} cases[] = {
	    {{1010, 1070, 1070}, 3}, {{1010, 1071, 1010}, 1}, {{1071, 1010, 1071}, 1},
	    {{1200, 1400, 1400}, 3}, {{1200, 1401, 1200}, 1}, {{1070, 1010, 1071}, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct open_source sources[3];
		struct lc_source *order[3];

		for (size_t k = 0; k < 3; k++) {
			open_range(&sources[k], 1000, cases[i].ends[k]);
			order[k] = &sources[k].source;
		}
		assert_int_equal(lc_plan_group(order, 3), cases[i].together);
	}
}

/* Where few rows lie more is read beside, where many lie less. */
static void what_the_last_scan_has_brought_decides_what_is_near(void **state)
{
	static const struct {
		uint64_t rows;
		uint32_t apart;
		size_t together;
	} cases[] = {{100, 1000, 2},   {100, 1001, 1},   {0, 21600, 2},
		     {0, 21601, 1},    {100000, 1, 2},   {100000, 2, 1},
		     {10000000, 1, 2}, {10000000, 2, 1}, {1, 21600, 2}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct open_source sources[2];
		struct lc_source *order[] = {&sources[0].source, &sources[1].source};

		open_range(&sources[0], 1000, 1001 + cases[i].apart);
		open_range(&sources[1], 1000 + cases[i].apart, 1001 + cases[i].apart);
		/* In ten seconds. A second of its own it may always read. */
		sources[1].source.scanned_rows = cases[i].rows;
		sources[1].source.scanned_seconds = 10;
		assert_int_equal(lc_plan_group(order, 2), cases[i].together);
	}
}

/* Groups many sources of such names until all are asked for; each query must be short enough. */
static void expect_short_queries(struct lc_view name)
{
	char database[] = "a_database_with_a_rather_long_name_of_sixty_four_characters_______";
	char table[] = "a_table_with_a_rather_long_name_of_sixty_four_characters__________";
	struct lc_settings settings = {.clickhouse_database = database,
				       .clickhouse_logs_table = table};
	struct lc_delivery delivery = {.settings = &settings};
	struct open_source *sources = lc_memory_zero(MANY, sizeof(sources[0]));
	struct lc_source **order = lc_memory_zero(MANY, sizeof(struct lc_source *));
	struct lc_buffer sql;
	size_t done = 0;

	for (size_t i = 0; i < MANY; i++) {
		open_range(&sources[i], 1000, 2000);
		sources[i].source.raft_session_id = UINT16_MAX - (uint32_t)(i % 10000);
		sources[i].source.bucket = name;
		order[i] = &sources[i].source;
	}
	lc_buffer_init(&sql, 16 * 1024 * 1024);
	for (int queries = 0; done < MANY && queries < 100; queries++) {
		size_t count = lc_plan_group(order + done, MANY - done);

		assert_in_range(count, 1, MANY - done);
		lc_plan_sort_by_name(order + done, count);
		lc_buffer_clear(&sql);
		lc_query_append_scan(
		    &sql, &delivery, UINT64_MAX,
		    &(struct lc_query_rows){order + done, count, UINT32_MAX, UINT32_MAX},
		    LC_QUERY_BLOCK_ROWS);
		assert_false(lc_buffer_failed(&sql));
		assert_true(sql.size < QUERY_TEXT_MAX);
		/* The room is used: a group is not cut short for nothing. */
		assert_true(done + count == MANY || sql.size > LC_PLAN_LIST_BYTES / 4);
		done += count;
	}
	lc_buffer_free(&sql);
	free(order);
	free(sources);
}

static void a_query_stays_shorter_than_clickhouse_reads(void **state)
{
	char quotes[255];
	char zeros[255];

	(void)state;
	memset(quotes, '\'', sizeof quotes);
	memset(zeros, '\0', sizeof zeros);
	expect_short_queries(lc_view_of(""));
	expect_short_queries(lc_view_of("b"));
	expect_short_queries(lc_view_of("amzn-s3-demo-bucket"));
	expect_short_queries((struct lc_view){.data = quotes, .size = 63});
	expect_short_queries((struct lc_view){.data = quotes, .size = sizeof quotes});
	expect_short_queries((struct lc_view){.data = zeros, .size = sizeof zeros});
}

static void a_name_of_enormous_size_stands_alone(void **state)
{
	static char name[LC_PLAN_LIST_BYTES];
	struct open_source sources[3];
	struct lc_source *order[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		open_range(&sources[i], 5, 6);
		order[i] = &sources[i].source;
	}
	memset(name, 'x', sizeof name);
	sources[1].source.bucket = (struct lc_view){.data = name, .size = sizeof name};
	assert_int_equal(lc_plan_group(order, 3), 1);
	assert_int_equal(lc_plan_group(order + 1, 2), 1);
	assert_int_equal(lc_plan_group(order + 2, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_source_is_ready_by_rows_or_by_age),
	    cmocka_unit_test(the_range_opened_first_makes_a_source_ready),
	    cmocka_unit_test(the_operator_makes_any_open_source_ready),
	    cmocka_unit_test(a_settled_source_is_never_ready),
	    cmocka_unit_test(the_oldest_second_comes_first),
	    cmocka_unit_test(those_that_could_not_be_read_come_last),
	    cmocka_unit_test(names_are_sorted_as_the_table_is),
	    cmocka_unit_test(nothing_makes_no_group_and_one_makes_one),
	    cmocka_unit_test(one_that_could_not_be_read_is_asked_for_alone),
	    cmocka_unit_test(near_starts_share_a_scan),
	    cmocka_unit_test(near_ends_share_a_scan),
	    cmocka_unit_test(what_the_last_scan_has_brought_decides_what_is_near),
	    cmocka_unit_test(a_long_range_shares_a_scan_that_begins_its_own_length_before),
	    cmocka_unit_test(a_source_is_as_long_as_its_first_piece),
	    cmocka_unit_test(starts_over_all_of_time_are_judged_alike),
	    cmocka_unit_test(a_group_ends_before_the_first_that_is_too_far),
	    cmocka_unit_test(a_query_stays_shorter_than_clickhouse_reads),
	    cmocka_unit_test(a_name_of_enormous_size_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
