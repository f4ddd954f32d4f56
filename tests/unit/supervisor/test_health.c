/* What is told as wrong, and what is not. */
#include "supervisor/health.h"

#include "base/exit_codes.h"
#include "formats/document_names.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct lc_health_rules RULES = {.unreachable_after_seconds = 30,
					     .delivery_age_max_seconds = 7200,
					     .retention_seconds = 100000,
					     .retention_used_max_percent = 75,
					     .free_bytes_min = 1000,
					     .clock_difference_max_seconds = 60,
					     .deaths_in_a_row_max = 3,
					     .reconcile_failing_max_seconds = 3600};

static struct lc_status_document document_of(size_t shards)
{
	struct lc_status_document document;

	lc_status_document_init(&document, shards);
	document.state_free_bytes = 1000;
	document.log_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	for (size_t i = 0; i < shards; i++) {
		document.shards[i].shard = (unsigned)i;
		document.shards[i].state = LC_SHARD_STATE_READY;
		document.shards[i].oldest_undelivered_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].oldest_blocked_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].clickhouse_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].clickhouse_refusing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].offsets_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].reconcile_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].s3_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].s3_confirmed_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].credentials_sets = 1;
		document.shards[i].credentials_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].credentials_expire_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].s3_refusing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].ledger_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].catch_up_estimate_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].log_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].unowned_seconds = LC_STATUS_DOCUMENT_NO_AGE;
		document.shards[i].obituary_exit_code = LC_STATUS_DOCUMENT_NO_AGE;
	}
	return document;
}

/* The document's findings end as one, about shard 1, that holds the words. */
static void expect(struct lc_status_document *document, const char *words)
{
	lc_health_examine(&RULES, document);
	assert_false(document->healthy);
	assert_int_equal(document->findings_size, 1);
	assert_int_equal(document->findings[0].shard, 1);
	if (strstr(document->findings[0].text, words) == NULL)
		fail_msg("found instead: %s", document->findings[0].text);
	lc_status_document_free(document);
}

static void expect_healthy(struct lc_status_document *document)
{
	lc_health_examine(&RULES, document);
	assert_true(document->healthy);
	assert_int_equal(document->findings_size, 0);
	lc_status_document_free(document);
}

static void ready_shards_that_deliver_are_healthy(void **state)
{
	struct lc_status_document document = document_of(3);

	(void)state;
	document.shards[0].pending_records = 100000;
	document.shards[0].targets_blocked = 3;
	document.shards[1].restarts = 7;
	expect_healthy(&document);
}

static void a_shard_in_any_other_state_is_a_finding(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LC_SHARD_STATE_COUNT; i++) {
		struct lc_status_document document = document_of(2);

		document.shards[1].state = (enum lc_shard_state)i;
		if (i == LC_SHARD_STATE_READY || i == LC_SHARD_STATE_AWAY)
			expect_healthy(&document);
		else
			expect(&document, "");
	}
}

static void a_dead_worker_is_told_with_its_obituary(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].state = LC_SHARD_STATE_BACKING_OFF;
	document.shards[1].next_start_seconds = 8;
	snprintf(document.shards[1].obituary, sizeof(document.shards[1].obituary),
		 "worker 12 was ended by SIGSEGV");
	expect(&document,
	       "the worker died (worker 12 was ended by SIGSEGV) and is restarted in 8 s");
}

static void a_shard_that_no_machine_has_for_a_minute_is_told_with_its_last_owner(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].state = LC_SHARD_STATE_AWAY;
	document.shards[1].unowned_seconds = 60;
	expect_healthy(&document);
	document = document_of(2);
	document.shards[1].state = LC_SHARD_STATE_AWAY;
	document.shards[1].unowned_seconds = 61;
	expect(&document, "no living machine has had the shard for 61 s, and nobody delivers its "
			  "rows; which machine had it last is not known; see log-courier-ctl "
			  "machines");
	document = document_of(2);
	document.shards[1].unowned_seconds = 61;
	snprintf(document.shards[1].owner, sizeof(document.shards[1].owner), "courier-2");
	expect(&document, "machine courier-2 had it last");
}

static void wrong_settings_are_told_with_the_way_out(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].state = LC_SHARD_STATE_FAILED;
	expect(&document, "correct the settings and run log-courier-ctl reload");
}

static void a_damaged_ledger_is_told_with_the_way_out(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].state = LC_SHARD_STATE_FAILED;
	document.shards[1].obituary_exit_code = LC_EXIT_LEDGER;
	expect(&document, "run log-courier-ctl ledger reset --shard 1");
}

/* A ledger that is whole must not be given up because an earlier release cannot read it. */
static void a_ledger_of_a_newer_release_is_not_called_damaged(void **state)
{
	static const char *const words[] = {"damaged or gone, or of a newer release",
					    "of a newer release, install that release again"};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct lc_status_document document = document_of(2);

		document.shards[1].state = LC_SHARD_STATE_FAILED;
		document.shards[1].obituary_exit_code = LC_EXIT_LEDGER;
		expect(&document, words[i]);
	}
}

static void another_courier_is_told_with_the_way_out(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].state = LC_SHARD_STATE_FAILED;
	document.shards[1].obituary_exit_code = LC_EXIT_CONFLICT;
	expect(&document, "stop the other courier");
}

static void a_ledger_that_can_not_be_written_is_a_finding_at_once(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].ledger_failing_seconds = 0;
	expect(&document, "the ledger could not be written for 0 s");
}

static void set_s3(struct lc_status_document *document, int64_t seconds, enum lc_fault fault,
		   const char *words)
{
	struct lc_status_document_shard *shard = &document->shards[1];

	shard->s3_failing_seconds = seconds;
	shard->s3_fault = fault;
	snprintf(shard->s3_answer, sizeof(shard->s3_answer), "%s", words);
}

static void set_clickhouse(struct lc_status_document *document, int64_t seconds,
			   enum lc_fault fault, const char *words)
{
	struct lc_status_document_shard *shard = &document->shards[1];

	shard->clickhouse_failing_seconds = seconds;
	shard->clickhouse_fault = fault;
	snprintf(shard->clickhouse_answer, sizeof(shard->clickhouse_answer), "%s", words);
}

static void clickhouse_failing_for_long_is_a_finding(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_clickhouse(&document, 30, LC_FAULT_CLICKHOUSE_UNREACHABLE, "http://a: no route");
	expect(&document,
	       "ClickHouse has answered no query for 30 s: http://a: no route; make sure "
	       "that the servers of clickhouse.url are running");
}

static void s3_failing_for_long_is_a_finding(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_s3(&document, 31, LC_FAULT_S3_BUSY, "HTTP 503");
	expect(&document, "S3 has confirmed no upload for 31 s: HTTP 503; S3, or a proxy in front");
}

/* Each in its time, with the peer's own words and the way out. */
static void each_fault_is_told_with_the_words_and_the_way_out(void **state)
{
	(void)state;
	for (unsigned i = LC_FAULT_NONE + 1; i < LC_FAULT_COUNT; i++) {
		const struct lc_fault_description *fault = &LC_FAULT_DESCRIPTIONS[i];
		bool at_once = fault->patience == LC_FAULT_AT_ONCE;
		bool s3 = strncmp(LC_FAULT_NAMES.texts[i], "s3-", 3) == 0;

		if (i == LC_FAULT_S3_CREDENTIALS) /* see below */
			continue;
		for (int64_t seconds = 0; seconds <= 30; seconds += 29) {
			struct lc_status_document document = document_of(2);

			(s3 ? set_s3 : set_clickhouse)(&document, seconds, (enum lc_fault)i,
						       "its own words");
			if (!at_once && seconds < 30) {
				expect_healthy(&document);
				continue;
			}
			lc_health_examine(&RULES, &document);
			assert_int_equal(document.findings_size, 1);
			assert_false(document.healthy);
			assert_non_null(strstr(document.findings[0].text, fault->what));
			assert_non_null(strstr(document.findings[0].text, " s: its own words; "));
			assert_non_null(strstr(document.findings[0].text, fault->advice));
			lc_status_document_free(&document);
		}
	}
}

/* Its targets are at fault, or few: S3 takes uploads of others. */
static void a_shard_that_is_refused_while_others_are_not_is_a_warning(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_s3(&document, 40, LC_FAULT_S3_NO_BUCKET, "NoSuchBucket");
	document.shards[0].s3_confirmed_seconds = 3599;
	lc_health_examine(&RULES, &document);
	assert_true(document.healthy);
	assert_int_equal(document.findings_size, 1);
	lc_status_document_free(&document);

	document = document_of(2);
	set_s3(&document, 40, LC_FAULT_S3_NO_BUCKET, "NoSuchBucket");
	document.shards[0].s3_confirmed_seconds = 3600;
	expect(&document, "S3 has confirmed no upload for 40 s");

	document = document_of(2);
	set_s3(&document, 40, LC_FAULT_S3_BUSY, "SlowDown");
	document.shards[0].s3_confirmed_seconds = 39;
	lc_health_examine(&RULES, &document);
	assert_true(document.healthy);
	lc_status_document_free(&document);

	document = document_of(2);
	set_s3(&document, 40, LC_FAULT_S3_BUSY, "SlowDown");
	document.shards[0].s3_confirmed_seconds = 40;
	expect(&document, "S3 has confirmed no upload for 40 s");

	document = document_of(2);
	set_s3(&document, 40, LC_FAULT_S3_UNREACHABLE, "no route");
	document.shards[0].s3_confirmed_seconds = 1;
	expect(&document, "S3 has confirmed no upload for 40 s");
}

static void a_short_outage_is_none(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_clickhouse(&document, 29, LC_FAULT_CLICKHOUSE_UNREACHABLE, "no route");
	document.shards[1].offsets_failing_seconds = 29;
	set_s3(&document, 0, LC_FAULT_S3_SILENT, "no answer");
	document.shards[1].oldest_undelivered_seconds = 7200;
	expect_healthy(&document);
}

static void a_refused_key_is_a_finding_at_once(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_s3(&document, 0, LC_FAULT_S3_KEY, "");
	expect(&document, "S3 has refused the access key or its secret for 0 s; correct");
}

static void a_refused_user_is_a_finding_at_once(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_clickhouse(&document, 0, LC_FAULT_CLICKHOUSE_USER, "");
	expect(&document, "ClickHouse has refused the user, its password or its rights for 0 s");
}

static void offsets_that_can_not_be_inserted_for_long_are_a_finding(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].offsets_failing_seconds = 30;
	snprintf(document.shards[1].offsets_answer, sizeof(document.shards[1].offsets_answer),
		 "Code: 164");
	expect(&document,
	       "no offset could be inserted into ClickHouse for 30 s: Code: 164; grant INSERT");
}

/* Once, health was green while late rows were looked for nowhere. */
static void comparisons_that_fail_for_long_are_a_warning(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[0].reconcile_failing_seconds = 3600;
	document.shards[1].reconcile_failing_seconds = 3601;
	lc_health_examine(&RULES, &document);
	assert_true(document.healthy);
	assert_int_equal(document.findings_size, 1);
	assert_int_equal(document.findings[0].severity, LC_SEVERITY_WARNING);
	assert_int_equal(document.findings[0].shard, 1);
	assert_non_null(strstr(document.findings[0].text, "for 3601 s rows that became visible"));
	lc_status_document_free(&document);
}

static void an_outage_is_told_once(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].reconcile_failing_seconds = 4000;
	set_clickhouse(&document, 4000, LC_FAULT_CLICKHOUSE_UNREACHABLE, "no route");
	expect(&document, "ClickHouse has answered no query for 4000 s");
}

static void rows_about_to_expire_are_a_finding_of_their_own(void **state)
{
	struct lc_health_rules rules = RULES;
	struct lc_status_document document = document_of(2);

	(void)state;
	rules.delivery_age_max_seconds = INT64_MAX;
	document.shards[0].oldest_undelivered_seconds = 74999;
	document.shards[1].oldest_undelivered_seconds = 75000;
	lc_health_examine(&rules, &document);
	assert_int_equal(document.findings_size, 1);
	assert_int_equal(document.findings[0].shard, 1);
	assert_non_null(strstr(document.findings[0].text, "is lost in 25000 s"));
	lc_status_document_free(&document);
}

static void clocks_that_are_apart_are_a_finding(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[0].clock_difference_seconds = 60;
	document.shards[1].clock_difference_seconds = 61;
	expect(&document, "differ by 61 s; make sure that NTP works");
}

static void a_clock_that_was_set_back_is_a_finding(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[0].clock_behind_windows_seconds = 60;
	document.shards[1].clock_behind_windows_seconds = 61;
	expect(&document, "61 s before the end of the last window");
	document = document_of(2);
	document.shards[1].clock_behind_windows_seconds = 86400;
	document.shards[1].clock_behind_horizon_seconds = 1;
	expect(&document, "1 s before the horizon of late rows");
}

static void a_worker_that_died_again_and_again_is_a_finding_while_it_works(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[0].deaths_in_a_row = 2;
	document.shards[1].deaths_in_a_row = 3;
	snprintf(document.shards[1].obituary, sizeof(document.shards[1].obituary), "by SIGSEGV");
	expect(&document, "3 workers have died one after the other (by SIGSEGV)");
}

static void a_disk_that_is_nearly_full_is_a_finding_of_the_service(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.state_free_bytes = 999;
	lc_health_examine(&RULES, &document);
	assert_int_equal(document.findings_size, 1);
	assert_int_equal(document.findings[0].shard, -1);
	assert_non_null(strstr(document.findings[0].text, "has 999 bytes free"));
	lc_status_document_free(&document);
	document = document_of(2);
	document.state_free_bytes = LC_STATUS_DOCUMENT_NO_AGE;
	expect_healthy(&document);
}

static void a_state_directory_that_was_replaced_is_a_finding_of_the_service(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.state_replaced = true;
	lc_health_examine(&RULES, &document);
	assert_false(document.healthy);
	assert_int_equal(document.findings_size, 1);
	assert_int_equal(document.findings[0].shard, -1);
	assert_non_null(strstr(document.findings[0].text, "bring it back as it was"));
	lc_status_document_free(&document);
}

static void rows_that_wait_too_long_are_a_finding(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].oldest_undelivered_seconds = 7201;
	document.shards[1].pending_records = 4;
	expect(&document,
	       "the oldest undelivered row that nothing blocks is 7201 s old, more than "
	       "health.max-delivery-age-seconds (7200), and 4 rows wait; log-courier-ctl");
}

static void late_rows_of_a_shard_that_catches_up_come_with_its_estimate(void **state)
{
	struct lc_status_document document = document_of(2);
	struct lc_status_document_shard *shard = &document.shards[1];

	(void)state;
	shard->oldest_undelivered_seconds = 7201;
	shard->pending_records = 4;
	snprintf(shard->catch_up_read_until, sizeof(shard->catch_up_read_until),
		 "2026-02-06T12:00:00.000Z");
	shard->catch_up_estimate_seconds = 240;
	expect(&document, "and 4 rows wait; at its present pace the shard has caught up in about "
			  "240 s; log-courier-ctl");
}

/* The document's findings end as one warning about shard 1 that holds the words. */
static void expect_warning(struct lc_status_document *document, const char *words)
{
	lc_health_examine(&RULES, document);
	assert_true(document->healthy);
	assert_int_equal(document->findings_size, 1);
	assert_int_equal(document->findings[0].severity, LC_SEVERITY_WARNING);
	assert_int_equal(document->findings[0].shard, 1);
	if (strstr(document->findings[0].text, words) == NULL)
		fail_msg("found instead: %s", document->findings[0].text);
	lc_status_document_free(document);
}

/* One customer's deleted bucket is not the service's outage, and hides none. */
static void what_one_tenant_suffers_is_a_warning(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.shards[1].targets_blocked = 2;
	document.shards[1].oldest_blocked_seconds = 7200;
	expect_healthy(&document);
	document = document_of(2);
	document.shards[1].targets_blocked = 2;
	document.shards[1].oldest_blocked_seconds = 7201;
	snprintf(document.shards[1].target_answer, sizeof(document.shards[1].target_answer),
		 "PUT logs/key: HTTP 403 AccessDenied");
	expect_warning(&document, "2 targets take no log objects, and the oldest row for them is "
				  "7201 s old; the one blocked longest: PUT logs/key: HTTP "
				  "403 AccessDenied; ");
	document = document_of(2);
	document.shards[1].sources_unreadable = 3;
	expect_warning(&document, "ClickHouse cannot read the rows of 3 sources");
	document = document_of(2);
	document.shards[1].records_without_target = 4;
	expect_warning(&document, "4 rows name no target bucket");
	document = document_of(2);
	document.shards[1].oldest_blocked_seconds = RULES.retention_seconds - 5;
	expect_warning(&document, "the oldest row that is blocked is lost in 5 s");
}

static void a_log_that_nobody_reads_is_one_warning(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	document.log_lines_dropped = 2;
	document.shards[0].log_lines_dropped = 3;
	document.shards[0].log_failing_seconds = 7;
	document.shards[1].log_failing_seconds = 9;
	lc_health_examine(&RULES, &document);
	assert_true(document.healthy);
	assert_int_equal(document.findings_size, 1);
	assert_int_equal(document.findings[0].severity, LC_SEVERITY_WARNING);
	assert_int_equal(document.findings[0].shard, -1);
	assert_non_null(
	    strstr(document.findings[0].text,
		   "no line of the log for 9 s, 5 lines have been lost since the start"));
	lc_status_document_free(&document);
}

static void what_the_preflight_has_found_is_a_warning(void **state)
{
	struct lc_status_document_check checks[2] = {
	    {.grade = LC_VERDICT_FAIL, .subject = "retention", .text = "Make the TTL longer."},
	    {.grade = LC_VERDICT_WARN},
	};
	struct lc_status_document document = document_of(1);

	(void)state;
	memset(checks[1].subject, 's', sizeof(checks[1].subject) - 1);
	memset(checks[1].text, 't', sizeof(checks[1].text) - 1);
	lc_health_examine_checks(checks, 2, "2026-02-06T00:00:38.123Z", &document);
	assert_true(document.healthy);
	assert_int_equal(document.findings_size, 2);
	assert_int_equal(document.findings[0].severity, LC_SEVERITY_WARNING);
	assert_string_equal(document.findings[0].text,
			    "retention: Make the TTL longer. (preflight of "
			    "2026-02-06T00:00:38.123Z; log-courier-ctl preflight checks again)");
	/* However long they are, the way out is there. */
	assert_non_null(strstr(document.findings[1].text, "log-courier-ctl preflight"));
	lc_status_document_free(&document);
}

static void findings_are_bounded(void **state)
{
	struct lc_status_document document = document_of(LC_STATUS_DOCUMENT_FINDINGS_MAX + 10);

	(void)state;
	for (size_t i = 0; i < document.shards_size; i++)
		document.shards[i].state = LC_SHARD_STATE_FAILED;
	lc_health_examine(&RULES, &document);
	assert_false(document.healthy);
	assert_int_equal(document.findings_size, LC_STATUS_DOCUMENT_FINDINGS_MAX);
	lc_status_document_free(&document);
}

static void set_credentials(struct lc_status_document *document, unsigned sets, unsigned missing,
			    int64_t failing_seconds, int64_t expire_seconds)
{
	struct lc_status_document_shard *shard = &document->shards[1];

	shard->credentials_sets = sets;
	shard->credentials_missing = missing;
	shard->credentials_failing_seconds = failing_seconds;
	shard->credentials_expire_seconds = expire_seconds;
	snprintf(shard->credentials_answer, sizeof(shard->credentials_answer), "its own words");
}

static void credentials_that_cannot_be_had_are_told_at_once(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_credentials(&document, 1, 1, 0, LC_STATUS_DOCUMENT_NO_AGE);
	/* Told once, though S3 takes nothing meanwhile. */
	set_s3(&document, 100, LC_FAULT_S3_CREDENTIALS, "no credentials to sign with");
	expect(&document,
	       "there have been no credentials to sign requests to S3 with for 0 s: its own "
	       "words; repair the source that it names");
}

static void credentials_of_some_targets_are_a_warning(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_credentials(&document, 3, 1, 7, 0);
	expect_warning(&document,
		       "there have been no credentials to sign requests to S3 with, for some "
		       "target buckets, for 7 s: its own words; ");
}

static void
credentials_that_cannot_be_renewed_are_a_warning_while_the_old_ones_are_good(void **state)
{
	struct lc_status_document document = document_of(2);

	(void)state;
	set_credentials(&document, 1, 0, 29, 600);
	expect_healthy(&document);
	document = document_of(2);
	set_credentials(&document, 1, 0, 30, 600);
	expect_warning(&document,
		       "no newer credentials for S3 could be had for 30 s: its own words; the "
		       "old ones are used until they expire in 600 s; ");
	document = document_of(2);
	set_credentials(&document, 1, 0, 30, LC_STATUS_DOCUMENT_NO_AGE);
	expect_warning(&document, "the old ones are used meanwhile; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(credentials_that_cannot_be_had_are_told_at_once),
	    cmocka_unit_test(credentials_of_some_targets_are_a_warning),
	    cmocka_unit_test(
		credentials_that_cannot_be_renewed_are_a_warning_while_the_old_ones_are_good),
	    cmocka_unit_test(ready_shards_that_deliver_are_healthy),
	    cmocka_unit_test(a_shard_in_any_other_state_is_a_finding),
	    cmocka_unit_test(a_dead_worker_is_told_with_its_obituary),
	    cmocka_unit_test(a_shard_that_no_machine_has_for_a_minute_is_told_with_its_last_owner),
	    cmocka_unit_test(wrong_settings_are_told_with_the_way_out),
	    cmocka_unit_test(a_damaged_ledger_is_told_with_the_way_out),
	    cmocka_unit_test(a_ledger_of_a_newer_release_is_not_called_damaged),
	    cmocka_unit_test(another_courier_is_told_with_the_way_out),
	    cmocka_unit_test(a_ledger_that_can_not_be_written_is_a_finding_at_once),
	    cmocka_unit_test(clickhouse_failing_for_long_is_a_finding),
	    cmocka_unit_test(s3_failing_for_long_is_a_finding),
	    cmocka_unit_test(each_fault_is_told_with_the_words_and_the_way_out),
	    cmocka_unit_test(a_shard_that_is_refused_while_others_are_not_is_a_warning),
	    cmocka_unit_test(a_short_outage_is_none),
	    cmocka_unit_test(a_refused_key_is_a_finding_at_once),
	    cmocka_unit_test(a_refused_user_is_a_finding_at_once),
	    cmocka_unit_test(offsets_that_can_not_be_inserted_for_long_are_a_finding),
	    cmocka_unit_test(comparisons_that_fail_for_long_are_a_warning),
	    cmocka_unit_test(an_outage_is_told_once),
	    cmocka_unit_test(rows_about_to_expire_are_a_finding_of_their_own),
	    cmocka_unit_test(clocks_that_are_apart_are_a_finding),
	    cmocka_unit_test(a_clock_that_was_set_back_is_a_finding),
	    cmocka_unit_test(a_worker_that_died_again_and_again_is_a_finding_while_it_works),
	    cmocka_unit_test(a_disk_that_is_nearly_full_is_a_finding_of_the_service),
	    cmocka_unit_test(a_state_directory_that_was_replaced_is_a_finding_of_the_service),
	    cmocka_unit_test(rows_that_wait_too_long_are_a_finding),
	    cmocka_unit_test(late_rows_of_a_shard_that_catches_up_come_with_its_estimate),
	    cmocka_unit_test(what_one_tenant_suffers_is_a_warning),
	    cmocka_unit_test(a_log_that_nobody_reads_is_one_warning),
	    cmocka_unit_test(what_the_preflight_has_found_is_a_warning),
	    cmocka_unit_test(findings_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
