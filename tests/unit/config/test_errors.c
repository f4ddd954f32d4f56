/* All errors of a configuration at once, in the order of their sources and lines. */
#include "config/errors.h"

#include "support/config_case.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Asserts that these are the errors, each message holding its text. */
static void expect(const struct config_case *example, const char *const *texts)
{
	struct lc_errors errors = {0};
	struct lc_settings settings;
	size_t i = 0;

	assert_false(config_case_load_all(example, &settings, &errors));
	for (; texts[i] != NULL; i++) {
		if (i == errors.count)
			fail_msg("\"%s\" was not found", texts[i]);
		if (strstr(errors.list[i].message, texts[i]) == NULL)
			fail_msg("\"%s\" expected in: %s", texts[i], errors.list[i].message);
	}
	if (i < errors.count)
		fail_msg("one too many: %s", errors.list[i].message);
	lc_errors_free(&errors);
}

static void all_errors_of_a_file_come_in_the_order_of_its_lines(void **state)
{
	struct config_case example = {
	    .yaml = "s3.regio: a\n"
		    "clickhouse:\n"
		    "  url: [localhost:9000, {a: b}]\n"
		    "  timeout-seconds: soon\n"
		    "  none: {of: [these, {exists: 1}]}\n"
		    "? [a, {b: c}]\n"
		    ": [d]\n"
		    "retry: 5\n"
		    "consumer: &c {count-threshold: 0}\n"
		    "log-level: info\n"
		    "log-level: debug\n"
		    "offset: {flush-count-threshold: *c}\n"
		    "shutdown-timeout-seconds: 0\n",
	};

	(void)state;
	expect(&example, CONFIG_CASE_LIST(
			     ":1: there is no setting \"s3.regio\"; the nearest is s3.region",
			     ":3: clickhouse.url: found a list or a mapping within the list",
			     ":4: clickhouse.timeout-seconds: found \"soon\"",
			     ":5: there is no setting \"clickhouse.none\"",
			     ":6: a key: found a mapping or a list", ":8: \"retry\": found a value",
			     ":9: \"consumer\": found an anchor", ":11: log-level: given twice",
			     ":12: offset.flush-count-threshold: found an alias",
			     ":13: shutdown-timeout-seconds: found \"0\""));
}

static void every_source_and_every_check_adds_its_own(void **state)
{
	struct config_case example = {
	    .yaml = "s3.regio: a\nconsumer.min-discovery-interval-seconds: 121\n",
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_LOG_LEVEL=loud", "LOG_COURIER_S3_REGIO=b"),
	    .flags = CONFIG_CASE_LIST("--hepl", "--nothing-like-it", "value", "stray",
				      "--s3.endpoint=nowhere"),
	};

	(void)state;
	expect(&example, CONFIG_CASE_LIST("no flag \"hepl\"; the nearest is --help",
					  "no flag \"nothing-like-it\"; --help lists all",
					  "argument 6 is not a flag", ":1: there is no setting",
					  "LOG_COURIER_LOG_LEVEL: log-level: found \"loud\"",
					  "variable \"LOG_COURIER_S3_REGIO\": there is no such",
					  "command line: s3.endpoint: found \"nowhere\""));
	example.flags = CONFIG_CASE_LIST("--clickhouse.password-file=/no/such/secret");
	example.without_keys = true;
	expect(&example,
	       CONFIG_CASE_LIST(":1: there is no setting", "LOG_COURIER_LOG_LEVEL",
				"LOG_COURIER_S3_REGIO", "/no/such/secret: cannot be opened",
				"consumer.max-discovery-interval-seconds (default): found 120",
				"s3.access-key-id (default): found none",
				"s3.secret-access-key (default): found none"));
}

/* What a refused value would have been is not known. */
static void a_refused_value_causes_no_second_error(void **state)
{
	struct config_case example = {
	    .yaml = "s3: {access-key-id: 'a b', secret-access-key-file: relative,\n"
		    "     addressing-style: virtual, endpoint: s3.example.com}\n"
		    "supervisor: {shards: many, owned-shards: '0-3'}\n"
		    "consumer.min-discovery-interval-seconds: 0\n"
		    "consumer.max-discovery-interval-seconds: 1\n",
	    .without_keys = true,
	};

	(void)state;
	expect(&example, CONFIG_CASE_LIST(":1: s3.access-key-id", ":1: s3.secret-access-key-file",
					  ":2: s3.endpoint", ":3: supervisor.shards",
					  ":4: consumer.min-discovery-interval-seconds"));
}

/* The missing keys may stand in the rest of the file. */
static void what_could_not_be_read_is_not_called_missing(void **state)
{
	struct config_case example = {
	    .yaml = "log-level: loud\nlog-level: : :\ns3.access-key-id: a\n",
	    .without_keys = true,
	};

	(void)state;
	expect(&example,
	       CONFIG_CASE_LIST(":1: log-level: found \"loud\"", ":2: this is not valid"));
}

static void the_rest_after_too_much_is_not_read(void **state)
{
	char yaml[20000] = "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n";
	struct config_case example = {.yaml = yaml, .without_keys = true};
	struct lc_errors errors = {0};
	struct lc_settings settings;

	(void)state;
	expect(&example,
	       CONFIG_CASE_LIST(":1: there is no setting \"a\"",
				":1: found lists or mappings within more than 32 others"));
	for (size_t i = 0, used = 0; i < 1000; i++)
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "key%zu: 1\n", i);
	assert_false(config_case_load_all(&example, &settings, &errors));
	assert_int_equal(errors.count, LC_ERRORS_MAX);
	assert_true(errors.left_out > 0 && errors.left_out < 10);
	lc_errors_free(&errors);
}

static void fill(struct lc_errors *errors, size_t count, const char *text)
{
	struct lc_error error;

	for (size_t i = 0; i < count; i++) {
		lc_error_set(&error, LC_ERROR_USAGE, "%s", text);
		assert_false(lc_errors_add(errors, &error));
	}
}

static void more_than_anybody_reads_are_counted(void **state)
{
	struct lc_errors errors = {0};

	(void)state;
	fill(&errors, LC_ERRORS_MAX + 5, "x");
	assert_int_equal(errors.count, LC_ERRORS_MAX);
	assert_int_equal(errors.left_out, 5);
	assert_int_equal(lc_errors_count(&errors), LC_ERRORS_MAX + 5);
	lc_errors_free(&errors);
	assert_int_equal(lc_errors_count(&errors), 0);
}

static void a_summary_has_all_if_they_are_short(void **state)
{
	char text[LC_ERROR_MESSAGE_SIZE];
	struct lc_errors errors = {0};
	struct lc_error summary;

	(void)state;
	fill(&errors, 1, "one");
	lc_errors_summarize(&errors, &summary);
	assert_string_equal(summary.message, "one");
	assert_int_equal(summary.kind, LC_ERROR_USAGE);
	fill(&errors, 2, "two");
	lc_errors_summarize(&errors, &summary);
	assert_string_equal(summary.message, "one; two; two");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	fill(&errors, 1, text);
	lc_errors_summarize(&errors, &summary);
	assert_string_equal(summary.message, "one; and 3 more errors, see the log");
	lc_errors_free(&errors);
	fill(&errors, 2, text);
	lc_errors_summarize(&errors, &summary);
	assert_non_null(strstr(summary.message, "xxx; and 1 more error, see the log"));
	lc_errors_free(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_errors_of_a_file_come_in_the_order_of_its_lines),
	    cmocka_unit_test(every_source_and_every_check_adds_its_own),
	    cmocka_unit_test(a_refused_value_causes_no_second_error),
	    cmocka_unit_test(what_could_not_be_read_is_not_called_missing),
	    cmocka_unit_test(the_rest_after_too_much_is_not_read),
	    cmocka_unit_test(more_than_anybody_reads_are_counted),
	    cmocka_unit_test(a_summary_has_all_if_they_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
