#include "config/settings_load.h"

#include "support/config_case.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static void other_programs_variables_are_passed_over(void **state)
{
	struct config_case example = {
	    .environment =
		CONFIG_CASE_LIST("LOG_COURIER", "LOG_COURIERS_URL=x", "=x", "", "log_courier_url=x",
				 "LOG_COURIER_CACHE=/tmp/x", "LOG_COURIER_CHDB=/x",
				 "LOG_COURIER_FRONT=/x", "LOG_COURIER_TEST_SEED=5"),
	};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	lc_settings_free(&settings);
}

static void refuse(const char *variable, const char *found, const char *nearest)
{
	struct config_case example = {.environment = CONFIG_CASE_LIST(variable)};

	config_case_fail(&example, CONFIG_CASE_LIST("environment variable", found, nearest));
}

static void an_unknown_variable_gets_its_nearest_neighbour(void **state)
{
	(void)state;
	refuse("LOG_COURIER_S3_ENDPIONT=x", "\"LOG_COURIER_S3_ENDPIONT\"",
	       "LOG_COURIER_S3_ENDPOINT");
	refuse("LOG_COURIER_SHARDS=4", "\"LOG_COURIER_SHARDS\"", "LOG_COURIER_SUPERVISOR_SHARDS");
	refuse("LOG_COURIER_S3.REGION=4", "\"LOG_COURIER_S3.REGION\"", "LOG_COURIER_S3_REGION");
	refuse("LOG_COURIER_S3_REGION", "\"LOG_COURIER_S3_REGION\"", "LOG_COURIER_S3_REGION");
	refuse("LOG_COURIER_=x", "\"LOG_COURIER_\"", "LOG_COURIER_");
	refuse("LOG_COURIER_CONFIG_FILES=x", "\"LOG_COURIER_CONFIG_FILES\"", "LOG_COURIER_");
	refuse("LOG_COURIER_TEST=x", "\"LOG_COURIER_TEST\"", "LOG_COURIER_");
}

static void an_empty_value_is_an_empty_text(void **state)
{
	struct config_case example = {
	    .yaml = "consumer.source-region: a\n",
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_CONSUMER_SOURCE_REGION="),
	};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_string_equal(settings.consumer_source_region, "");
	lc_settings_free(&settings);
	refuse("LOG_COURIER_S3_REGION=", "LOG_COURIER_S3_REGION", "s3.region: found an empty text");
	refuse("LOG_COURIER_CONSUMER_COUNT_THRESHOLD=", "found \"\"", "a whole number");
}

static void bytes_from_elsewhere_are_escaped(void **state)
{
	(void)state;
	refuse("LOG_COURIER_S3_REGION=a\x1B[2J\xFF\"\\", "found \"a\\x1B[2J\\xFF\\\"\\\\\"",
	       "printable ASCII");
	refuse("LOG_COURIER_S3_SECRET_\nX=5", "\"LOG_COURIER_S3_SECRET_...\"", "LOG_COURIER_S3_");
}

static void a_secret_is_not_repeated(void **state)
{
	struct config_case example = {
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_CLICKHOUSE_PASSWORD=hunter2\n"),
	};
	struct lc_settings settings;
	struct lc_error error = {0};

	(void)state;
	assert_false(config_case_load(&example, &settings, &error));
	assert_null(strstr(error.message, "hunter2"));
	assert_non_null(strstr(error.message, "LOG_COURIER_CLICKHOUSE_PASSWORD"));
	assert_non_null(strstr(error.message, "clickhouse.password: "));
	example.environment = CONFIG_CASE_LIST("LOG_COURIER_CLICKHOUSE_PASWORD=hunter2");
	assert_false(config_case_load(&example, &settings, &error));
	assert_null(strstr(error.message, "hunter2"));
}

static void the_printed_mask_is_no_secret(void **state)
{
	(void)state;
	refuse("LOG_COURIER_CLICKHOUSE_PASSWORD=********", "clickhouse.password", "mask");
}

static void the_longest_text_is_bounded(void **state)
{
	static char variable[40000] = "LOG_COURIER_CLICKHOUSE_USERNAME=";
	struct config_case example = {.environment = CONFIG_CASE_LIST(variable)};
	struct lc_settings settings;
	size_t begin = strlen(variable);

	(void)state;
	memset(variable + begin, 'x', 16384);
	config_case_succeed(&example, &settings);
	assert_int_equal(strlen(settings.clickhouse_username), 16384);
	lc_settings_free(&settings);
	variable[begin + 16384] = 'x';
	config_case_fail(&example, CONFIG_CASE_LIST("clickhouse.username", "16385", "16384"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(other_programs_variables_are_passed_over),
	    cmocka_unit_test(an_unknown_variable_gets_its_nearest_neighbour),
	    cmocka_unit_test(an_empty_value_is_an_empty_text),
	    cmocka_unit_test(bytes_from_elsewhere_are_escaped),
	    cmocka_unit_test(a_secret_is_not_repeated),
	    cmocka_unit_test(the_printed_mask_is_no_secret),
	    cmocka_unit_test(the_longest_text_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
