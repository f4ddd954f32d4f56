#include "config/settings_yaml.h"

#include "base/buffer.h"
#include "support/config_case.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse(struct lc_settings *settings, struct lc_view content, struct lc_error *error)
{
	struct lc_errors errors = {0};
	bool good;

	lc_settings_default(settings);
	settings->config_file = strdup("a.yml");
	good = lc_settings_yaml_parse(settings, "a.yml", content, &errors);
	assert_int_equal(config_case_first(&errors, error), good);
	return good;
}

static void read_well(const char *content, struct lc_settings *settings)
{
	struct lc_error error = {0};

	if (!parse(settings, lc_view_of(content), &error))
		fail_msg("%s", error.message);
}

/* The message begins with "a.yml:<line>: " and holds both texts. */
static void refuse_bytes(struct lc_view content, unsigned line, const char *text, const char *other)
{
	struct lc_error error = {0};
	struct lc_settings settings;
	char begin[32];

	assert_false(parse(&settings, content, &error));
	lc_settings_free(&settings);
	snprintf(begin, sizeof(begin), "a.yml:%u: ", line);
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	if (strncmp(error.message, begin, strlen(begin)) != 0 ||
	    strstr(error.message, text) == NULL || strstr(error.message, other) == NULL)
		fail_msg("\"%s\", \"%s\", \"%s\" expected in: %s", begin, text, other,
			 error.message);
}

static void refuse(const char *content, unsigned line, const char *text, const char *other)
{
	refuse_bytes(lc_view_of(content), line, text, other);
}

static void nested_and_dotted_names_mean_the_same(void **state)
{
	struct lc_settings settings;

	(void)state;
	read_well("s3:\n"
		  "  region: eu-west-1\n"
		  "  tls-skip-verify: true\n"
		  "s3.endpoint: \"https://s3.example.com\"\n"
		  "\"log-level\": 'debug'\n"
		  "consumer: {count-threshold: 5, time-threshold-seconds: 6}\n",
		  &settings);
	assert_string_equal(settings.s3_region, "eu-west-1");
	assert_true(settings.s3_tls_skip_verify);
	assert_string_equal(settings.s3_endpoint, "https://s3.example.com");
	assert_int_equal(settings.log_level, LC_LOG_DEBUG);
	assert_int_equal(settings.consumer_count_threshold, 5);
	assert_int_equal(settings.consumer_time_threshold_seconds, 6);
	assert_int_equal(settings.origins[LC_SETTINGS_s3_region].line, 2);
	assert_int_equal(settings.origins[LC_SETTINGS_s3_endpoint].line, 4);
	assert_int_equal(settings.origins[LC_SETTINGS_s3_region].source, LC_SETTINGS_FILE);
	assert_int_equal(settings.origins[LC_SETTINGS_s3_access_key_id].source,
			 LC_SETTINGS_DEFAULT);
	lc_settings_free(&settings);
}

static void a_file_that_says_nothing_sets_nothing(void **state)
{
	static const char *const EMPTY[] = {
	    "",      "\n\n",         "# a comment\n",
	    "---\n", "---\n...\n",   "{}\n",
	    "~\n",   "\xEF\xBB\xBF", "s3:\nclickhouse:\n  # url: x\nlog-level: info\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(EMPTY) / sizeof(EMPTY[0]); i++) {
		struct lc_settings settings;

		read_well(EMPTY[i], &settings);
		assert_string_equal(settings.s3_region, "us-east-1");
		assert_int_equal(settings.log_level, LC_LOG_INFO);
		lc_settings_free(&settings);
	}
}

static void lists_may_be_written_as_lists(void **state)
{
	struct lc_settings settings;

	(void)state;
	read_well("clickhouse.url:\n  - http://a:8123\n  - \"https://b\"\n"
		  "supervisor: {owned-shards: [0-3, 7]}\n",
		  &settings);
	assert_string_equal(settings.clickhouse_url, "http://a:8123,https://b");
	assert_string_equal(settings.supervisor_owned_shards, "0-3,7");
	lc_settings_free(&settings);
}

static void a_list_must_fit_its_setting(void **state)
{
	(void)state;
	refuse("s3.region: [a, b]\n", 1, "s3.region", "found a list");
	refuse("\ns3.secret-access-key: [a]\n", 2, "s3.secret-access-key", "found a list");
	refuse("supervisor.owned-shards: []\n", 1, "supervisor.owned-shards", "empty list");
	refuse("clickhouse.url:\n- http://a\n- [http://b]\n", 3, "clickhouse.url",
	       "within the list");
	refuse("clickhouse.url:\n- http://a\n- {b: c}\n", 3, "clickhouse.url", "within the list");
	refuse("clickhouse.url:\n- http://a\n-\n", 3, "clickhouse.url", "no value");
	refuse("clickhouse.url:\n- ''\n- http://a\n", 2, "clickhouse.url", "http(s)://");
	refuse("supervisor.owned-shards: [1, ~]\n", 1, "supervisor.owned-shards", "no value");
}

static void a_list_of_too_many_urls_is_refused(void **state)
{
	struct lc_buffer list;

	(void)state;
	lc_buffer_init(&list, 65536);
	lc_buffer_append_text(&list, "clickhouse.url:\n");
	for (unsigned i = 0; i < 65; i++)
		lc_buffer_append_format(&list, "- http://host%u\n", i);
	refuse(lc_buffer_text(&list), 2, "clickhouse.url", "1 to 64 URLs");
	lc_buffer_clear(&list);
	lc_buffer_append_text(&list, "clickhouse.url:\n");
	for (unsigned i = 0; i < 2000; i++)
		lc_buffer_append_format(&list, "- http://host%u\n", i);
	refuse(lc_buffer_text(&list), 2, "clickhouse.url", "too long");
	lc_buffer_free(&list);
}

static void wrong_types_are_named(void **state)
{
	(void)state;
	refuse("consumer.count-threshold: \"5\"\n", 1, "consumer.count-threshold",
	       "number without quotes");
	refuse("retry:\n  backoff-jitter-factor: '0.5'\n", 2, "retry.backoff-jitter-factor",
	       "number without quotes");
	refuse("s3.tls-skip-verify: \"true\"\n", 1, "s3.tls-skip-verify",
	       "true or false without quotes");
	refuse("s3.tls-skip-verify: yes\n", 1, "found \"yes\"", "true or false");
	refuse("consumer.count-threshold: true\n", 1, "found \"true\"", "whole number");
	refuse("consumer.count-threshold: 1e3\n", 1, "found \"1e3\"", "1 to 1000000000 rows");
	refuse("consumer.count-threshold:\n", 1, "consumer.count-threshold", "no value");
	refuse("consumer.count-threshold: {a: 1}\n", 1, "consumer.count-threshold",
	       "found a mapping");
	refuse("s3.region:\n  name: a\n", 2, "s3.region", "found a mapping");
	refuse("s3.region: ~\n", 1, "s3.region", "no value");
	refuse("s3.region: null\n", 1, "s3.region", "no value");
	refuse("s3.region: ''\n", 1, "s3.region", "found an empty text");
	refuse("s3: 5\n", 1, "\"s3\"", "expected a mapping");
	refuse("s3: [region]\n", 1, "\"s3\"", "found a list");
	refuse("a text\n", 1, "the document", "found a text");
	refuse("- s3.region: a\n", 1, "the document", "found a list");
}

static void plain_texts_are_taken_as_they_stand(void **state)
{
	struct lc_settings settings;

	(void)state;
	read_well("s3.region: no\ns3.access-key-id: 0123\nclickhouse.username: true\n"
		  "clickhouse.password: 1e3\ns3.secret-access-key: ab+/=%#x\n",
		  &settings);
	assert_string_equal(settings.s3_region, "no");
	assert_string_equal(settings.s3_access_key_id, "0123");
	assert_string_equal(settings.clickhouse_username, "true");
	assert_string_equal(settings.clickhouse_password, "1e3");
	assert_string_equal(settings.s3_secret_access_key, "ab+/=%#x");
	lc_settings_free(&settings);
}

static void an_unknown_key_gets_its_nearest_neighbour(void **state)
{
	(void)state;
	refuse("\nclickhouse.urls: x\n", 2, "\"clickhouse.urls\"", "clickhouse.url");
	refuse("s3:\n  acces-key-id: x\n", 2, "\"s3.acces-key-id\"", "s3.access-key-id");
	refuse("count-threshold: 1\n", 1, "\"count-threshold\"", "consumer.count-threshold");
	refuse("clickhose:\n  url: x\n", 1, "\"clickhose\"", "clickhouse.");
	refuse("s3:\n  tls:\n    ca-file: x\n", 2, "\"s3.tls\"", "s3.");
	refuse("\"\": 1\n", 1, "\"\"", "no setting");
	refuse("<<: {s3.region: a}\n", 1, "no setting", "--help");
	refuse("s3.: 1\n", 1, "\"s3.\"", "nearest");
	refuse("\"s3\\0.region\": 1\n", 1, "\"s3...\"", "nearest");
}

static void a_setting_is_given_once(void **state)
{
	(void)state;
	refuse("s3.region: a\ns3.region: a\n", 2, "s3.region", "first in line 1");
	refuse("s3:\n  region: a\n  region: b\n", 3, "s3.region", "first in line 2");
	refuse("s3.region: a\ns3:\n  region: b\n", 3, "s3.region", "first in line 1");
	refuse("s3:\n  region: a\ns3:\n  endpoint: b\n", 3, "\"s3\"", "twice");
	refuse("s3:\ns3:\n", 2, "\"s3\"", "twice");
}

static void what_configuration_does_not_need_is_refused(void **state)
{
	(void)state;
	refuse("s3.region: &a x\n", 1, "s3.region", "an anchor");
	refuse("log-level: info\ns3.region: *a\n", 2, "s3.region", "an alias");
	refuse("s3: &s\n  region: x\n", 1, "\"s3\"", "an anchor");
	refuse("&k s3.region: x\n", 1, "a key", "an anchor");
	refuse("*k : x\n", 1, "a key", "an alias");
	refuse("&d {s3.region: x}\n", 1, "the document", "an anchor");
	refuse("clickhouse.url: [&a http://x, *a]\n", 1, "clickhouse.url", "an anchor");
	refuse("clickhouse.url: &l [http://x]\n", 1, "clickhouse.url", "an anchor");
	refuse("consumer.count-threshold: !!int 5\n", 1, "consumer.count-threshold", "a tag");
	refuse("s3.region: ! x\n", 1, "s3.region", "a tag");
	refuse("s3: !!map {region: x}\n", 1, "\"s3\"", "a tag");
	refuse("? [s3, region]\n: x\n", 1, "a key", "found a mapping or a list");
	refuse("? {s3: region}\n: x\n", 1, "a key", "found a mapping or a list");
	refuse("s3.region: a\n---\ns3.endpoint: b\n", 2, "second document", "expected only one");
	refuse("---\n---\n", 2, "second document", "expected only one");
}

static void what_is_not_yaml_is_refused_with_its_line(void **state)
{
	(void)state;
	refuse("s3.region: a\ns3:\n\tregion: b\n", 3, "not valid YAML", "");
	refuse("s3.region: \"a\n", 2, "not valid YAML", "");
	refuse("s3.region: a: b\n", 1, "not valid YAML", "");
	refuse("s3: {region: c\n", 2, "not valid YAML", "");
	refuse("clickhouse.username: a\n  b: c\n", 2, "not valid YAML", "");
	refuse("s3.region: a\n} }\n", 2, "not valid YAML", "");
	refuse("%YAML 9.9\n---\ns3.region: a\n", 1, "not valid YAML", "");
	refuse("s3.region: \"\\q\"\n", 1, "not valid YAML", "");
	refuse("s3.region: a\nclickhouse.username: \xFF\xFE\n", 2, "not valid YAML", "UTF-8");
	refuse("s3.region: \xC0\x80\n", 1, "not valid YAML", "UTF-8");
	refuse("s3.region: \x01\n", 1, "not valid YAML", "control characters");
	refuse_bytes((struct lc_view){.data = "s3.region: a\0b\n", .size = 15}, 1, "not valid YAML",
		     "control characters");
	refuse_bytes((struct lc_view){.data = "\xFF\xFEs\0", .size = 4}, 1, "not valid YAML", "");
}

static void escaped_bytes_do_not_slip_into_a_text(void **state)
{
	(void)state;
	refuse("s3.region: \"a\\0b\"\n", 1, "s3.region", "a\\x00b");
	refuse("clickhouse.username: \"a\\r\\nX-Evil: 1\"\n", 1, "clickhouse.username",
	       "a\\x0D\\x0AX-Evil");
	refuse("clickhouse.username: |\n  a\n  b\n", 1, "clickhouse.username", "a\\x0Ab");
	refuse("clickhouse.username: \"\xC3\xA4\"\n", 1, "clickhouse.username", "ASCII");
	refuse("clickhouse.password: |\n  hunter2\n", 1, "clickhouse.password",
	       "control character");
}

static void a_huge_scalar_is_refused(void **state)
{
	size_t size = 200000;
	char *content = malloc(size + 64);
	int begin;

	(void)state;
	assert_non_null(content);
	begin = snprintf(content, 64, "clickhouse.username: ");
	memset(content + begin, 'x', size);
	content[(size_t)begin + size] = '\0';
	refuse(content, 1, "clickhouse.username", "200000 bytes");
	begin = snprintf(content, 64, "? ");
	memset(content + begin, 'x', size);
	content[(size_t)begin + size] = '\0';
	refuse(content, 1, "a key", "too long");
	free(content);
}

static void an_alias_bomb_explodes_nowhere(void **state)
{
	(void)state;
	refuse("a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n", 1, "\"a\"",
	       "no setting");
	refuse("clickhouse.url: &a [http://x]\ns3.region: [*a, *a]\n", 1, "clickhouse.url",
	       "an anchor");
}

static void a_long_path_does_not_push_the_message_out(void **state)
{
	struct lc_errors errors = {0};
	struct lc_error error;
	struct lc_settings settings;
	char path[2000];

	(void)state;
	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	lc_settings_default(&settings);
	assert_false(lc_settings_yaml_parse(&settings, path, lc_view_of("s3.regio: 1"), &errors));
	assert_false(config_case_first(&errors, &error));
	assert_non_null(strstr(error.message, "ppp:1: there is no setting \"s3.regio\""));
	assert_non_null(strstr(error.message, "s3.region"));
	lc_settings_free(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nested_and_dotted_names_mean_the_same),
	    cmocka_unit_test(a_file_that_says_nothing_sets_nothing),
	    cmocka_unit_test(lists_may_be_written_as_lists),
	    cmocka_unit_test(a_list_must_fit_its_setting),
	    cmocka_unit_test(a_list_of_too_many_urls_is_refused),
	    cmocka_unit_test(wrong_types_are_named),
	    cmocka_unit_test(plain_texts_are_taken_as_they_stand),
	    cmocka_unit_test(an_unknown_key_gets_its_nearest_neighbour),
	    cmocka_unit_test(a_setting_is_given_once),
	    cmocka_unit_test(what_configuration_does_not_need_is_refused),
	    cmocka_unit_test(what_is_not_yaml_is_refused_with_its_line),
	    cmocka_unit_test(escaped_bytes_do_not_slip_into_a_text),
	    cmocka_unit_test(a_huge_scalar_is_refused),
	    cmocka_unit_test(an_alias_bomb_explodes_nowhere),
	    cmocka_unit_test(a_long_path_does_not_push_the_message_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
