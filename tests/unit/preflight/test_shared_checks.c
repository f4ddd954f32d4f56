/* What is said of the tables and of the bucket that machines share. */
#include "preflight/shared_checks.h"

#include "formats/shard_head.h"
#include "support/story.h"

#include <stdio.h>
#include <string.h>

#define GOOD                                                                                     \
	"version=1 generation=1 epoch=0 state=released owner=- nonce=0123456789abcdef change=0 " \
	"last=0:0:00000000000000000000000000000000 segment=- "                                   \
	"checkpointed=0:0:00000000000000000000000000000000 checkpoint=-"

#define WITHDRAWN                                                                              \
	"version=1 generation=1 epoch=7 state=withdrawn owner=courier-2 "                      \
	"nonce=0123456789abcdef change=0 last=0:0:00000000000000000000000000000000 segment=- " \
	"checkpointed=0:0:00000000000000000000000000000000 checkpoint=-"

enum { SHARDS = 4 };

static const struct lc_shared_table TABLE = {"logs.heads", "failover.heads-table", "SELECT"};

static void expect(const struct lc_verdict *verdict, enum lc_verdict_grade grade, const char *words)
{
	if (verdict->grade != grade || strstr(verdict->text, words) == NULL)
		fail_msg("grade %d: %s", (int)verdict->grade, verdict->text);
}

/* ---- tables ---- */

static void a_table_that_is_no_register_says_what_to_do(void **state)
{
	struct lc_verdict verdict;
	struct lc_error error = {.kind = LC_ERROR_NONE};

	(void)state;
	lc_shared_checks_judge_table(&error, &TABLE, true, &verdict);
	expect(&verdict, LC_VERDICT_OK, "KeeperMap, takes rows");
	lc_shared_checks_judge_table(&error, &TABLE, false, &verdict);
	expect(&verdict, LC_VERDICT_OK, "KeeperMap");
	lc_error_set(&error, LC_ERROR_USAGE, "logs.heads: its engine is MergeTree");
	lc_shared_checks_judge_table(&error, &TABLE, true, &verdict);
	expect(&verdict, LC_VERDICT_FAIL,
	       "its engine is MergeTree. contrib/clickhouse/several-machines.sql has the table and "
	       "its grants (SELECT); if they are there, correct failover.heads-table.");
}

static void
a_right_that_is_missing_is_named_and_a_server_that_is_away_is_not_the_tables(void **state)
{
	struct lc_verdict verdict;
	struct lc_error error;

	(void)state;
	lc_error_set(&error, LC_ERROR_REFUSED, "logs.heads: ACCESS_DENIED");
	error.code = 497;
	lc_shared_checks_judge_table(&error, &TABLE, true, &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "its grants (SELECT)");
	lc_error_set(&error, LC_ERROR_UNREACHABLE, "logs.heads: cannot connect");
	lc_shared_checks_judge_table(&error, &TABLE, true, &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "servers of clickhouse.url are running");
}

/* ---- heads ---- */

/* The verdict on heads of the first `count` shards of `of`, the last with this value. */
static void judge(unsigned count, unsigned of, const char *last, struct lc_verdict *verdict)
{
	char names[SHARDS][LC_SHARD_HEAD_ROW_SIZE];
	struct lc_register_row rows[SHARDS];
	const struct lc_register_answer answer = {.outcome = LC_REGISTER_DONE,
						  .rows = {.rows = rows, .count = count}};

	for (unsigned shard = 0; shard < count; shard++) {
		lc_shard_head_row(shard, of, names[shard]);
		rows[shard] =
		    (struct lc_register_row){.name = lc_view_of(names[shard]),
					     .value = lc_view_of(shard + 1 == count ? last : GOOD)};
	}
	lc_shared_checks_judge_heads(&answer, SHARDS, &TABLE, verdict);
}

static void each_shard_needs_a_head(void **state)
{
	struct lc_verdict verdict;

	(void)state;
	judge(SHARDS, SHARDS, GOOD, &verdict);
	expect(&verdict, LC_VERDICT_OK, "each of 4 shards has one");
	judge(0, SHARDS, GOOD, &verdict);
	expect(&verdict, LC_VERDICT_FAIL,
	       "Run log-courier --publish-ledgers, or log-courier --publish-fresh-ledgers for a "
	       "new deployment");
	judge(1, SHARDS, GOOD, &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "3 of 4 shards have none");
	judge(3, SHARDS + 1, GOOD, &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "Correct supervisor.shards");
}

static void a_shard_that_was_fetched_back_to_one_machine_is_told(void **state)
{
	struct lc_verdict verdict;

	(void)state;
	judge(SHARDS, SHARDS, WITHDRAWN, &verdict);
	expect(&verdict, LC_VERDICT_FAIL,
	       "1 of 4 shards were fetched back to one machine, the last one to courier-2");
}

static void a_head_that_cannot_be_read_fails(void **state)
{
	struct lc_verdict verdict;

	(void)state;
	judge(SHARDS, SHARDS, "version=1 nonsense", &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "shard-3-of-4: ");
	judge(SHARDS, SHARDS, "", &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "who has changed that row");
}

static void heads_that_could_not_be_read_say_why(void **state)
{
	struct lc_register_answer answer = {.outcome = LC_REGISTER_UNKNOWN};
	struct lc_verdict verdict;

	(void)state;
	lc_error_set(&answer.error, LC_ERROR_UNREACHABLE, "logs.heads: cannot connect");
	lc_shared_checks_judge_heads(&answer, SHARDS, &TABLE, &verdict);
	expect(&verdict, LC_VERDICT_FAIL, "cannot connect");
}

/* ---- the bucket ---- */

static void a_step_that_is_refused_names_the_right(void **state)
{
	static const char *const RIGHTS[LC_SHARED_STEPS] = {"s3:PutObject", "s3:ListBucket",
							    "s3:GetObject", "s3:DeleteObject"};
	struct lc_s3_answer answer = {
	    .status = 403, .code = "AccessDenied", .retry_class = LC_RETRY_WAIT};
	struct lc_verdict verdict;

	(void)state;
	lc_error_set(&answer.error, LC_ERROR_REFUSED, "HTTP 403 AccessDenied");
	for (int step = 0; step < LC_SHARED_STEPS; step++) {
		assert_false(lc_shared_checks_judge_step((enum lc_shared_step)step, &answer, false,
							 "key", &verdict));
		expect(&verdict, LC_VERDICT_FAIL, RIGHTS[step]);
	}
}

static void a_bucket_that_is_missing_is_the_settings(void **state)
{
	struct lc_s3_answer answer = {
	    .status = 404, .code = "NoSuchBucket", .retry_class = LC_RETRY_WAIT};
	struct lc_verdict verdict;

	(void)state;
	lc_error_set(&answer.error, LC_ERROR_REFUSED, "HTTP 404 NoSuchBucket");
	assert_false(
	    lc_shared_checks_judge_step(LC_SHARED_STEP_PUT, &answer, true, "key", &verdict));
	expect(&verdict, LC_VERDICT_FAIL, "Create the bucket, or correct ledger.bucket.");
}

static void what_was_stored_has_to_be_found(void **state)
{
	const struct lc_s3_answer done = {.status = 200, .code = "", .retry_class = LC_RETRY_DONE};
	struct lc_verdict verdict;

	(void)state;
	assert_true(lc_shared_checks_judge_step(LC_SHARED_STEP_LIST, &done, true, "key", &verdict));
	assert_false(
	    lc_shared_checks_judge_step(LC_SHARED_STEP_LIST, &done, false, "key", &verdict));
	expect(&verdict, LC_VERDICT_FAIL, "key is not in the list");
	assert_false(
	    lc_shared_checks_judge_step(LC_SHARED_STEP_GET, &done, false, "key", &verdict));
	expect(&verdict, LC_VERDICT_FAIL, "key has other bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_table_that_is_no_register_says_what_to_do),
	    cmocka_unit_test(
		a_right_that_is_missing_is_named_and_a_server_that_is_away_is_not_the_tables),
	    cmocka_unit_test(each_shard_needs_a_head),
	    cmocka_unit_test(a_shard_that_was_fetched_back_to_one_machine_is_told),
	    cmocka_unit_test(a_head_that_cannot_be_read_fails),
	    cmocka_unit_test(heads_that_could_not_be_read_say_why),
	    cmocka_unit_test(a_step_that_is_refused_names_the_right),
	    cmocka_unit_test(a_bucket_that_is_missing_is_the_settings),
	    cmocka_unit_test(what_was_stored_has_to_be_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
