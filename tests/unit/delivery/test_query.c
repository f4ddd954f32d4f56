#include "base/buffer.h"
#include "config/settings.h"
#include "delivery/query.h"
#include "delivery/source.h"
#include "formats/record.h"
#include "support/story.h"

#include <stdlib.h>

static char database[] = "logs";
static char logs_table[] = "access";
static char offsets_table[] = "done";
static const struct lc_settings SETTINGS = {.clickhouse_database = database,
					    .clickhouse_logs_table = logs_table,
					    .clickhouse_offsets_table = offsets_table};
static const struct lc_delivery DELIVERY = {.settings = &SETTINGS, .shard = 2, .shard_count = 5};

static struct lc_source named(uint32_t session, const char *bucket)
{
	return (struct lc_source){.raft_session_id = session, .bucket = lc_view_of(bucket)};
}

static void a_scan_asks_for_each_source_and_each_session_once(void **state)
{
	struct lc_source sources[] = {named(3, "a"), named(3, "it's"), named(7, "a")};
	struct lc_source *order[] = {&sources[0], &sources[1], &sources[2]};
	struct lc_buffer expected;
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_buffer_init(&expected, 10000);
	lc_query_append_scan(&sql, &DELIVERY, 42,
			     &(struct lc_query_rows){order, 3, 1549411200, 1549411260}, 32);
	lc_buffer_append_text(&expected, "SELECT ");
	lc_record_append_columns(&expected, 42);
	lc_buffer_append_text(
	    &expected,
	    " FROM `logs`.`access` WHERE raftSessionID IN (3,7)"
	    " AND insertedAt >= toDateTime(1549411200) AND insertedAt < toDateTime(1549411260)"
	    " AND (raftSessionID, bucketName) IN ((3,'a'),(3,'it\\'s'),(7,'a'))"
	    " ORDER BY raftSessionID, bucketName, insertedAt, startTime, req_id");
	lc_query_append_scan_end(&expected, 32);
	assert_string_equal(lc_buffer_text(&sql), lc_buffer_text(&expected));
	lc_buffer_free(&expected);
	lc_buffer_free(&sql);
}

static void a_scan_of_session_zero_names_it(void **state)
{
	struct lc_source source = named(0, "b");
	struct lc_source *order[] = {&source};
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_scan(&sql, &DELIVERY, 1, &(struct lc_query_rows){order, 1, 0, UINT32_MAX},
			     LC_QUERY_BLOCK_ROWS);
	assert_non_null(strstr(lc_buffer_text(&sql), "raftSessionID IN (0) AND"));
	assert_non_null(strstr(lc_buffer_text(&sql), "insertedAt < toDateTime(4294967295) AND"));
	assert_non_null(strstr(lc_buffer_text(&sql), "IN ((0,'b')) ORDER BY"));
	lc_buffer_free(&sql);
}

/* Every query names the table that was configured, its shard, and bounds that are plain numbers;
 * and ends in the settings that every query has. */
static void expect_text(struct lc_buffer *sql, const char *expected)
{
	struct lc_buffer text;

	assert_false(lc_buffer_failed(sql));
	lc_buffer_init(&text, 10000);
	lc_buffer_append_text(&text, expected);
	lc_query_append_end(&text);
	assert_string_equal(lc_buffer_text(sql), lc_buffer_text(&text));
	lc_buffer_free(&text);
	lc_buffer_free(sql);
}

static void every_statement_ends_in_what_forbids_short_answers(void **state)
{
	static const char *const settings[] = {
	    "limit=0",
	    "offset=0",
	    "read_overflow_mode='throw'",
	    "read_overflow_mode_leaf='throw'",
	    "result_overflow_mode='throw'",
	    "skip_unavailable_shards=0",
	    "additional_table_filters={}",
	    "use_query_cache=0",
	    "insert_distributed_sync=1",
	    "async_insert=0",
	};
	struct lc_buffer sql;
	const char *text;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_insert(&sql, &SETTINGS);
	text = lc_buffer_text(&sql);
	assert_non_null(strstr(text, "lastProcessedReqId) SETTINGS limit=0, offset=0, "));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		assert_non_null(strstr(text, settings[i]));
	text += strlen(text) - strlen(" FORMAT RowBinary");
	assert_string_equal(text, " FORMAT RowBinary");
	lc_buffer_clear(&sql);
	lc_query_append_scan_end(&sql, 32);
	text = lc_buffer_text(&sql);
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		assert_non_null(strstr(text, settings[i]));
	assert_non_null(strstr(text, ", max_block_size=32, compatibility='25.3' FORMAT Native"));
	lc_buffer_free(&sql);
}

static void a_window_counts_the_rows_of_the_shard_between_its_bounds(void **state)
{
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_window(&sql, &DELIVERY, 42, 1549411200, 1549411260);
	expect_text(
	    &sql, "SELECT arrayJoin(arrayPushBack(groupArray(tuple(toUInt64(42), session, bucket, "
		  "found, second, toUInt32(0), toInt64(0), '', toUInt64(42))), "
		  "tuple(toUInt64(42), toUInt32(0), '', count(), toUInt32(0), toUInt32(0), "
		  "toInt64(0), '', toUInt64(18446744073709551573)))) FROM ("
		  "SELECT toUInt32(raftSessionID) AS session, toString(bucketName) AS bucket, "
		  "count() AS found, toUInt32(min(insertedAt)) AS second "
		  "FROM `logs`.`access` WHERE raftSessionID % 5 = 2 "
		  "AND insertedAt >= toDateTime(1549411200) "
		  "AND insertedAt < toDateTime(1549411260) "
		  "GROUP BY raftSessionID, bucketName)");
}

static void a_doubtful_window_leaves_out_what_the_offsets_say_is_delivered(void **state)
{
	struct lc_buffer sql;
	const char *text;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_doubtful_window(&sql, &DELIVERY, 42, 1549411200, 1549411260);
	text = lc_buffer_text(&sql);
	assert_non_null(strstr(text, "FROM `logs`.`access` AS l GLOBAL ANY LEFT JOIN ("));
	assert_non_null(strstr(text, "FROM `logs`.`done` WHERE raftSessionID % 5 = 2 AND "
				     "bucketName != '/log-courier' GROUP BY"));
	assert_non_null(strstr(text, "WHERE l.raftSessionID % 5 = 2 AND l.insertedAt >= "
				     "toDateTime(1549411200) AND l.insertedAt < "
				     "toDateTime(1549411260) AND tuple("));
	assert_non_null(strstr(text, "> o.floor GROUP BY"));
	lc_buffer_free(&sql);
}

/* No condition: ClickHouse answers from what it knows of the table's parts. */
static void the_oldest_second_is_asked_of_the_whole_table(void **state)
{
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_oldest(&sql, &DELIVERY, 42);
	assert_non_null(
	    strstr(lc_buffer_text(&sql),
		   "count() AS found, toUInt32(min(insertedAt)) AS second FROM `logs`.`access`)"));
	lc_buffer_free(&sql);
}

#define SORTED_COUNTS                                                                              \
	"SELECT arrayJoin(arrayPushBack(arraySort(r -> (r.2, r.3, r.5), groupArray(tuple("         \
	"toUInt64(1), session, bucket, found, second, toUInt32(0), toInt64(0), '', toUInt64(1)"    \
	"))), tuple(toUInt64(1), toUInt32(0), '', count(), toUInt32(0), toUInt32(0), toInt64(0), " \
	"'', toUInt64(18446744073709551614)))) FROM (SELECT toUInt32(raftSessionID) AS session, "  \
	"toString(bucketName) AS bucket, count() AS found, "

static void late_rows_are_counted_by_slot_then_by_second(void **state)
{
	const struct lc_ledger_count slots[] = {
	    {.source = {.raft_session_id = 2, .bucket = lc_view_of("it's")}, .second = 600},
	    {.source = {.raft_session_id = 7, .bucket = lc_view_of("b")}, .second = 900},
	};
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_slots(&sql, &DELIVERY, 1, 600, 1200);
	expect_text(
	    &sql, SORTED_COUNTS
	    "toUInt32(intDiv(toUInt32(insertedAt), 300) * 300) AS second FROM `logs`.`access` "
	    "WHERE raftSessionID % 5 = 2 AND insertedAt >= toDateTime(600) "
	    "AND insertedAt < toDateTime(1200) "
	    "GROUP BY raftSessionID, bucketName, second)");
	lc_buffer_init(&sql, 10000);
	lc_query_append_seconds(&sql, &DELIVERY, 1, 600, 1200, slots, 2);
	expect_text(&sql, SORTED_COUNTS
		    "toUInt32(insertedAt) AS second "
		    "FROM `logs`.`access` WHERE insertedAt >= toDateTime(600) "
		    "AND insertedAt < toDateTime(1200) AND (raftSessionID, bucketName, "
		    "toUInt32(intDiv(toUInt32(insertedAt), 300) * 300)) "
		    "IN ((2,'it\\'s',600),(7,'b',900)) "
		    "GROUP BY raftSessionID, bucketName, second)");
}

static void the_rest_of_a_scan_begins_in_the_last_second_that_came(void **state)
{
	struct lc_source sources[] = {named(3, "it's"), named(7, "a")};
	struct lc_source *order[] = {&sources[0], &sources[1]};
	struct lc_query_rows rows = {order, 2, 600, 1200};
	struct lc_buffer sql;

	(void)state;
	lc_buffer_init(&sql, 10000);
	lc_query_append_rest(&sql, &DELIVERY, 1, &rows, NULL, 0);
	assert_non_null(strstr(lc_buffer_text(&sql), " IN ((3,'it\\'s'),(7,'a')) GROUP BY"));
	lc_buffer_clear(&sql);
	lc_query_append_rest(&sql, &DELIVERY, 1, &rows, &sources[0], 700);
	assert_non_null(strstr(lc_buffer_text(&sql),
			       " IN ((3,'it\\'s'),(7,'a')) AND NOT (raftSessionID = 3 AND "
			       "bucketName = 'it\\'s' AND insertedAt < toDateTime(700)) GROUP BY"));
	lc_buffer_free(&sql);
}

static void a_replay_asks_only_for_its_rows(void **state)
{
	const struct lc_source photos = named(7, "photos");
	struct lc_source *sources[] = {(struct lc_source *)(uintptr_t)&photos};
	struct lc_query_rows rows = {.sources = sources, .count = 1, .from = 10, .until = 20};
	struct lc_delivery_filter filter = {.from_ms = 5000,
					    .to_ms = 9000,
					    .target_bucket = lc_view_of("lo'gs"),
					    .target_prefix = lc_view_of("a/")};
	struct lc_delivery delivery = DELIVERY;
	struct lc_buffer sql;

	(void)state;
	delivery.filter = &filter;
	lc_buffer_init(&sql, 10000);
	lc_query_append_scan(&sql, &delivery, 42, &rows, LC_QUERY_BLOCK_ROWS);
	assert_non_null(strstr(lc_buffer_text(&sql),
			       "IN ((7,'photos')) AND startTime >= "
			       "fromUnixTimestamp64Milli(toInt64(5000)) AND startTime < "
			       "fromUnixTimestamp64Milli(toInt64(9000)) AND loggingTargetBucket != "
			       "'' ORDER BY"));
	lc_buffer_clear(&sql);
	filter.of_target = true;
	lc_query_append_rest(&sql, &delivery, 42, &rows, &photos, 15);
	assert_non_null(strstr(lc_buffer_text(&sql),
			       "(toInt64(9000)) AND loggingTargetBucket = 'lo\\'gs' AND "
			       "ifNull(toString(loggingTargetPrefix), '') = 'a/' AND NOT ("));
	lc_buffer_clear(&sql);
	filter.whole_bucket = true;
	lc_query_append_scan(&sql, &delivery, 42, &rows, LC_QUERY_BLOCK_ROWS);
	assert_non_null(
	    strstr(lc_buffer_text(&sql), "AND loggingTargetBucket = 'lo\\'gs' ORDER BY"));
	lc_buffer_free(&sql);
}

static void what_a_replay_is_about_is_counted_by_source(void **state)
{
	const struct lc_ledger_source photos = {.raft_session_id = 7,
						.bucket = lc_view_of("photos")};
	struct lc_delivery_filter filter = {.from_ms = 5000, .to_ms = 9000};
	struct lc_delivery delivery = DELIVERY;
	struct lc_buffer sql;

	(void)state;
	delivery.filter = &filter;
	lc_buffer_init(&sql, 10000);
	lc_query_append_matches(&sql, &delivery, 42, &photos, 10, 20);
	assert_non_null(strstr(lc_buffer_text(&sql), "second, latest, toInt64(0), '', "));
	assert_non_null(
	    strstr(lc_buffer_text(&sql),
		   "count() AS found, toUInt32(max(insertedAt)) AS latest, "
		   "toUInt32(min(insertedAt)) AS second FROM `logs`.`access` WHERE "
		   "raftSessionID = 7 AND bucketName = 'photos' AND insertedAt >= toDateTime(10) "
		   "AND insertedAt < toDateTime(20) AND startTime >= "));
	lc_buffer_clear(&sql);
	lc_query_append_matches(&sql, &delivery, 42, NULL, 10, 20);
	assert_non_null(strstr(lc_buffer_text(&sql),
			       " WHERE raftSessionID % 5 = 2 AND insertedAt >= toDateTime(10) "));
	lc_buffer_free(&sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_statement_ends_in_what_forbids_short_answers),
	    cmocka_unit_test(the_rest_of_a_scan_begins_in_the_last_second_that_came),
	    cmocka_unit_test(a_scan_asks_for_each_source_and_each_session_once),
	    cmocka_unit_test(a_scan_of_session_zero_names_it),
	    cmocka_unit_test(a_window_counts_the_rows_of_the_shard_between_its_bounds),
	    cmocka_unit_test(the_oldest_second_is_asked_of_the_whole_table),
	    cmocka_unit_test(a_doubtful_window_leaves_out_what_the_offsets_say_is_delivered),
	    cmocka_unit_test(late_rows_are_counted_by_slot_then_by_second),
	    cmocka_unit_test(a_replay_asks_only_for_its_rows),
	    cmocka_unit_test(what_a_replay_is_about_is_counted_by_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
