/* Settings that differ by target bucket. */
#include "config/settings_targets.h"

#include "config/setting.h"
#include "config/settings_print.h"
#include "config/settings_yaml.h"
#include "support/config_case.h"
#include "support/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_CAP = 1024 * 1024 };

#define REFUSE(yaml, ...) refuse(yaml, CONFIG_CASE_LIST(__VA_ARGS__))

static void refuse(const char *yaml, const char *const *texts)
{
	struct config_case example = {.yaml = yaml};

	config_case_fail(&example, texts);
}

static bool matches(const char *pattern, const char *name)
{
	return lc_settings_targets_match(lc_view_of(pattern), lc_view_of(name));
}

static void a_pattern_matches_the_whole_name(void **state)
{
	(void)state;
	assert_true(matches("audit", "audit"));
	assert_false(matches("audit", "audit-1"));
	assert_false(matches("audit", "my-audit"));
	assert_false(matches("audit", "Audit"));
	assert_false(matches("audit", ""));
	assert_true(matches("a*", "a"));
	assert_true(matches("a*", "abc"));
	assert_true(matches("*", ""));
	assert_true(matches("*", "anything"));
	assert_true(matches("*-logs", "x-logs-logs"));
	assert_false(matches("*-logs", "x-logs-log"));
	assert_true(matches("a*b*c", "a-b-b-c"));
	assert_false(matches("a*b*c", "a-c-b"));
	assert_true(matches("a**c", "ac"));
	assert_true(matches("team-?", "team-1"));
	assert_false(matches("team-?", "team-"));
	assert_false(matches("team-?", "team-12"));
	assert_true(matches("?*?", "ab"));
	assert_false(matches("?*?", "a"));
}

/* Rows may name anything; only what the pattern says is matched. */
static void a_name_may_hold_any_bytes(void **state)
{
	static const char odd[] = "a\0b";
	struct lc_view name = {.data = odd, .size = 3};

	(void)state;
	assert_false(lc_settings_targets_match(lc_view_of("a"), name));
	assert_true(lc_settings_targets_match(lc_view_of("a*"), name));
	assert_true(lc_settings_targets_match(lc_view_of("a?b"), name));
	assert_false(lc_settings_targets_match(lc_view_of("a"), (struct lc_view){0}));
}

/* As a name, a pattern is matched by those alone that match all that it does. */
static void a_pattern_covers_another(void **state)
{
	(void)state;
	assert_true(matches("audit-*", "audit-*"));
	assert_true(matches("audit-*", "audit-eu-?"));
	assert_true(matches("*", "a*b"));
	assert_true(matches("a?", "a?"));
	assert_false(matches("a?", "a*"));
	assert_false(matches("audit-*", "audit*"));
	assert_false(matches("a-b", "a-?"));
}

static const struct lc_settings *of(const struct lc_settings *settings, const char *bucket)
{
	return lc_settings_of_bucket(settings, lc_view_of(bucket));
}

static void the_first_entry_that_matches_counts_alone(void **state)
{
	struct config_case example = {.yaml = "s3.region: here\n"
					      "targets:\n"
					      "  - buckets: [audit, \"audit-*\"]\n"
					      "    s3.region: vault\n"
					      "    s3.addressing-style: virtual\n"
					      "    s3.endpoint: http://vault\n"
					      "  - {buckets: \"team-?\", s3: {region: team}}\n"
					      "  - buckets: \"*\"\n"
					      "    s3.endpoint: http://rest\n"
					      "log-level: debug\n"};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_string_equal(of(&settings, "audit")->s3_region, "vault");
	assert_string_equal(of(&settings, "audit-7")->s3_endpoint, "http://vault");
	assert_int_equal(of(&settings, "audit-7")->s3_addressing_style, LC_S3_ADDRESSING_VIRTUAL);
	assert_int_equal(of(&settings, "audit-7")->entry, 1);
	assert_string_equal(of(&settings, "team-1")->s3_region, "team");
	assert_string_equal(of(&settings, "team-1")->s3_endpoint, "http://127.0.0.1:8000");
	assert_int_equal(of(&settings, "team-1")->s3_addressing_style, LC_S3_ADDRESSING_PATH);
	assert_string_equal(of(&settings, "other")->s3_region, "here");
	assert_string_equal(of(&settings, "other")->s3_endpoint, "http://rest");
	assert_int_equal(of(&settings, "other")->log_level, LC_LOG_DEBUG);
	assert_string_equal(settings.s3_endpoint, "http://127.0.0.1:8000");
	assert_int_equal(settings.log_level, LC_LOG_DEBUG);
	lc_settings_free(&settings);
}

static void without_entries_all_buckets_have_the_services(void **state)
{
	struct config_case example = {.yaml = "targets:\n"};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_ptr_equal(of(&settings, "any"), &settings);
	lc_settings_free(&settings);
}

/* What an entry leaves out is the service's, from whatever source; what it gives, it gives for its
 * buckets, whatever flag there is. */
static void an_entry_goes_before_flags_and_environment(void **state)
{
	struct config_case example = {
	    .yaml = "targets:\n  - {buckets: a, s3.region: of-the-entry}\n",
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_S3_ENDPOINT=http://of-the-environment"),
	    .flags = CONFIG_CASE_LIST("--s3.region=of-the-flag"),
	};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_string_equal(of(&settings, "a")->s3_region, "of-the-entry");
	assert_string_equal(of(&settings, "a")->s3_endpoint, "http://of-the-environment");
	assert_string_equal(of(&settings, "b")->s3_region, "of-the-flag");
	lc_settings_free(&settings);
}

static void credentials_of_an_entry_are_its_own_altogether(void **state)
{
	char *path = config_case_write("file-secret\n", 12);
	char yaml[512];
	struct config_case example = {.yaml = yaml};
	struct lc_settings settings;

	(void)state;
	snprintf(yaml, sizeof(yaml),
		 "targets:\n"
		 "  - {buckets: a, s3.access-key-id: its-id, s3.secret-access-key: its-secret}\n"
		 "  - {buckets: b, s3.access-key-id: b-id, s3.secret-access-key-file: %s}\n"
		 "  - {buckets: c, s3.region: else}\n",
		 path);
	config_case_succeed(&example, &settings);
	assert_string_equal(of(&settings, "a")->s3_access_key_id, "its-id");
	assert_string_equal(of(&settings, "a")->s3_secret_access_key, "its-secret");
	assert_string_equal(of(&settings, "b")->s3_secret_access_key, "file-secret");
	assert_string_equal(of(&settings, "c")->s3_access_key_id, settings.s3_access_key_id);
	assert_string_equal(of(&settings, "c")->s3_secret_access_key,
			    settings.s3_secret_access_key);
	lc_settings_free(&settings);
	config_case_remove(path);

	/* A key is not mixed of two. */
	REFUSE("targets:\n  - {buckets: a, s3.access-key-id: its-id}\n",
	       ":2: for the buckets a: ", "s3.secret-access-key (default): found none");
	REFUSE("targets:\n  - buckets: a\n    s3.secret-access-key: hidden\n",
	       ":2: for the buckets a: s3.access-key-id (default): found none");
	REFUSE("targets:\n  - {buckets: a, s3.secret-access-key-file: /no/such/file}\n",
	       "s3.secret-access-key-file (", ":2): /no/such/file");
}

static void an_entry_is_checked_like_the_rest(void **state)
{
	(void)state;
	REFUSE("targets:\n  - buckets: a\n    s3.regoin: x\n", ":3: there is no setting",
	       "the nearest is s3.region");
	REFUSE("targets:\n  - buckets: a\n    s3.endpoint: nowhere\n", ":3: s3.endpoint: found");
	REFUSE("targets:\n  - buckets: a\n    s3.tls-skip-verify: 1\n", ":3: s3.tls-skip-verify",
	       "expected true or false");
	REFUSE("targets:\n  - buckets: a\n    s3.region: x\n    s3: {region: y}\n",
	       ":4: s3.region: given twice", "line 3");
	REFUSE("targets:\n  - buckets: a\n    s3.max-retry-attempts: 3\n",
	       ":3: s3.max-retry-attempts: found in an entry of targets", "cannot differ");
	REFUSE("targets:\n  - buckets: a\n    s3.tls-ca-file: /no/such/file\n",
	       ":2: for the buckets a: s3.tls-ca-file (", ":3): found /no/such/file");
	/* of two settings, one is the service's */
	REFUSE("s3.addressing-style: virtual\ns3.endpoint: http://host\n"
	       "targets:\n  - {buckets: a, s3.endpoint: \"http://10.0.0.1\"}\n",
	       ":4: for the buckets a: s3.addressing-style (", ":1): found \"virtual\"");
}

static void the_list_has_its_form(void **state)
{
	(void)state;
	REFUSE("targets: all\n", ":1: targets: found a value, expected a list of entries");
	REFUSE("targets: {buckets: a}\n", ":1: targets: found a mapping");
	REFUSE("targets:\n  - a\n", ":2: targets: found an entry that is no mapping");
	REFUSE("targets:\n  - [a]\n", ":2: targets: found an entry that is no mapping");
	REFUSE("targets:\n  - s3.region: x\n", ":2: targets: found an entry without buckets");
	REFUSE("targets:\n  - buckets: []\n", ":2: buckets: found an empty list");
	REFUSE("targets:\n  - buckets:\n", ":2: buckets: found no value");
	REFUSE("targets:\n  - buckets: {a: b}\n", ":2: buckets: found a mapping");
	REFUSE("targets:\n  - buckets: [[a]]\n", ":2: buckets: found a list or a mapping");
	REFUSE("targets:\n  - buckets: \"a b\"\n", ":2: buckets: found \"a b\"",
	       "names of buckets");
	REFUSE("targets:\n  - buckets: \"\"\n", ":2: buckets: found \"\"");
	REFUSE("targets:\n  - buckets: \"a\\0b\"\n", ":2: buckets: found a zero byte");
	REFUSE("targets:\n  - buckets: a\n    buckets: b\n", ":3: buckets: given twice", "line 2");
	REFUSE("targets:\ntargets:\n", ":2: targets: given twice", "line 1");
	REFUSE("targets:\n  - buckets: a\n    targets:\n", ":3: there is no setting \"targets\"");
	REFUSE("buckets: a\n", ":1: there is no setting \"buckets\"");
	REFUSE("s3: {targets: [{buckets: a}]}\n", "there is no setting \"s3.targets\"");
}

static void a_pattern_that_no_bucket_reaches_is_an_error(void **state)
{
	(void)state;
	REFUSE("targets:\n  - buckets: \"audit-*\"\n  - buckets: [other, audit-eu]\n",
	       ":3: buckets: found audit-eu, which counts for nothing", "line 2", "has audit-*");
	REFUSE("targets:\n  - buckets: a\n  - buckets: a\n", ":3: buckets: found a,");
}

static void every_error_is_told_at_once(void **state)
{
	struct config_case example = {.yaml = "targets:\n"
					      "  - buckets: a\n"
					      "    s3.regoin: x\n"
					      "    s3.endpoint: y\n"
					      "  - s3.region: z\n"
					      "log-level: loud\n"};
	struct lc_settings settings;
	struct lc_errors errors = {0};

	(void)state;
	assert_false(config_case_load_all(&example, &settings, &errors));
	assert_int_equal(lc_errors_count(&errors), 4);
	assert_non_null(strstr(errors.list[2].message, "without buckets"));
	assert_non_null(strstr(errors.list[3].message, "log-level"));
	lc_errors_free(&errors);
}

static void too_many_entries_are_refused(void **state)
{
	struct lc_errors errors = {0};
	struct lc_settings settings;
	struct lc_buffer yaml;

	(void)state;
	lc_buffer_init(&yaml, TEXT_CAP);
	lc_buffer_append_text(&yaml, "targets:\n");
	for (unsigned i = 0; i <= LC_SETTINGS_TARGETS_MAX; i++)
		lc_buffer_append_format(&yaml, "  - buckets: b%u\n", i);
	lc_settings_default(&settings);
	assert_false(lc_settings_yaml_parse(&settings, "x", lc_buffer_view(&yaml), &errors));
	assert_int_equal(lc_errors_count(&errors), 1);
	assert_non_null(strstr(errors.list[0].message, "x:1002: targets: found more than 1000"));
	lc_errors_free(&errors);
	lc_settings_free(&settings);
	lc_buffer_free(&yaml);
}

static void entries_are_printed_and_can_be_read_again(void **state)
{
	struct config_case example = {.yaml = "targets:\n"
					      "  - buckets: [audit, \"audit-*\"]\n"
					      "    s3.region: vault\n"
					      "    s3.tls-skip-verify: true\n"
					      "  - {buckets: x, s3.access-key-id: i, "
					      "s3.secret-access-key: hidden}\n"};
	struct lc_errors errors = {0};
	struct lc_settings settings;
	struct lc_settings again;
	struct lc_buffer print;
	char *mask;

	(void)state;
	config_case_succeed(&example, &settings);
	lc_buffer_init(&print, TEXT_CAP);
	lc_settings_print_config(&print, &settings);
	assert_non_null(
	    strstr(lc_buffer_text(&print), "\ntargets:\n  - buckets: [\"audit\", \"audit-*\"] # "));
	assert_non_null(strstr(lc_buffer_text(&print), "\n    s3.region: \"vault\" # "));
	assert_non_null(strstr(lc_buffer_text(&print), ":3\n    s3.tls-skip-verify: true # "));
	assert_null(strstr(lc_buffer_text(&print), "hidden"));

	/* Masks are no secrets: they are taken out. */
	while ((mask = memmem(print.data, print.size, LC_SETTING_MASK, 8)) != NULL)
		memcpy(mask, "a secret", 8);
	lc_settings_default(&again);
	if (!lc_settings_yaml_parse(&again, "x", lc_buffer_view(&print), &errors))
		fail_msg("%s", errors.list[0].message);
	assert_int_equal(again.target_count, 2);
	assert_string_equal(again.targets[0].buckets, "audit,audit-*");
	assert_string_equal(again.targets[0].settings.s3_region, "vault");
	assert_false(again.targets[0].given[LC_SETTINGS_s3_endpoint]);
	assert_true(again.targets[1].given[LC_SETTINGS_s3_access_key_id]);
	lc_settings_free(&again);
	lc_settings_free(&settings);
	lc_buffer_free(&print);
}

static void expect_changes(const char *before, const char *after, const char *names)
{
	struct config_case first = {.yaml = before};
	struct config_case second = {.yaml = after};
	struct lc_settings one;
	struct lc_settings other;
	struct lc_buffer changes;

	config_case_succeed(&first, &one);
	config_case_succeed(&second, &other);
	lc_buffer_init(&changes, TEXT_CAP);
	lc_setting_append_changed(&one, &other, &changes);
	assert_string_equal(lc_buffer_text(&changes), names);
	lc_buffer_free(&changes);
	lc_settings_free(&one);
	lc_settings_free(&other);
}

static void a_change_of_entries_is_named(void **state)
{
	static const char ONE[] = "targets: [{buckets: a, s3.region: x}]\n";

	(void)state;
	expect_changes(ONE, "\ntargets:\n - buckets: [a]\n   s3: {region: x}\n", "");
	expect_changes(ONE, "", "targets");
	expect_changes(ONE, "targets: [{buckets: b, s3.region: x}]\n", "targets");
	expect_changes(ONE, "targets: [{buckets: a, s3.region: y}]\n", "targets");
	expect_changes(ONE, "targets: [{buckets: a}]\n", "targets");
	expect_changes(ONE, "s3.endpoint: http://else\ntargets: [{buckets: a, s3.region: x}]\n",
		       "s3.endpoint");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pattern_matches_the_whole_name),
	    cmocka_unit_test(a_name_may_hold_any_bytes),
	    cmocka_unit_test(a_pattern_covers_another),
	    cmocka_unit_test(the_first_entry_that_matches_counts_alone),
	    cmocka_unit_test(without_entries_all_buckets_have_the_services),
	    cmocka_unit_test(an_entry_goes_before_flags_and_environment),
	    cmocka_unit_test(credentials_of_an_entry_are_its_own_altogether),
	    cmocka_unit_test(an_entry_is_checked_like_the_rest),
	    cmocka_unit_test(the_list_has_its_form),
	    cmocka_unit_test(a_pattern_that_no_bucket_reaches_is_an_error),
	    cmocka_unit_test(every_error_is_told_at_once),
	    cmocka_unit_test(too_many_entries_are_refused),
	    cmocka_unit_test(entries_are_printed_and_can_be_read_again),
	    cmocka_unit_test(a_change_of_entries_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
