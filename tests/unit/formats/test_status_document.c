#include "formats/status_document.h"

#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CAP = 1 << 20 };

static void fill(struct lc_status_document *document)
{
	struct lc_status_document_shard *shard;

	lc_status_document_init(document, 2);
	snprintf(document->version, sizeof(document->version), "1.2.3");
	snprintf(document->time, sizeof(document->time), "2026-02-06T00:00:38.123Z");
	document->uptime_seconds = 77;
	document->shard_count = 4;
	document->ready_shards = 1;
	shard = &document->shards[0];
	*shard = (struct lc_status_document_shard){
	    .shard = 2,
	    .state = LC_SHARD_STATE_READY,
	    .pid = 4711,
	    .restarts = 1,
	    .uptime_seconds = 60,
	    .next_start_seconds = LC_STATUS_DOCUMENT_NO_AGE,
	    .records_delivered = 123456789012,
	    .objects_delivered = 1001,
	    .bytes_delivered = 1ULL << 50,
	    .pending_records = 5,
	    .catch_up_read_until = "2026-02-06T00:00:00.000Z",
	    .catch_up_left_seconds = 7200,
	    .catch_up_records_read = 12,
	    .catch_up_records_to_come = 345,
	    .catch_up_estimate_seconds = 240,
	    .inflight_bytes = 6,
	    .targets_blocked = 7,
	    .sources_blocked = 8,
	    .oldest_undelivered_seconds = 9,
	    .clickhouse_failing_seconds = 0,
	    .s3_failing_seconds = LC_STATUS_DOCUMENT_NO_AGE,
	    .ledger_failing_seconds = 3,
	    .obituary_exit_code = 65,
	};
	shard = &document->shards[1];
	shard->shard = 3;
	shard->state = LC_SHARD_STATE_BACKING_OFF;
	shard->uptime_seconds = LC_STATUS_DOCUMENT_NO_AGE;
	snprintf(shard->obituary, sizeof(shard->obituary), "worker 5 died of \"quotes\" and \n");
	snprintf(shard->obituary_time, sizeof(shard->obituary_time), "2026-02-06T00:00:30.000Z");
	lc_status_document_find(document, LC_SEVERITY_CRITICAL, 3, "the worker died %d times", 2);
	lc_status_document_find(document, LC_SEVERITY_WARNING, -1, "something else");
	document->preflight_running = true;
	for (unsigned grade = 0; grade < LC_VERDICT_GRADES; grade++) {
		struct lc_status_document_check check = {.grade = (enum lc_verdict_grade)grade};

		snprintf(check.subject, sizeof(check.subject), "check %u", grade);
		snprintf(check.text, sizeof(check.text), "found %u", grade);
		lc_status_document_add_checks(document, &check, 1);
	}
}

static bool decode(const char *text, struct lc_status_document *document)
{
	struct lc_error error = {.kind = LC_ERROR_NONE};
	bool read = lc_status_document_decode(lc_view_of(text), document, &error);

	assert_int_equal(error.kind, read ? LC_ERROR_NONE : LC_ERROR_CORRUPT);
	return read;
}

static void a_document_comes_back_as_it_was(void **state)
{
	struct lc_status_document document;
	struct lc_status_document copy;
	struct lc_buffer json;

	(void)state;
	fill(&document);
	lc_buffer_init(&json, CAP);
	lc_status_document_encode(&document, true, &json);
	assert_true(decode(lc_buffer_text(&json), &copy));
	assert_string_equal(copy.version, document.version);
	assert_string_equal(copy.time, document.time);
	assert_int_equal(copy.uptime_seconds, 77);
	assert_false(copy.healthy);
	assert_int_equal(copy.shard_count, 4);
	assert_int_equal(copy.ready_shards, 1);
	assert_int_equal(copy.shards_size, 2);
	assert_memory_equal(copy.shards, document.shards, 2 * sizeof(*copy.shards));
	assert_int_equal(copy.findings_size, 2);
	assert_int_equal(copy.findings[0].shard, 3);
	assert_string_equal(copy.findings[0].text, "the worker died 2 times");
	assert_int_equal(copy.findings[0].severity, LC_SEVERITY_CRITICAL);
	assert_int_equal(copy.findings[1].shard, -1);
	assert_int_equal(copy.findings[1].severity, LC_SEVERITY_WARNING);
	assert_true(copy.preflight_running);
	assert_int_equal(copy.checks_size, LC_VERDICT_GRADES);
	assert_memory_equal(copy.checks, document.checks, copy.checks_size * sizeof(*copy.checks));
	lc_buffer_free(&json);
	lc_status_document_free(&copy);
	lc_status_document_free(&document);
}

static void each_fault_comes_back_and_another_word_is_unknown(void **state)
{
	struct lc_status_document document;
	struct lc_status_document copy;
	struct lc_buffer json;
	char *word;

	(void)state;
	fill(&document);
	document.reload_state = LC_RELOAD_STATE_FAILED;
	lc_buffer_init(&json, CAP);
	for (unsigned fault = LC_FAULT_NONE; fault < LC_FAULT_COUNT; fault++) {
		document.shards[0].s3_fault = (enum lc_fault)fault;
		lc_buffer_clear(&json);
		lc_status_document_encode(&document, true, &json);
		assert_true(decode(lc_buffer_text(&json), &copy));
		assert_int_equal(copy.shards[0].s3_fault, fault);
		assert_int_equal(copy.shards[1].s3_fault, LC_FAULT_NONE);
		assert_int_equal(copy.reload_state, LC_RELOAD_STATE_FAILED);
		lc_status_document_free(&copy);
	}
	word = strstr(lc_buffer_text(&json), LC_FAULT_NAMES.texts[LC_FAULT_COUNT - 1]);
	assert_non_null(word);
	word[0] = 'x';
	assert_true(decode(lc_buffer_text(&json), &copy));
	assert_int_equal(copy.shards[0].s3_fault, LC_FAULT_COUNT);
	lc_status_document_free(&copy);
	lc_buffer_free(&json);
	lc_status_document_free(&document);
}

static void words_of_a_newer_release_are_unknown(void **state)
{
	struct lc_status_document document;
	struct lc_status_document copy;
	struct lc_buffer json;
	char *word;

	(void)state;
	fill(&document);
	lc_status_document_find(&document, LC_SEVERITY_WARNING, 1, "look at it");
	lc_buffer_init(&json, CAP);
	lc_status_document_encode(&document, true, &json);
	word = strstr(lc_buffer_text(&json), "\"ready\"");
	assert_non_null(word);
	word[1] = 'h';
	word = strstr(lc_buffer_text(&json), "\"warning\"");
	assert_non_null(word);
	word[1] = 'd';
	assert_true(decode(lc_buffer_text(&json), &copy));
	assert_string_equal(lc_shard_state_name(copy.shards[0].state), "unknown");
	assert_string_equal(lc_severity_name(copy.findings[copy.findings_size - 1].severity),
			    "unknown");
	assert_int_equal(copy.shards[1].state, LC_SHARD_STATE_BACKING_OFF);
	assert_int_equal(copy.healthy, document.healthy);
	lc_buffer_free(&json);
	lc_status_document_free(&copy);
	lc_status_document_free(&document);
}

static void warnings_alone_are_healthy(void **state)
{
	struct lc_status_document document;

	(void)state;
	lc_status_document_init(&document, 0);
	lc_status_document_find(&document, LC_SEVERITY_WARNING, 1, "w");
	assert_true(document.healthy);
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, 1, "c");
	assert_false(document.healthy);
	lc_status_document_free(&document);
}

static void expect_order(const struct lc_status_document *document, const char *texts)
{
	assert_int_equal(document->findings_size, strlen(texts));
	for (size_t i = 0; i < document->findings_size; i++)
		assert_int_equal(document->findings[i].text[0], texts[i]);
}

static void critical_findings_stand_first(void **state)
{
	struct lc_status_document document;

	(void)state;
	lc_status_document_init(&document, 0);
	lc_status_document_find(&document, LC_SEVERITY_WARNING, -1, "x");
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, -1, "a");
	lc_status_document_find(&document, LC_SEVERITY_WARNING, -1, "y");
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, -1, "b");
	expect_order(&document, "abxy");
	assert_int_equal(lc_status_document_count(&document, LC_SEVERITY_CRITICAL), 2);
	lc_status_document_free(&document);
}

static void warnings_leave_room_for_critical_findings(void **state)
{
	struct lc_status_document document;

	(void)state;
	lc_status_document_init(&document, 0);
	for (int i = 0; i < LC_STATUS_DOCUMENT_FINDINGS_MAX; i++)
		lc_status_document_find(&document, LC_SEVERITY_WARNING, i, "w");
	for (int i = 0; i < LC_STATUS_DOCUMENT_FINDINGS_MAX; i++) {
		lc_status_document_find(&document, LC_SEVERITY_CRITICAL, i, "c");
		assert_int_equal(document.findings_size, LC_STATUS_DOCUMENT_FINDINGS_MAX);
		assert_int_equal(lc_status_document_count(&document, LC_SEVERITY_CRITICAL), i + 1);
	}
	assert_int_equal(document.findings[0].shard, 0);
	lc_status_document_find(&document, LC_SEVERITY_CRITICAL, -1, "too many");
	assert_int_equal(document.findings[LC_STATUS_DOCUMENT_FINDINGS_MAX - 1].shard,
			 LC_STATUS_DOCUMENT_FINDINGS_MAX - 1);
	lc_status_document_free(&document);
}

static void the_health_document_leaves_shards_and_checks_out(void **state)
{
	struct lc_status_document document;
	struct lc_status_document copy;
	struct lc_buffer json;

	(void)state;
	fill(&document);
	lc_buffer_init(&json, CAP);
	lc_status_document_encode(&document, false, &json);
	assert_null(strstr(lc_buffer_text(&json), "shards\":["));
	assert_null(strstr(lc_buffer_text(&json), "checks"));
	assert_true(decode(lc_buffer_text(&json), &copy));
	assert_int_equal(copy.shards_size, 0);
	assert_int_equal(copy.checks_size, 0);
	assert_int_equal(copy.findings_size, 2);
	lc_buffer_free(&json);
	lc_status_document_free(&copy);
	lc_status_document_free(&document);
}

static void last_words_of_any_bytes_stay_json(void **state)
{
	struct lc_status_document document;
	struct lc_status_document copy;
	struct lc_buffer json;

	(void)state;
	fill(&document);
	memset(document.shards[0].obituary, 0xFF, sizeof(document.shards[0].obituary) - 1);
	document.shards[0].obituary[0] = 'x';
	lc_buffer_init(&json, CAP);
	lc_status_document_encode(&document, true, &json);
	assert_true(decode(lc_buffer_text(&json), &copy));
	assert_memory_equal(copy.shards[0].obituary, "x????", 5);
	assert_int_equal(strlen(copy.shards[0].obituary), LC_STATUS_DOCUMENT_TEXT_SIZE - 1);
	lc_buffer_free(&json);
	lc_status_document_free(&copy);
	lc_status_document_free(&document);
}

static void checks_are_bounded(void **state)
{
	const struct lc_status_document_check check = {.grade = LC_VERDICT_OK};
	struct lc_status_document document;

	(void)state;
	lc_status_document_init(&document, 0);
	for (int i = 0; i < LC_STATUS_DOCUMENT_CHECKS_MAX + 3; i++)
		lc_status_document_add_checks(&document, &check, 1);
	assert_int_equal(document.checks_size, LC_STATUS_DOCUMENT_CHECKS_MAX);
	lc_status_document_free(&document);
}

static void unknown_members_are_ignored(void **state)
{
	struct lc_status_document document;

	(void)state;
	assert_true(
	    decode("{\"version\":\"9\",\"time\":\"t\",\"uptime_seconds\":1,\"healthy\":true,"
		   "\"ready_shards\":0,\"shard_count\":1,\"state_free_bytes\":null,\"state_"
		   "replaced\":false,\"reloads\":0,"
		   "\"reload_state\":null,"
		   "\"reload_text\":null,\"preflight_running\":false,\"log_lines_dropped\":0,\"log_"
		   "failing_seconds\":null,"
		   "\"unowned_shards\":0,\"taken_from_silent\":0,\"taken_when_released\":0,"
		   "\"taken_when_overdue\":0,"
		   "\"findings\":[],\"new\":{}}",
		   &document));
	assert_true(document.healthy);
	lc_status_document_free(&document);
}

static void what_is_no_status_document_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "<html>",
	    "[]",
	    "null",
	    "{}",
	    "{\"shards\":{}}",
	    "{\"shards\":[7],\"findings\":[]}",
	    "{\"shards\":[{\"shard\":-1,\"state\":\"ready\"}],\"findings\":[]}",
	    "{\"shards\":[{\"shard\":0,\"state\":7}],\"findings\":[]}",
	    "{\"shards\":[{\"shard\":0,\"state\":\"ready\",\"pid\":99999999999}],\"findings\":[]}",
	    "{\"findings\":[{\"shard\":1}]}",
	    "{\"findings\":[{\"severity\":null,\"shard\":1,\"text\":\"x\"}]}",
	    "{\"findings\":[7]}",
	    "{\"findings\":[],\"healthy\":1,\"version\":\"\",\"time\":\"\",\"uptime_seconds\":0,"
	    "\"ready_shards\":0,\"shard_count\":0}",
	    "{\"findings\":[],\"healthy\":true,\"version\":3,\"time\":\"\",\"uptime_seconds\":0,"
	    "\"ready_shards\":0,\"shard_count\":0}",
	    "{\"findings\":[],\"healthy\":true,\"version\":\"\",\"time\":\"\",\"uptime_seconds\":1."
	    "5,"
	    "\"ready_shards\":0,\"shard_count\":0}",
	    "{\"findings\":[],\"healthy\":true,\"version\":\"\",\"time\":\"\",\"uptime_seconds\":0,"
	    "\"ready_shards\":65537,\"shard_count\":0}",
	};
	struct lc_status_document document;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(decode(texts[i], &document));
}

static void what_is_no_list_of_checks_is_refused(void **state)
{
	static const char *const lists[] = {
	    "[]", /* the only one that is */
	    "{}",
	    "[7]",
	    "[{\"grade\":7,\"subject\":\"x\",\"text\":\"y\"}]",
	    "[{\"grade\":\"ok\",\"subject\":7,\"text\":\"y\"}]",
	};
	struct lc_status_document whole;
	struct lc_status_document document;
	struct lc_buffer json;

	(void)state;
	fill(&whole);
	lc_buffer_init(&json, CAP);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char *checks;

		lc_buffer_clear(&json);
		lc_status_document_encode(&whole, true, &json);
		checks = strstr(lc_buffer_text(&json), "\"checks\":");
		assert_non_null(checks);
		snprintf(checks, strlen(checks), "\"checks\":%s}", lists[i]);
		assert_int_equal(decode(lc_buffer_text(&json), &document), i == 0);
		if (i == 0)
			lc_status_document_free(&document);
	}
	lc_buffer_free(&json);
	lc_status_document_free(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_document_comes_back_as_it_was),
	    cmocka_unit_test(each_fault_comes_back_and_another_word_is_unknown),
	    cmocka_unit_test(words_of_a_newer_release_are_unknown),
	    cmocka_unit_test(warnings_alone_are_healthy),
	    cmocka_unit_test(critical_findings_stand_first),
	    cmocka_unit_test(warnings_leave_room_for_critical_findings),
	    cmocka_unit_test(the_health_document_leaves_shards_and_checks_out),
	    cmocka_unit_test(last_words_of_any_bytes_stay_json),
	    cmocka_unit_test(checks_are_bounded),
	    cmocka_unit_test(unknown_members_are_ignored),
	    cmocka_unit_test(what_is_no_status_document_is_refused),
	    cmocka_unit_test(what_is_no_list_of_checks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
