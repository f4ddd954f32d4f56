/* What ClickHouse's answers say of the set-up, without a server. */
#include "preflight/clickhouse_checks.h"

#include "config/settings.h"
#include "formats/discovery_row.h"
#include "formats/row_binary.h"
#include "support/record_rows.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>

enum { MARKER = 77, NOW = 1764460800 };

struct world {
	struct lc_settings settings;
	struct lc_preflight_facts facts;
	struct lc_verdict verdict;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	lc_settings_default(&world->settings);
	world->facts = (struct lc_preflight_facts){
	    .delivery = {.settings = &world->settings, .shard_count = 1},
	    .marker = MARKER,
	    .url = "http://a:8123",
	    .wall_seconds = NOW};
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_settings_free(&world->settings);
	free(world);
	return 0;
}

/* The verdict on this answer. */
static void judge(struct world *world, enum lc_clickhouse_check_id id, struct lc_view answer)
{
	struct lc_clickhouse_reply reply = {.answer = answer};

	LC_CLICKHOUSE_CHECK_TABLE[id].judge(&reply, &world->facts, &world->verdict);
}

static void expect(struct world *world, enum lc_clickhouse_check_id id, const char *answer,
		   enum lc_verdict_grade grade, const char *words)
{
	judge(world, id, lc_view_of(answer));
	assert_int_equal(world->verdict.grade, grade);
	if (strstr(world->verdict.text, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", world->verdict.text, words);
}

static void expect_failure(struct world *world, enum lc_clickhouse_check_id id, int code,
			   enum lc_verdict_grade grade, const char *words)
{
	struct lc_clickhouse_reply reply = {.answer = lc_view_of("")};

	lc_error_set(&reply.error, LC_ERROR_REFUSED, "http://a:8123: HTTP 500: Code: %d", code);
	reply.error.code = code;
	LC_CLICKHOUSE_CHECK_TABLE[id].judge(&reply, &world->facts, &world->verdict);
	assert_int_equal(world->verdict.grade, grade);
	assert_non_null(strstr(world->verdict.text, words));
}

static void a_version_is_compared_with_those_that_were_tried(void **state)
{
	const enum lc_clickhouse_check_id id = LC_CLICKHOUSE_CHECK_SERVER;

	expect(*state, id, "26.5.1.1\n", LC_VERDICT_OK, "version 26.5.1.1");
	expect(*state, id, "23.10.1\n", LC_VERDICT_OK, "23.10.1");
	expect(*state, id, "26.9.3.1-stable\n", LC_VERDICT_OK, "26.9.3.1");
	expect(*state, id, "23.9.1\n", LC_VERDICT_WARN, "older");
	expect(*state, id, "22.12.1\n", LC_VERDICT_WARN, "older");
	expect(*state, id, "26.10.1\n", LC_VERDICT_WARN, "newer");
	expect(*state, id, "27.1.1\n", LC_VERDICT_WARN, "newer");
	expect(*state, id, "hello\n", LC_VERDICT_WARN, "none of ClickHouse's");
	expect(*state, id, "", LC_VERDICT_WARN, "none of ClickHouse's");
}

static void every_check_fails_as_the_servers_exception_says(void **state)
{
	for (unsigned i = 0; i < LC_CLICKHOUSE_CHECKS; i++) {
		if (i != LC_CLICKHOUSE_CHECK_SHARDS)
			expect_failure(*state, i, 516, LC_VERDICT_FAIL, "HTTP 500: Code: 516. ");
	}
	expect_failure(*state, LC_CLICKHOUSE_CHECK_SERVER, 164, LC_VERDICT_FAIL, "readonly 0");
	expect_failure(*state, LC_CLICKHOUSE_CHECK_OFFSETS_INSERT, 497, LC_VERDICT_FAIL,
		       "Grant the user INSERT");
	/* What only warns may stay unknown. */
	expect_failure(*state, LC_CLICKHOUSE_CHECK_SHARDS, 497, LC_VERDICT_WARN, "cannot be read");
}

static void tell_time(struct world *world, uint32_t now, const char *shortening)
{
	struct lc_buffer answer;

	lc_buffer_init(&answer, 1000);
	lc_row_binary_append_number(&answer, MARKER, 8);
	lc_row_binary_append_number(&answer, now, 4);
	lc_row_binary_append_text(&answer, lc_view_of(shortening));
	lc_row_binary_append_number(&answer, MARKER, 8);
	judge(world, LC_CLICKHOUSE_CHECK_CLOCK, lc_buffer_view(&answer));
	lc_buffer_free(&answer);
}

static void clocks_that_differ_are_told(void **state)
{
	struct world *world = *state;

	tell_time(world, NOW + 60, "");
	assert_int_equal(world->verdict.grade, LC_VERDICT_OK);
	world->facts.url = "http://b:8123";
	tell_time(world, NOW + 66, "");
	assert_int_equal(world->verdict.grade, LC_VERDICT_WARN);
	assert_non_null(strstr(world->verdict.text, "6 s apart from the first server's"));
	world->facts.clock_known = false;
	tell_time(world, NOW - 61, "");
	assert_int_equal(world->verdict.grade, LC_VERDICT_WARN);
	assert_non_null(strstr(world->verdict.text, "61 s apart from this machine's"));
}

static void a_profile_that_shortens_answers_fails(void **state)
{
	struct world *world = *state;

	tell_time(world, NOW, "timeout_overflow_mode_leaf=break");
	assert_int_equal(world->verdict.grade, LC_VERDICT_FAIL);
	assert_non_null(strstr(world->verdict.text, "timeout_overflow_mode_leaf=break"));
	expect(world, LC_CLICKHOUSE_CHECK_CLOCK, "<html>", LC_VERDICT_FAIL, "not a time");
}

static void a_table_is_there_with_an_engine_that_keeps_rows(void **state)
{
	struct world *world = *state;
	const enum lc_clickhouse_check_id id = LC_CLICKHOUSE_CHECK_LOGS_TABLE;

	expect(world, id, "", LC_VERDICT_FAIL, "there is no table logs.logs, or the user default");
	expect(world, id, "Null\t`Null`\n", LC_VERDICT_FAIL, "keeps no rows");
	expect(world, id, "Buffer\tBuffer('logs', 'logs_local', 16)\n", LC_VERDICT_WARN,
	       "write into logs.logs_local");
	expect(world, id, "View\t\n", LC_VERDICT_OK, "View");
	expect(world, id, "MergeTree\tMergeTree ORDER BY a\n", LC_VERDICT_OK, "MergeTree");
	assert_string_equal(world->facts.logs.table, "logs");
	expect(world, id, "Distributed\tDistributed('main', 'there', 'rows', rand())\n",
	       LC_VERDICT_OK, "over there.rows of cluster main");
	assert_string_equal(world->facts.logs.database, "there");
	assert_string_equal(world->facts.logs.table, "rows");
	expect(world, id, "Distributed\tDistributed('main', '', 'rows')\n", LC_VERDICT_OK,
	       "over logs.rows");
	expect(world, LC_CLICKHOUSE_CHECK_OFFSETS_TABLE, "Buffer\tBuffer('logs', 'local')\n",
	       LC_VERDICT_WARN, "logs.local");
	expect(world, LC_CLICKHOUSE_CHECK_OFFSETS_TABLE, "", LC_VERDICT_FAIL,
	       "clickhouse.offsets-table");
}

static void a_table_of_one_shard_is_told_where_there_are_several(void **state)
{
	struct world *world = *state;
	const enum lc_clickhouse_check_id id = LC_CLICKHOUSE_CHECK_SHARDS;

	expect(world, id, "", LC_VERDICT_OK, "no cluster of several shards");
	expect(world, id, "main\t3\n", LC_VERDICT_WARN, "cluster main has 3 shards");
	snprintf(world->facts.logs.cluster, sizeof(world->facts.logs.cluster), "main");
	expect(world, id, "main\t3\n", LC_VERDICT_OK, "3 shards in cluster main");
	expect_failure(world, id, 497, LC_VERDICT_OK, "reads all shards");
	expect(world, id, "all\t9\nmain\t3\n", LC_VERDICT_OK, "3 shards in cluster main");
	expect(world, id, "all\t9\n", LC_VERDICT_OK, "one shard");
}

static void a_ttl_that_is_shorter_than_the_retention_fails(void **state)
{
	struct world *world = *state;
	const enum lc_clickhouse_check_id id = LC_CLICKHOUSE_CHECK_RETENTION;

	expect(world, id, "MergeTree\tMergeTree ORDER BY a TTL a + toIntervalDay(3)\n",
	       LC_VERDICT_OK, "259200 s");
	expect(world, id, "MergeTree\tMergeTree ORDER BY a TTL a + toIntervalDay(7)\n",
	       LC_VERDICT_OK, "604800 s");
	expect(world, id, "MergeTree\tMergeTree ORDER BY a TTL a + toIntervalDay(1)\n",
	       LC_VERDICT_FAIL, "Set consumer.retention-seconds to 86400");
	expect(world, id, "MergeTree\tMergeTree ORDER BY a\n", LC_VERDICT_OK, "no TTL");
	expect(world, id, "MergeTree\tMergeTree ORDER BY a TTL f(a)\n", LC_VERDICT_WARN,
	       "not understood: f(a)");
	expect(world, id, "View\t\n", LC_VERDICT_WARN, "cannot be seen");
	expect(world, id, "", LC_VERDICT_WARN, "cannot be seen");
}

/* Of all columns, but for one that is left out (NULL: none), and one with another type. */
static void list_columns(struct lc_buffer *answer, const char *left_out, const char *changed,
			 const char *type)
{
	static const char *const COLUMNS[][2] = {
	    {"insertedAt", "DateTime('UTC')"},
	    {"hostname", "LowCardinality(Nullable(String))"},
	    {"startTime", "DateTime64(3, 'UTC')"},
	    {"raftSessionID", "UInt16"},
	    {"bucketName", "LowCardinality(String)"},
	    {"req_id", "String"},
	};
	static const char *const OTHERS[] = {"loggingTargetBucket",
					     "loggingTargetPrefix",
					     "bucketOwner",
					     "clientIP",
					     "requester",
					     "operation",
					     "objectKey",
					     "requestURI",
					     "httpCode",
					     "errorCode",
					     "bytesSent",
					     "objectSize",
					     "totalTime",
					     "turnAroundTime",
					     "referer",
					     "userAgent",
					     "versionId",
					     "signatureVersion",
					     "cipherSuite",
					     "authenticationType",
					     "hostHeader",
					     "tlsVersion",
					     "aclRequired",
					     "logFormatVersion",
					     "awsAccessKeyID",
					     "one more"};

	lc_buffer_init(answer, 10000);
	for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++)
		lc_buffer_append_format(
		    answer, "%s\t%s\n", COLUMNS[i][0],
		    changed != NULL && strcmp(changed, COLUMNS[i][0]) == 0 ? type : COLUMNS[i][1]);
	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
		if (left_out == NULL || strcmp(left_out, OTHERS[i]) != 0)
			lc_buffer_append_format(answer, "%s\tNullable(String)\n", OTHERS[i]);
	}
}

static void with_columns(struct world *world, const char *left_out, const char *changed,
			 const char *type, enum lc_verdict_grade grade, const char *words)
{
	struct lc_buffer answer;

	list_columns(&answer, left_out, changed, type);
	expect(world, LC_CLICKHOUSE_CHECK_LOGS_COLUMNS, lc_buffer_text(&answer), grade, words);
	lc_buffer_free(&answer);
}

static void columns_of_the_logs_table_are_all_there_and_of_the_right_type(void **state)
{
	with_columns(*state, NULL, NULL, NULL, LC_VERDICT_OK, "all there");
	with_columns(*state, "requestURI", NULL, NULL, LC_VERDICT_FAIL, ": requestURI. Create");
	with_columns(*state, NULL, "raftSessionID", "UInt32", LC_VERDICT_OK, "");
	with_columns(*state, NULL, "raftSessionID", "Nullable(UInt16)", LC_VERDICT_FAIL,
		     "raftSessionID is Nullable(UInt16), not UInt16.");
	with_columns(*state, NULL, "insertedAt", "DateTime64(3)", LC_VERDICT_FAIL,
		     "insertedAt is DateTime64(3), not DateTime.");
	with_columns(*state, NULL, "startTime", "DateTime64(6)", LC_VERDICT_FAIL,
		     "startTime is DateTime64(6), not DateTime64(3).");
	with_columns(*state, NULL, "req_id", "Nullable(String)", LC_VERDICT_FAIL,
		     "req_id is Nullable(String), not String.");
	expect(*state, LC_CLICKHOUSE_CHECK_LOGS_COLUMNS, "", LC_VERDICT_FAIL, "raftSessionID, ");
}

static void columns_of_the_offsets_table_are_as_they_are_inserted(void **state)
{
	const enum lc_clickhouse_check_id id = LC_CLICKHOUSE_CHECK_OFFSETS_COLUMNS;

	expect(*state, id,
	       "bucketName\tString\nraftSessionID\tUInt16\nlastProcessedInsertedAt\tDateTime\n"
	       "lastProcessedStartTime\tDateTime64(3)\nlastProcessedReqId\tString\n",
	       LC_VERDICT_OK, "all there");
	expect(*state, id,
	       "bucketName\tString\nraftSessionID\tUInt32\nlastProcessedInsertedAt\tDateTime\n"
	       "lastProcessedStartTime\tDateTime64(3)\nlastProcessedReqId\tString\n",
	       LC_VERDICT_FAIL, "raftSessionID is UInt32, not UInt16.");
	expect(*state, id, "bucketName\tString\n", LC_VERDICT_FAIL, "lastProcessedInsertedAt, ");
}

static void an_answer_has_to_be_whole(void **state)
{
	struct lc_record record = record_rows_example();
	struct lc_buffer answer;

	lc_buffer_init(&answer, 1000);
	lc_row_binary_append_number(&answer, MARKER, 8);
	lc_row_binary_append_number(&answer, 0, 4);
	lc_row_binary_append_text(&answer, lc_view_of(""));
	lc_row_binary_append_number(&answer, 0, 8);
	lc_row_binary_append_number(&answer, 0, 4);
	lc_row_binary_append_number(&answer, 0, 4);
	lc_row_binary_append_number(&answer, 0, 8);
	lc_row_binary_append_text(&answer, lc_view_of(""));
	lc_row_binary_append_number(&answer, lc_discovery_row_last_marker(MARKER), 8);
	judge(*state, LC_CLICKHOUSE_CHECK_WINDOW, lc_buffer_view(&answer));
	assert_int_equal(((struct world *)*state)->verdict.grade, LC_VERDICT_OK);
	lc_buffer_free(&answer);
	expect(*state, LC_CLICKHOUSE_CHECK_WINDOW, "", LC_VERDICT_FAIL, "before its last row");
	expect(*state, LC_CLICKHOUSE_CHECK_SLOTS, "nonsense", LC_VERDICT_FAIL,
	       "Make sure that clickhouse.url");
	expect(*state, LC_CLICKHOUSE_CHECK_SCAN, "", LC_VERDICT_OK, "answered");
	expect(*state, LC_CLICKHOUSE_CHECK_SCAN, "x", LC_VERDICT_FAIL, "instead of a block");
	lc_buffer_init(&answer, SIZE_MAX);
	record_rows_append_block(&answer, NULL, 0, MARKER);
	judge(*state, LC_CLICKHOUSE_CHECK_SCAN, lc_buffer_view(&answer));
	assert_int_equal(((struct world *)*state)->verdict.grade, LC_VERDICT_OK);
	record_rows_append(&answer, &record, MARKER);
	judge(*state, LC_CLICKHOUSE_CHECK_SCAN, lc_buffer_view(&answer));
	assert_int_equal(((struct world *)*state)->verdict.grade, LC_VERDICT_FAIL);
	lc_buffer_free(&answer);
}

static void each_check_asks_and_needs_only_earlier_ones(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < LC_CLICKHOUSE_CHECKS; i++) {
		const struct lc_clickhouse_check *check = &LC_CLICKHOUSE_CHECK_TABLE[i];
		struct lc_buffer sql;

		lc_buffer_init(&sql, 100000);
		check->append(&sql, &world->facts);
		assert_true(sql.size > 0 && !lc_buffer_failed(&sql));
		lc_buffer_free(&sql);
		assert_int_equal(check->needs >> i, 0);
		assert_true(i == LC_CLICKHOUSE_CHECK_SERVER || check->needs != 0);
		/* Those of each server come first. */
		assert_true(!check->each_server || i == 0 ||
			    LC_CLICKHOUSE_CHECK_TABLE[i - 1].each_server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_version_is_compared_with_those_that_were_tried),
	    STORY(every_check_fails_as_the_servers_exception_says),
	    STORY(clocks_that_differ_are_told),
	    STORY(a_profile_that_shortens_answers_fails),
	    STORY(a_table_is_there_with_an_engine_that_keeps_rows),
	    STORY(a_table_of_one_shard_is_told_where_there_are_several),
	    STORY(a_ttl_that_is_shorter_than_the_retention_fails),
	    STORY(columns_of_the_logs_table_are_all_there_and_of_the_right_type),
	    STORY(columns_of_the_offsets_table_are_as_they_are_inserted),
	    STORY(an_answer_has_to_be_whole),
	    STORY(each_check_asks_and_needs_only_earlier_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
