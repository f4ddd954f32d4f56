/* What system.tables.engine_full tells: arguments, and how long rows are kept. */
#include "preflight/table_engine.h"

#include "support/story.h"

#define DAY ((uint64_t)86400)

static void expect_argument(const char *engine, unsigned index, const char *expected)
{
	struct lc_view found = lc_table_engine_argument(lc_view_of(engine), index);

	assert_int_equal(found.size, strlen(expected));
	assert_memory_equal(found.data, expected, found.size);
}

static void the_arguments_in_quotes_are_found(void **state)
{
	const char *distributed = "Distributed('main', '', 'logs_local', rand(), 'a, (b')";

	(void)state;
	expect_argument(distributed, 0, "main");
	expect_argument(distributed, 1, "");
	expect_argument(distributed, 2, "logs_local");
	expect_argument(distributed, 3, "");
	expect_argument(distributed, 4, "a, (b");
	expect_argument(distributed, 5, "");
	expect_argument("Buffer('logs', 'logs_local', 16, 10)", 1, "logs_local");
	expect_argument("`Null`", 0, "");
	expect_argument("", 0, "");
	expect_argument("Distributed(", 0, "");
	expect_argument("Distributed('", 0, "");
}

static void expect_seconds(const char *engine, uint64_t seconds)
{
	struct lc_table_engine_ttl ttl = lc_table_engine_ttl_of(lc_view_of(engine));

	assert_int_equal(ttl.keeps, LC_TABLE_ENGINE_KEEPS_SECONDS);
	assert_int_equal(ttl.seconds, seconds);
}

static void a_ttl_is_a_column_and_intervals(void **state)
{
	(void)state;
	expect_seconds("MergeTree PARTITION BY toStartOfDay(insertedAt) ORDER BY (raftSessionID, "
		       "bucketName) TTL insertedAt + toIntervalDay(3) SETTINGS index_granularity = "
		       "8192",
		       3 * DAY);
	expect_seconds("ReplicatedMergeTree('/x/{shard}', '{replica}') ORDER BY a TTL insertedAt + "
		       "toIntervalHour(24)",
		       DAY);
	expect_seconds("MergeTree ORDER BY a TTL insertedAt + 86400", DAY);
	expect_seconds("MergeTree ORDER BY a TTL toDateTime(startTime) + toIntervalWeek(1) + "
		       "toIntervalMinute(1) DELETE",
		       7 * DAY + 60);
	expect_seconds("MergeTree ORDER BY a TTL insertedAt + toIntervalMonth(1)", 28 * DAY);
	expect_seconds("MergeTree ORDER BY a TTL insertedAt + toIntervalYear(1)", 365 * DAY);
	expect_seconds("MergeTree ORDER BY a TTL insertedAt + toIntervalQuarter(1)", 90 * DAY);
	expect_seconds("MergeTree ORDER BY a TTL insertedAt + toIntervalSecond(5)", 5);
}

static void the_shortest_deletion_counts(void **state)
{
	(void)state;
	expect_seconds("MergeTree ORDER BY a TTL insertedAt + toIntervalDay(9), insertedAt + "
		       "toIntervalDay(2) WHERE x = 'a, TTL', insertedAt + toIntervalHour(1) TO "
		       "VOLUME 'cold', insertedAt + toIntervalHour(2) RECOMPRESS CODEC(ZSTD(1)) "
		       "SETTINGS storage_policy = 'x'",
		       2 * DAY);
}

static void expect(const char *engine, enum lc_table_engine_keeps keeps)
{
	assert_int_equal(lc_table_engine_ttl_of(lc_view_of(engine)).keeps, keeps);
}

static void without_a_deletion_rows_are_kept(void **state)
{
	(void)state;
	expect("MergeTree ORDER BY a SETTINGS index_granularity = 8192", LC_TABLE_ENGINE_KEEPS_ALL);
	expect("MergeTree ORDER BY a TTL insertedAt + toIntervalDay(1) TO DISK 'cold'",
	       LC_TABLE_ENGINE_KEEPS_ALL);
	expect("MergeTree('a TTL b') ORDER BY a", LC_TABLE_ENGINE_KEEPS_ALL);
	expect("", LC_TABLE_ENGINE_KEEPS_ALL);
}

static void what_is_not_understood_is_told_as_that(void **state)
{
	(void)state;
	expect("MergeTree ORDER BY a TTL toStartOfDay(insertedAt) + toIntervalDay(3)",
	       LC_TABLE_ENGINE_KEEPS_UNKNOWN);
	expect("MergeTree ORDER BY a TTL insertedAt + toIntervalDay(days)",
	       LC_TABLE_ENGINE_KEEPS_UNKNOWN);
	expect("MergeTree ORDER BY a TTL insertedAt + toIntervalDay(-3)",
	       LC_TABLE_ENGINE_KEEPS_UNKNOWN);
	expect("MergeTree ORDER BY a TTL insertedAt + toIntervalDay(99999999999999999999)",
	       LC_TABLE_ENGINE_KEEPS_UNKNOWN);
	expect("MergeTree ORDER BY a TTL insertedAt - toIntervalDay(3)",
	       LC_TABLE_ENGINE_KEEPS_UNKNOWN);
	expect("MergeTree ORDER BY a TTL ", LC_TABLE_ENGINE_KEEPS_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_arguments_in_quotes_are_found),
	    cmocka_unit_test(a_ttl_is_a_column_and_intervals),
	    cmocka_unit_test(the_shortest_deletion_counts),
	    cmocka_unit_test(without_a_deletion_rows_are_kept),
	    cmocka_unit_test(what_is_not_understood_is_told_as_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
