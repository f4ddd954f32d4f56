/* Each situation in which a source can be, and what is said about it. */
#include "ctl/explain.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 1700000000, CAP = 1 << 20 };

/* What the service tells; the stories change it. */
static struct world {
	struct lc_inspection document;
	struct lc_status_document service;
	bool service_known;
	struct lc_explanation explanation;
} WORLD;

static int set_up(void **state)
{
	WORLD = (struct world){.service_known = true};
	lc_inspection_init(&WORLD.document);
	lc_status_document_init(&WORLD.service, 4);
	for (unsigned i = 0; i < 4; i++)
		WORLD.service.shards[i] = (struct lc_status_document_shard){
		    .shard = i,
		    .state = LC_SHARD_STATE_READY,
		    .next_start_seconds = LC_STATUS_DOCUMENT_NO_AGE,
		    .clickhouse_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE,
		    .clickhouse_refusing_seconds = LC_STATUS_DOCUMENT_NO_AGE,
		    .reconcile_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE,
		    .s3_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE,
		    .ledger_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE,
		};
	*state = &WORLD;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	lc_explain_free(&world->explanation);
	lc_inspection_free(&world->document);
	lc_status_document_free(&world->service);
	return 0;
}

static struct lc_explain_facts facts_of(const struct world *world)
{
	return (struct lc_explain_facts){
	    .raft_session_id = 7,
	    .bucket = lc_view_of("photos"),
	    .document = &world->document,
	    .service = world->service_known ? &world->service : NULL,
	};
}

static void explain(struct world *world)
{
	struct lc_explain_facts facts = facts_of(world);

	lc_explain_free(&world->explanation);
	lc_explain(&facts, &world->explanation);
}

/* What is said of the situation; fails when nothing is. */
static struct lc_explain_remark *said(struct world *world, enum lc_explain_situation situation)
{
	explain(world);
	for (size_t i = 0; i < world->explanation.count; i++) {
		if (world->explanation.remarks[i].situation == situation)
			return &world->explanation.remarks[i];
	}
	fail_msg("nothing is said of %s", lc_explain_word(situation));
	return NULL;
}

#define SAYS(situation, expected) \
	assert_string_equal(      \
	    lc_buffer_text(&said(world, LC_EXPLAIN_SITUATION_##situation)->sentence), expected)
#define ADVISES(situation, expected) \
	assert_string_equal(         \
	    lc_buffer_text(&said(world, LC_EXPLAIN_SITUATION_##situation)->advice), expected)

static void is_silent_about(struct world *world, enum lc_explain_situation situation)
{
	explain(world);
	for (size_t i = 0; i < world->explanation.count; i++)
		assert_int_not_equal(world->explanation.remarks[i].situation, situation);
}

/* ---- facts ---- */

static struct lc_inspection_source source(void)
{
	return (struct lc_inspection_source){.shard = 3,
					     .raft_session_id = 7,
					     .bucket = lc_view_of("photos"),
					     .pending_rows = 2345,
					     .open_rows = 2345,
					     .oldest_undelivered = NOW - 500,
					     .open_since = NOW - 480,
					     .lag_seconds = 500};
}

static void add_source(struct world *world, struct lc_inspection_source row)
{
	lc_inspection_add(&world->document, LC_INSPECTION_SOURCES, &row);
}

static void add_range(struct world *world, bool being_read)
{
	struct lc_inspection_range row = {.shard = 3, .being_read = being_read};

	lc_inspection_add(&world->document, LC_INSPECTION_RANGES, &row);
}

static void add_reader(struct world *world, enum lc_cycle_step step, int64_t next_cycle_seconds)
{
	struct lc_inspection_reader row = {.shard = 3,
					   .step = step,
					   .next_cycle_seconds = next_cycle_seconds,
					   .clickhouse_now = NOW,
					   .count_threshold = 10000,
					   .time_threshold_seconds = 900};

	lc_inspection_add(&world->document, LC_INSPECTION_READERS, &row);
}

static void add_target(struct world *world, enum lc_target_state state, bool refused,
		       const char *error)
{
	struct lc_inspection_target row = {.shard = 3,
					   .bucket = lc_view_of("logs"),
					   .state = state,
					   .refused = refused,
					   .failures = 3,
					   .failing_seconds = 180,
					   .next_probe_seconds = 40,
					   .last_error = lc_view_of(error)};

	lc_inspection_add(&world->document, LC_INSPECTION_TARGETS, &row);
}

static void add_object(struct world *world, enum lc_delivery_state state)
{
	struct lc_inspection_object row = {.shard = 3,
					   .bucket = lc_view_of("photos"),
					   .target_bucket = lc_view_of("logs"),
					   .key = lc_view_of("a/2023-11-14-22-13-20-0123"),
					   .rows = 1234,
					   .last_second = NOW,
					   .state = state};

	lc_inspection_add(&world->document, LC_INSPECTION_OBJECTS, &row);
}

/* ---- the stories ---- */

static void a_paused_shard_is_told_with_how_it_is_resumed(void **state)
{
	struct world *world = *state;

	lc_inspection_complain(&world->document, 3, "shard 3 is not running");
	world->service.shards[3].state = LC_SHARD_STATE_PAUSED;
	SAYS(no_answer, "Shard 3, which delivers it, was paused: none of its rows is read or "
			"delivered until it is resumed.");
	ADVISES(no_answer, "log-courier-ctl resume 3");
	assert_int_equal(world->explanation.count, 1);
}

static void a_shard_that_does_not_answer_is_told_with_its_worker(void **state)
{
	struct world *world = *state;

	lc_inspection_complain(&world->document, 3, "shard 3 is not running");
	world->service.shards[3].state = LC_SHARD_STATE_BACKING_OFF;
	world->service.shards[3].next_start_seconds = 8;
	snprintf(world->service.shards[3].obituary, sizeof(world->service.shards[3].obituary),
		 "worker 5 was ended by SIGSEGV");
	SAYS(no_answer, "Shard 3, which delivers it, does not answer: shard 3 is not running. Its "
			"worker is backing-off; the last one that died: worker 5 was ended by "
			"SIGSEGV. The next one starts in 8 s.");
	assert_int_equal(world->explanation.count, 1);
	world->service_known = false;
	SAYS(no_answer, "Shard 3, which delivers it, does not answer: shard 3 is not running.");
}

static void a_source_nobody_knows_may_be_misspelt(void **state)
{
	struct world *world = *state;

	add_reader(world, LC_CYCLE_WAITING, 20);
	SAYS(unknown, "No rows of it are waiting, and the ledger has no log objects of it: either "
		      "it has had no rows, or its name is different.");
	ADVISES(unknown,
		"Make sure that ClickHouse's logs table has rows with bucketName 'photos' and "
		"raftSessionID 7 that name a target; log-courier-ctl sources lists the sources "
		"that have undelivered rows.");
	assert_int_equal(world->explanation.count, 1);
}

static void what_is_delivered_is_shown_where_it_went(void **state)
{
	struct world *world = *state;

	add_reader(world, LC_CYCLE_WAITING, 20);
	add_object(world, LC_DELIVERY_DELIVERED);
	SAYS(delivered, "No rows of it are waiting. Its newest log object has 1,234 rows, up to "
			"2023-11-14 22:13:20 UTC, and is delivered: "
			"logs/a/2023-11-14-22-13-20-0123.");
	assert_int_equal(world->explanation.count, 1);
}

static void few_and_young_rows_wait_for_the_thresholds(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_range(world, false);
	add_reader(world, LC_CYCLE_WAITING, 20);
	SAYS(rows_wait, "2,345 rows wait; the oldest is 8 min 20 s old.");
	SAYS(waits_for_threshold,
	     "2,345 of them are not yet read from ClickHouse. They are read when 10,000 are unread "
	     "or when the first has been known for 15 min, at the latest in about 7 min 1 s.");
	ADVISES(waits_for_threshold,
		"Nothing; or, if you do not want to wait: log-courier-ctl flush 7/photos");
	is_silent_about(world, LC_EXPLAIN_SITUATION_ready);
}

static void many_or_old_or_flushed_rows_are_read_next(void **state)
{
	static const char expected[] = ". They are read in the next cycle, in 20 s.";
	struct world *world = *state;
	struct lc_inspection_source many = source();
	struct lc_inspection_source old = source();
	struct lc_inspection_source flushed = source();
	const struct lc_inspection_source *rows[] = {&many, &old, &flushed};

	many.open_rows = 10000;
	old.open_since = NOW - 901;
	flushed.flush = true;
	add_range(world, false);
	add_reader(world, LC_CYCLE_WAITING, 20);
	for (size_t i = 0; i < 3; i++) {
		struct lc_buffer *sentence;

		world->document.lists[LC_INSPECTION_SOURCES].count = 0;
		add_source(world, *rows[i]);
		sentence = &said(world, LC_EXPLAIN_SITUATION_ready)->sentence;
		assert_non_null(strstr(lc_buffer_text(sentence), expected));
		is_silent_about(world, LC_EXPLAIN_SITUATION_waits_for_threshold);
	}
	SAYS(ready, "2,345 of them are not yet read from ClickHouse; somebody asked for them to be "
		    "delivered now. They are read in the next cycle, in 20 s.");
}

static void a_cycle_under_way_comes_to_what_is_ready(void **state)
{
	struct world *world = *state;
	struct lc_inspection_source row = source();

	row.open_rows = 10001;
	add_source(world, row);
	add_range(world, false);
	add_reader(world, LC_CYCLE_SCANNING, -1);
	SAYS(ready, "10,001 of them are not yet read from ClickHouse. They are read as soon as "
		    "everything before them has been read.");
}

static void seconds_that_are_read_again_are_told_as_such(void **state)
{
	struct world *world = *state;
	struct lc_inspection_source row = source();

	row.open_rows = 0;
	row.pending_rows = 0;
	row.flush = true;
	add_source(world, row);
	add_range(world, false);
	add_reader(world, LC_CYCLE_WAITING, 0);
	SAYS(ready, "Some seconds of it will be read again, to find rows that became visible late; "
		    "somebody asked for them to be delivered now. They are read in the next "
		    "cycle, now.");
}

static void a_scan_under_way_is_told(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_range(world, true);
	add_reader(world, LC_CYCLE_SCANNING, -1);
	SAYS(being_read, "It is being read from ClickHouse now.");
	is_silent_about(world, LC_EXPLAIN_SITUATION_ready);
	is_silent_about(world, LC_EXPLAIN_SITUATION_waits_for_threshold);
}

static void a_shard_that_reads_nothing_more_is_told(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_range(world, false);
	add_reader(world, LC_CYCLE_STOPPED, -1);
	SAYS(stopped, "The shard is reading nothing more: it is being stopped, or cannot go on.");
	is_silent_about(world, LC_EXPLAIN_SITUATION_ready);
	is_silent_about(world, LC_EXPLAIN_SITUATION_waits_for_threshold);
}

static void missing_credentials_are_told_with_their_source(void **state)
{
	struct world *world = *state;
	struct lc_status_document_shard *shard = &world->service.shards[3];

	add_source(world, source());
	add_reader(world, LC_CYCLE_BACKING_OFF, 4);
	shard->credentials_sets = 1;
	shard->credentials_missing = 1;
	shard->s3_failing_seconds = 60;
	snprintf(shard->credentials_source, sizeof(shard->credentials_source),
		 "profile logs of /x");
	snprintf(shard->credentials_answer, sizeof(shard->credentials_answer), "it is gone");
	SAYS(no_credentials,
	     "There are no credentials to sign requests to S3 with, so that uploads "
	     "wait; they come from profile logs of /x. The last try: it is gone.");
	for (size_t i = 0; i < world->explanation.count; i++)
		assert_int_not_equal(world->explanation.remarks[i].situation,
				     LC_EXPLAIN_SITUATION_s3_fails);
}

static void servers_that_fail_are_told_with_what_to_do(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_reader(world, LC_CYCLE_BACKING_OFF, 4);
	world->service.shards[3].clickhouse_failing_seconds = 40;
	world->service.shards[3].s3_failing_seconds = 3 * 60;
	world->service.shards[3].ledger_failing_seconds = 2;
	SAYS(clickhouse_fails,
	     "ClickHouse has answered no query for 40 s: new rows are neither found nor read.");
	SAYS(s3_fails, "S3 has confirmed no upload of this shard for 3 min.");
	SAYS(ledger_fails, "The ledger could not be written for 2 s, so that no upload starts.");
	for (size_t i = 0; i < world->explanation.count; i++)
		assert_true(world->explanation.remarks[i].advice.size > 0 ||
			    world->explanation.remarks[i].situation ==
				LC_EXPLAIN_SITUATION_rows_wait);
}

static void a_refused_user_is_told_with_its_cure(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_reader(world, LC_CYCLE_BACKING_OFF, 4);
	world->service.shards[3].clickhouse_failing_seconds = 40;
	world->service.shards[3].clickhouse_refusing_seconds = 40;
	SAYS(clickhouse_fails, "ClickHouse has refused the user, its password or its rights for "
			       "40 s: new rows are neither found nor read.");
	ADVISES(clickhouse_fails, "Correct clickhouse.username and clickhouse.password, then: "
				  "log-courier-ctl reload");
}

static void a_target_that_refuses_is_told_with_its_cure(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_reader(world, LC_CYCLE_WAITING, 4);
	add_target(world, LC_TARGET_ASIDE, true, "HTTP 403 AccessDenied");
	SAYS(target_refuses, "Its target 'logs' has refused log objects for 3 min (HTTP 403 "
			     "AccessDenied); next try in 40 s.");
	ADVISES(target_refuses, "Grant s3:PutObject on the bucket 'logs' to the service's access "
				"key, then: log-courier-ctl retry logs");
	world->document.lists[LC_INSPECTION_TARGETS].count = 0;
	add_target(world, LC_TARGET_ASIDE, true, "HTTP 404 NoSuchBucket");
	ADVISES(target_refuses, "Create the bucket 'logs', or correct where its sources log to, "
				"then: log-courier-ctl retry logs");
	world->document.lists[LC_INSPECTION_TARGETS].count = 0;
	add_target(world, LC_TARGET_ASIDE, true, "HTTP 418");
	ADVISES(target_refuses, "Correct what S3 says about the bucket 'logs'; it is tried again "
				"by itself, or at once with: log-courier-ctl retry logs");
}

static void a_target_with_settings_of_its_own_is_told(void **state)
{
	struct world *world = *state;
	struct lc_inspection_target target = {
	    .bucket = lc_view_of("vault"),
	    .settings = lc_view_of("/etc/log-courier.yml:12: s3.region: \"eu-west-1\"")};

	add_source(world, source());
	lc_inspection_add(&world->document, LC_INSPECTION_TARGETS, &target);
	SAYS(target_settings, "For its target bucket 'vault' some settings differ, by the entry in "
			      "/etc/log-courier.yml:12: s3.region: \"eu-west-1\".");
}

static void a_target_that_fails_is_told_by_how_often(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_reader(world, LC_CYCLE_WAITING, 4);
	add_target(world, LC_TARGET_ASIDE, false, "time-out");
	SAYS(target_aside, "Its target 'logs' has failed again and again for 3 min (time-out); "
			   "next try in 40 s.");
	world->document.lists[LC_INSPECTION_TARGETS].count = 0;
	add_target(world, LC_TARGET_SHAKY, false, "");
	SAYS(target_shaky, "Its target 'logs' has failed for 3 min; next try in 40 s.");
	assert_int_equal(said(world, LC_EXPLAIN_SITUATION_target_shaky)->advice.size, 0);
	world->document.lists[LC_INSPECTION_TARGETS].count = 0;
	add_target(world, LC_TARGET_HEALTHY, false, "");
	is_silent_about(world, LC_EXPLAIN_SITUATION_target_shaky);
}

static void only_so_many_targets_are_told(void **state)
{
	struct world *world = *state;

	add_source(world, source());
	add_reader(world, LC_CYCLE_WAITING, 4);
	for (unsigned i = 0; i < 1000; i++)
		add_target(world, LC_TARGET_ASIDE, true, "HTTP 403 AccessDenied");
	explain(world);
	assert_in_range(world->explanation.count, 2, LC_EXPLAIN_REMARKS_MAX);
}

static void log_objects_on_their_way_are_counted(void **state)
{
	struct world *world = *state;
	struct lc_inspection_source row = source();

	row.objects = 1;
	row.object_rows = 12;
	row.intents_without_body = 2;
	row.intents_without_body_rows = 1;
	add_source(world, row);
	add_reader(world, LC_CYCLE_WAITING, 4);
	SAYS(uploading, "12 rows are in 1 log object being built or uploaded.");
	SAYS(rebuilding, "2 log objects with 1 row are recorded in the ledger, and will be built "
			 "again from ClickHouse once the target takes them.");
}

static void rows_that_were_given_up_are_not_kept_quiet(void **state)
{
	struct world *world = *state;

	add_reader(world, LC_CYCLE_WAITING, 4);
	add_object(world, LC_DELIVERY_EXPIRED);
	add_object(world, LC_DELIVERY_DELIVERED);
	SAYS(expired, "1,234 rows of it were given up, having expired in ClickHouse before a "
		      "target took them.");
}

static void people_and_scripts_get_the_same(void **state)
{
	struct world *world = *state;
	struct lc_explain_facts facts;
	struct lc_buffer text;

	add_source(world, source());
	add_range(world, false);
	add_reader(world, LC_CYCLE_WAITING, 20);
	add_target(world, LC_TARGET_ASIDE, true, "AccessDenied \033[2J");
	explain(world);
	facts = facts_of(world);
	lc_buffer_init(&text, CAP);
	lc_explain_append(&facts, &world->explanation, (struct lc_terminal_style){.width = 200},
			  &text);
	assert_non_null(strstr(lc_buffer_text(&text), "source 7/photos\n  2,345 rows wait; the "));
	assert_non_null(strstr(lc_buffer_text(&text), "(AccessDenied ?[2J)"));
	assert_non_null(strstr(lc_buffer_text(&text), "\nwhat to do\n  Nothing; or"));
	lc_buffer_clear(&text);
	lc_explain_append_json(&facts, &world->explanation, &text);
	assert_non_null(strstr(lc_buffer_text(&text), "{\"situation\":\"rows-wait\",\"sentence\":"
						      "\"2,345 rows wait; the oldest is 8 min 20 "
						      "s old.\",\"advice\":null}"));
	assert_non_null(strstr(lc_buffer_text(&text), "\"facts\":{\"affected\":0"));
	lc_buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(a_paused_shard_is_told_with_how_it_is_resumed),
	    STORY(a_shard_that_does_not_answer_is_told_with_its_worker),
	    STORY(a_source_nobody_knows_may_be_misspelt),
	    STORY(what_is_delivered_is_shown_where_it_went),
	    STORY(few_and_young_rows_wait_for_the_thresholds),
	    STORY(many_or_old_or_flushed_rows_are_read_next),
	    STORY(a_cycle_under_way_comes_to_what_is_ready),
	    STORY(seconds_that_are_read_again_are_told_as_such),
	    STORY(a_scan_under_way_is_told),
	    STORY(a_shard_that_reads_nothing_more_is_told),
	    STORY(missing_credentials_are_told_with_their_source),
	    STORY(servers_that_fail_are_told_with_what_to_do),
	    STORY(a_refused_user_is_told_with_its_cure),
	    STORY(a_target_that_refuses_is_told_with_its_cure),
	    STORY(a_target_with_settings_of_its_own_is_told),
	    STORY(a_target_that_fails_is_told_by_how_often),
	    STORY(only_so_many_targets_are_told),
	    STORY(log_objects_on_their_way_are_counted),
	    STORY(rows_that_were_given_up_are_not_kept_quiet),
	    STORY(people_and_scripts_get_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
