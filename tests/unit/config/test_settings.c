#include "config/settings.h"

#include "support/config_case.h"
#include "support/story.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1024 * 1024 };

static void a_flag_beats_the_environment_which_beats_the_file(void **state)
{
	static const char YAML[] = "consumer.count-threshold: 1\n"
				   "consumer.time-threshold-seconds: 1\n"
				   "retry.backoff-jitter-factor: 0.01\n"
				   "metrics-server.enabled: false\n"
				   "clickhouse.database: from_file\n"
				   "log-level: error\n"
				   "s3.region: from-file\n";
	struct config_case example = {
	    .yaml = YAML,
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_CONSUMER_COUNT_THRESHOLD=2",
					    "LOG_COURIER_RETRY_BACKOFF_JITTER_FACTOR=0.02",
					    "LOG_COURIER_METRICS_SERVER_ENABLED=true",
					    "LOG_COURIER_CLICKHOUSE_DATABASE=from_environment",
					    "LOG_COURIER_LOG_LEVEL=warn",
					    "LOG_COURIER_S3_REGION=from-environment"),
	    .flags = CONFIG_CASE_LIST("--consumer.count-threshold=3", "--log-level=debug",
				      "--retry.backoff-jitter-factor", "0.03",
				      "--no-metrics-server.enabled", "--clickhouse.database",
				      "from_flag"),
	};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_int_equal(settings.consumer_count_threshold, 3);
	assert_int_equal(settings.consumer_time_threshold_seconds, 1);
	assert_true(fabs(settings.retry_backoff_jitter_factor - 0.03) < 1e-12);
	assert_false(settings.metrics_server_enabled);
	assert_string_equal(settings.clickhouse_database, "from_flag");
	assert_int_equal(settings.log_level, LC_LOG_DEBUG);
	assert_string_equal(settings.s3_region, "from-environment");
	assert_string_equal(settings.clickhouse_logs_table, "logs");
	assert_int_equal(settings.origins[LC_SETTINGS_consumer_time_threshold_seconds].line, 2);
	lc_settings_free(&settings);
}

static void a_fault_in_a_weaker_source_is_one_even_if_overridden(void **state)
{
	struct config_case example = {
	    .yaml = "\n\nlog-level: loud\n",
	    .flags = CONFIG_CASE_LIST("--log-level=info"),
	};

	(void)state;
	config_case_fail(&example, CONFIG_CASE_LIST(":3: log-level: found \"loud\"",
						    "error, warn, info, debug"));
}

static void the_environment_names_the_file_unless_a_flag_does(void **state)
{
	static const char CONTENT[] = "s3.region: of-the-environments-file\n";
	char *path = config_case_write(CONTENT, sizeof(CONTENT) - 1);
	char *variable = NULL;
	struct config_case example = {0};
	struct lc_settings settings;

	(void)state;
	assert_true(asprintf(&variable, "LOG_COURIER_CONFIG_FILE=%s", path) > 0);
	example.environment = CONFIG_CASE_LIST(variable);
	config_case_succeed(&example, &settings);
	assert_string_equal(settings.s3_region, "of-the-environments-file");
	assert_string_equal(settings.config_file, path);
	lc_settings_free(&settings);

	example.yaml = "s3.region: of-the-flags-file\n";
	config_case_succeed(&example, &settings);
	assert_string_equal(settings.s3_region, "of-the-flags-file");
	lc_settings_free(&settings);

	example = (struct config_case){.environment = CONFIG_CASE_LIST("LOG_COURIER_CONFIG_FILE=")};
	config_case_succeed(&example, &settings);
	assert_null(settings.config_file);
	lc_settings_free(&settings);
	free(variable);
	config_case_remove(path);
}

static void a_file_that_can_not_be_read_is_named(void **state)
{
	struct config_case missing = {.flags = CONFIG_CASE_LIST("--config-file=/no/such/file.yml")};
	struct config_case folder = {.flags = CONFIG_CASE_LIST("--config-file=/tmp")};

	(void)state;
	config_case_fail(
	    &missing, CONFIG_CASE_LIST("configuration file", "/no/such/file.yml", "No such file"));
	config_case_fail(&folder, CONFIG_CASE_LIST("configuration file", "/tmp", "directory"));
}

static void a_copy_stands_on_its_own(void **state)
{
	struct config_case example = {.yaml = "s3.region: here\n"};
	struct lc_settings settings;
	struct lc_settings copy;

	(void)state;
	config_case_succeed(&example, &settings);
	config_case_copy(&copy, &settings);
	assert_ptr_not_equal(copy.s3_region, settings.s3_region);
	lc_settings_free(&settings);
	assert_string_equal(copy.s3_region, "here");
	assert_string_equal(copy.s3_secret_access_key, "a-secret");
	assert_non_null(copy.config_file);
	assert_int_equal(copy.origins[LC_SETTINGS_s3_region].line, 1);
	lc_settings_free(&copy);
}

static void shards_are_owned_as_listed(void **state)
{
	struct config_case example = {
	    .flags = CONFIG_CASE_LIST("--supervisor.shards=16",
				      "--supervisor.owned-shards= 0-2 , 7,  9-9,15 ")};
	static const bool OWNED[16] = {
	    [0] = true, [1] = true, [2] = true, [7] = true, [9] = true, [15] = true};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_string_equal(settings.supervisor_owned_shards, "0-2,7,9-9,15");
	assert_int_equal(lc_settings_shard_count(&settings), 16);
	for (unsigned shard = 0; shard < 16; shard++)
		assert_int_equal(lc_settings_owns_shard(&settings, shard), OWNED[shard]);
	lc_settings_free(&settings);
}

static void without_a_list_every_shard_is_owned(void **state)
{
	struct config_case example = {0};
	struct lc_settings settings;

	(void)state;
	config_case_succeed(&example, &settings);
	assert_true(lc_settings_shard_count(&settings) >= 1);
	assert_true(lc_settings_owns_shard(&settings, 0));
	assert_true(lc_settings_owns_shard(&settings, 65535));
	lc_settings_free(&settings);
}

/* What one worker may use on a machine that owns so many shards. */
static int64_t share_of(const char *yaml)
{
	struct config_case example = {.yaml = yaml};
	struct lc_settings settings;
	int64_t bytes;

	config_case_succeed(&example, &settings);
	bytes = lc_settings_inflight_bytes(&settings);
	lc_settings_free(&settings);
	return bytes;
}

static int64_t object_of(const char *yaml)
{
	struct config_case example = {.yaml = yaml};
	struct lc_settings settings;
	int64_t bytes;

	config_case_succeed(&example, &settings);
	bytes = lc_settings_object_bytes(&settings);
	lc_settings_free(&settings);
	return bytes;
}

static void the_workers_of_a_machine_share_what_may_be_in_flight(void **state)
{
	(void)state;
	assert_int_equal(share_of("supervisor.shards: 1\n"), 64 * MIB);
	assert_int_equal(share_of("supervisor.shards: 4\n"), 64 * MIB);
	assert_int_equal(share_of("supervisor.shards: 8\n"), 32 * MIB);
	assert_int_equal(share_of("supervisor.shards: 16\n"), 16 * MIB);
	assert_int_equal(share_of("supervisor.shards: 32\n"), 8 * MIB);
	assert_int_equal(share_of("supervisor.shards: 348\n"), 8 * MIB);
	assert_int_equal(share_of("supervisor: {shards: 348, owned-shards: 0-7}\n"), 32 * MIB);
	assert_int_equal(share_of("supervisor.shards: 16\nlimits.max-inflight-bytes: 134217728\n"),
			 128 * MIB);
}

static void objects_are_a_quarter_of_what_may_be_in_flight(void **state)
{
	(void)state;
	assert_int_equal(object_of("supervisor.shards: 1\n"), 16 * MIB);
	assert_int_equal(object_of("supervisor.shards: 16\n"), 4 * MIB);
	assert_int_equal(object_of("limits.max-inflight-bytes: 1073741824\n"), 16 * MIB);
	assert_int_equal(object_of("limits.max-inflight-bytes: 4194304\n"), 1 * MIB);
}

static void whoever_asks_for_larger_objects_or_rows_gets_the_memory_for_them(void **state)
{
	static const char OBJECTS[] =
	    "supervisor.shards: 348\nconsumer.max-object-bytes: 92274688\n";

	(void)state;
	assert_int_equal(share_of(OBJECTS), 352 * MIB);
	assert_int_equal(object_of(OBJECTS), 88 * MIB);
	assert_int_equal(share_of("supervisor.shards: 348\nlimits.max-row-bytes: 8388608\n"),
			 32 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_flag_beats_the_environment_which_beats_the_file),
	    cmocka_unit_test(a_fault_in_a_weaker_source_is_one_even_if_overridden),
	    cmocka_unit_test(the_environment_names_the_file_unless_a_flag_does),
	    cmocka_unit_test(a_file_that_can_not_be_read_is_named),
	    cmocka_unit_test(a_copy_stands_on_its_own),
	    cmocka_unit_test(shards_are_owned_as_listed),
	    cmocka_unit_test(without_a_list_every_shard_is_owned),
	    cmocka_unit_test(the_workers_of_a_machine_share_what_may_be_in_flight),
	    cmocka_unit_test(objects_are_a_quarter_of_what_may_be_in_flight),
	    cmocka_unit_test(whoever_asks_for_larger_objects_or_rows_gets_the_memory_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
