/* YAML that means harm, or that does harm by accident. */
#include "config/settings_yaml.h"

#include "support/config_case.h"

#include "base/clock.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
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

static void a_file_over_the_bound_is_refused_before_it_is_parsed(void **state)
{
	size_t size = LC_SETTINGS_YAML_SIZE_MAX + 1;
	char *content = malloc(size);
	struct lc_errors errors = {0};
	struct lc_error error = {0};
	struct lc_settings settings;
	char *path;

	(void)state;
	assert_non_null(content);
	memset(content, '\n', size);
	path = config_case_write(content, size);
	lc_settings_default(&settings);
	assert_false(lc_settings_yaml_read(&settings, path, &errors));
	assert_true(errors.incomplete);
	assert_false(config_case_first(&errors, &error));
	assert_non_null(strstr(error.message, path));
	assert_non_null(strstr(error.message, "262144"));
	config_case_remove(path);
	path = config_case_write(content, size - 1);
	assert_true(lc_settings_yaml_read(&settings, path, &errors));
	config_case_remove(path);
	lc_settings_free(&settings);
	free(content);
}

/* Each of these makes a careless reader slow, deep or large. */
static void repeated_structure_costs_little(void **state)
{
	static const char *const PIECES[] = {
	    "[",   "{",   "- ",    "? ",   "a: ",   "{a: ", "[a, ", "&a ",
	    "*a ", "!a ", "s3: {", "\n- ", "---\n", "\"",   "|\n"};
	size_t size = LC_SETTINGS_YAML_SIZE_MAX;
	char *content = malloc(size);
	uint64_t start = lc_clock_monotonic_ms();

	(void)state;
	assert_non_null(content);
	for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
		struct lc_error error = {0};
		struct lc_settings settings;
		size_t step = strlen(PIECES[i]);

		for (size_t at = 0; at < size; at++)
			content[at] = PIECES[i][at % step];
		assert_false(parse(&settings, (struct lc_view){content, size}, &error));
		lc_settings_free(&settings);
	}
	assert_true(lc_clock_monotonic_ms() - start < 10000);
	free(content);
}

static void a_secret_in_the_wrong_place_is_not_repeated(void **state)
{
	static const char *const WRONG[] = {
	    "s3.secret-access-key: [hunter2]\n",
	    "s3.secret-access-key: {hunter2: 1}\n",
	    "s3.secret-access-key: &hunter2 x\n",
	    "s3.secret-access-key: *hunter2\n",
	    "s3.secret-access-key: !hunter2 x\n",
	    "s3.secret-access-key: \"hunter2\\n\"\n",
	    "s3.secret-access-key: hunter2: x\n",
	    "s3.secret-access-key:hunter2\n",
	    "{s3.secret-access-key:hunter2}\n",
	    "{s3.secret-access-key=hunter2: 1}\n",
	    "s3.secret-access-key: \"hunter2\n",
	    "s3.secret-access-key: @hunter2\n",
	    "s3.secret-access-key: 'x'hunter2\n",
	    "s3.secret-access-key: hunter2\ns3.secret-access-key: hunter2\n",
	    "clickhouse.url: http://me:hunter2@host:8123\n",
	    "clickhouse.url: [http://host, 'http://me:hunter2@host:8123']\n",
	    "s3.endpoint: http://hunter2@host:8123\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
		struct lc_errors errors = {0};
		struct lc_settings settings;

		lc_settings_default(&settings);
		settings.config_file = strdup("a.yml");
		if (lc_settings_yaml_parse(&settings, "a.yml", lc_view_of(WRONG[i]), &errors))
			fail_msg("taken: %s", WRONG[i]);
		lc_settings_free(&settings);
		for (size_t k = 0; k < errors.count; k++) {
			if (strstr(errors.list[k].message, "hunter2") != NULL)
				fail_msg("repeated: %s", errors.list[k].message);
		}
		lc_errors_free(&errors);
	}
}

static void any_prefix_of_a_file_is_read_or_refused(void **state)
{
	static const char CONTENT[] = "s3:\n  region: \"eu\"\n  endpoint: http://h\n"
				      "clickhouse.url: [http://a, 'http://b']\n"
				      "supervisor: {owned-shards: [1, 2-3]} # so\n"
				      "log-level: >-\n  info\n";

	(void)state;
	for (size_t size = 0; size < sizeof(CONTENT); size++) {
		struct lc_error error = {0};
		struct lc_settings settings;
		bool good = parse(&settings, (struct lc_view){CONTENT, size}, &error);

		assert_int_equal(good, error.kind == LC_ERROR_NONE);
		lc_settings_free(&settings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_over_the_bound_is_refused_before_it_is_parsed),
	    cmocka_unit_test(repeated_structure_costs_little),
	    cmocka_unit_test(a_secret_in_the_wrong_place_is_not_repeated),
	    cmocka_unit_test(any_prefix_of_a_file_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
