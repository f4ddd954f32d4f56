#include "config/settings_print.h"

#include "support/config_case.h"

#include "base/buffer.h"
#include "config/file.h"
#include "config/setting.h"
#include "config/settings_yaml.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_CAP = 1024 * 1024 };

static unsigned occurrences(const char *text, const char *part)
{
	unsigned count = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

/* "<before><setting><after>" stands in the text once for each setting. */
static void assert_each_once(const char *text, const char *before, const char *after)
{
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		char line[160];

		snprintf(line, sizeof(line), "%s%s%s", before, lc_setting_at(i)->name, after);
		if (occurrences(text, line) != 1)
			fail_msg("\"%s\" stands there %u times", line, occurrences(text, line));
	}
}

/* A switch's value may be left out: --switch[=BOOLEAN]. */
static void assert_each_flag_once(const char *help)
{
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		const struct lc_setting *setting = lc_setting_at(i);
		char line[160];

		snprintf(line, sizeof(line), "\n  --%s%s", setting->name,
			 setting->type == LC_SETTING_TYPE_BOOLEAN ? "[=" : "=");
		if (occurrences(help, line) != 1)
			fail_msg("\"%s\" stands there %u times", line, occurrences(help, line));
	}
}

static void assert_narrow(const char *text, size_t width)
{
	for (size_t size; *text != '\0'; text += size + (text[size] == '\n' ? 1 : 0)) {
		size = strcspn(text, "\n");
		if (size > width && strstr(text, "LOG_COURIER_") > text + size)
			fail_msg("%zu characters: %.*s", size, (int)size, text);
	}
}

static void help_says_all_about_each_setting_once(void **state)
{
	struct lc_buffer help;
	const char *text;

	(void)state;
	lc_buffer_init(&help, TEXT_CAP);
	lc_settings_print_help(&help, 80);
	text = lc_buffer_text(&help);
	assert_each_flag_once(text);
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++) {
		char name[LC_SETTING_ENVIRONMENT_SIZE];
		char line[160];

		lc_setting_environment_name(lc_setting_at(i), name);
		snprintf(line, sizeof(line), "      Environment: %s\n", name);
		assert_int_equal(occurrences(text, line), 1);
	}
	assert_int_equal(occurrences(text, "      Default: "), LC_SETTINGS_COUNT);
	assert_non_null(strstr(text, "Default: 30. Allowed: 1 to 3600 seconds.\n"));
	assert_non_null(
	    strstr(text, "Default: path. Allowed: path, virtual. May differ by target bucket.\n"));
	assert_non_null(strstr(text, "--config-file=PATH"));
	assert_non_null(strstr(text, "LOG_COURIER_CONFIG_FILE"));
	lc_buffer_free(&help);
}

static void help_fits_the_terminal(void **state)
{
	static const size_t WIDTHS[] = {60, 80, 120};
	struct lc_buffer help;

	(void)state;
	for (size_t i = 0; i < sizeof(WIDTHS) / sizeof(WIDTHS[0]); i++) {
		lc_buffer_init(&help, TEXT_CAP);
		lc_settings_print_help(&help, WIDTHS[i]);
		assert_narrow(lc_buffer_text(&help), WIDTHS[i]);
		lc_buffer_free(&help);
	}
}

static void printed_settings_say_where_they_come_from(void **state)
{
	struct config_case example = {
	    .yaml = "\nconsumer.count-threshold: 5\n",
	    .environment = CONFIG_CASE_LIST("LOG_COURIER_LOG_LEVEL=debug"),
	    .flags = CONFIG_CASE_LIST("--clickhouse.username=a\"\\b # c",
				      "--retry.backoff-jitter-factor=0.00001"),
	};
	struct lc_settings settings;
	struct lc_buffer print;
	const char *text;

	(void)state;
	config_case_succeed(&example, &settings);
	lc_buffer_init(&print, TEXT_CAP);
	lc_settings_print_config(&print, &settings);
	text = lc_buffer_text(&print);
	assert_each_once(text, "\n", ": ");
	assert_non_null(strstr(text, "\nconsumer.count-threshold: 5 # /"));
	assert_non_null(strstr(text, ":2\n"));
	assert_non_null(
	    strstr(text, "\nlog-level: \"debug\" # environment variable LOG_COURIER_LOG_LEVEL\n"));
	assert_non_null(strstr(text, "\nclickhouse.username: \"a\\\"\\\\b # c\" # flag "
				     "--clickhouse.username\n"));
	assert_non_null(strstr(text, "\nretry.backoff-jitter-factor: 0.00001 # flag"));
	assert_non_null(strstr(text, "\nconsumer.discovery-interval-jitter-factor: 0.1 # default"));
	assert_non_null(strstr(text, "\ns3.tls-skip-verify: false # default\n"));
	lc_buffer_free(&print);
	lc_settings_free(&settings);
}

static void a_path_can_not_end_its_comment(void **state)
{
	struct lc_settings settings;
	struct lc_buffer print;

	(void)state;
	lc_settings_default(&settings);
	settings.config_file = strdup("a\ns3.region: evil\n");
	settings.origins[LC_SETTINGS_log_level].source = LC_SETTINGS_FILE;
	lc_buffer_init(&print, TEXT_CAP);
	lc_settings_print_config(&print, &settings);
	assert_null(strstr(lc_buffer_text(&print), "\ns3.region: evil"));
	assert_non_null(strstr(lc_buffer_text(&print), "# a?s3.region: evil?:0\n"));
	lc_buffer_free(&print);
	lc_settings_free(&settings);
}

static void printed_settings_can_be_read_again(void **state)
{
	struct config_case example = {
	    .flags = CONFIG_CASE_LIST("--supervisor.shards=9", "--supervisor.owned-shards=1,3-4",
				      "--clickhouse.username=\"\\ '#%",
				      "--consumer.discovery-interval-jitter-factor=0.123456789",
				      "--s3.tls-skip-verify", "--clickhouse.url=http://a,http://b"),
	};
	struct lc_settings settings;
	struct lc_settings again;
	struct lc_errors errors = {0};
	struct lc_buffer first;
	struct lc_buffer second;

	(void)state;
	config_case_succeed(&example, &settings);
	/* Masks are no secrets. */
	settings.s3_secret_access_key[0] = '\0';
	lc_buffer_init(&first, TEXT_CAP);
	lc_settings_print_config(&first, &settings);
	lc_settings_default(&again);
	if (!lc_settings_yaml_parse(&again, "x", lc_buffer_view(&first), &errors))
		fail_msg("%s", errors.list[0].message);
	memcpy(again.origins, settings.origins, sizeof(settings.origins));
	lc_buffer_init(&second, TEXT_CAP);
	lc_settings_print_config(&second, &again);
	assert_string_equal(lc_buffer_text(&first), lc_buffer_text(&second));
	lc_buffer_free(&first);
	lc_buffer_free(&second);
	lc_settings_free(&settings);
	lc_settings_free(&again);
}

static void secrets_are_masked(void **state)
{
	char *path = config_case_write("file-secret\n", 12);
	char flag[256];
	struct config_case example = {
	    .without_keys = true,
	    .yaml = "s3.secret-access-key: yaml-secret\ns3.access-key-id: an-id\n",
	    .flags = CONFIG_CASE_LIST(flag),
	};
	struct lc_settings settings;
	struct lc_buffer print;
	const char *text;

	(void)state;
	snprintf(flag, sizeof(flag), "--clickhouse.password-file=%s", path);
	config_case_succeed(&example, &settings);
	lc_buffer_init(&print, TEXT_CAP);
	lc_settings_print_config(&print, &settings);
	text = lc_buffer_text(&print);
	assert_null(strstr(text, "file-secret"));
	assert_null(strstr(text, "yaml-secret"));
	assert_non_null(strstr(text, "\ns3.secret-access-key: \"********\" # /"));
	assert_non_null(
	    strstr(text, "\nclickhouse.password: \"********\" # from clickhouse.password-file\n"));
	lc_buffer_free(&print);
	lc_settings_free(&settings);
	config_case_remove(path);
}

static void read_contrib(const char *name, struct lc_buffer *content)
{
	const char *top = getenv("srcdir");
	struct lc_error error = {0};
	char path[1024];

	snprintf(path, sizeof(path), "%s/contrib/%s", top == NULL ? "." : top, name);
	if (!lc_file_read(path, content, NULL, &error))
		fail_msg("%s", error.message);
}

static void the_sample_in_contrib_is_what_the_program_prints(void **state)
{
	struct lc_buffer print;
	struct lc_buffer file;

	(void)state;
	lc_buffer_init(&print, TEXT_CAP);
	lc_buffer_init(&file, TEXT_CAP);
	lc_settings_print_sample(&print);
	read_contrib("log-courier.yml", &file);
	if (!lc_view_equal(lc_buffer_view(&print), lc_buffer_view(&file)))
		fail_msg("out of date: log-courier --print-sample-config "
			 ">contrib/log-courier.yml mends it");
	assert_each_once(lc_buffer_text(&print), "\n#", ": ");
	assert_narrow(lc_buffer_text(&print), 80);
	lc_buffer_free(&print);
	lc_buffer_free(&file);
}

static void the_sample_with_all_comments_taken_away_is_the_defaults(void **state)
{
	struct lc_buffer sample;
	struct lc_buffer yaml;
	struct lc_settings settings;
	struct lc_errors errors = {0};

	(void)state;
	lc_buffer_init(&sample, TEXT_CAP);
	lc_buffer_init(&yaml, TEXT_CAP);
	lc_settings_print_sample(&sample);
	for (const char *line = lc_buffer_text(&sample); *line != '\0';) {
		size_t size = strcspn(line, "\n") + 1;
		bool is_setting = line[0] == '#' && line[1] != ' ' && line[1] != '#';

		lc_buffer_append(&yaml, line + is_setting, size - is_setting);
		line += size;
	}
	lc_settings_default(&settings);
	if (!lc_settings_yaml_parse(&settings, "x", lc_buffer_view(&yaml), &errors))
		fail_msg("%s", errors.list[0].message);
	for (unsigned i = 0; i < LC_SETTINGS_COUNT; i++)
		assert_int_equal(settings.origins[i].source, LC_SETTINGS_FILE);
	assert_int_equal(settings.limits_max_inflight_bytes, 0);
	assert_string_equal(settings.s3_endpoint, "http://127.0.0.1:8000");
	lc_settings_free(&settings);
	lc_buffer_free(&sample);
	lc_buffer_free(&yaml);
}

static void the_sample_for_the_access_logs_layout_is_right(void **state)
{
	struct lc_buffer file;
	struct lc_settings settings;
	struct lc_errors errors = {0};

	(void)state;
	lc_buffer_init(&file, TEXT_CAP);
	read_contrib("log-courier.access-logs.yml", &file);
	lc_settings_default(&settings);
	if (!lc_settings_yaml_parse(&settings, "x", lc_buffer_view(&file), &errors))
		fail_msg("%s", errors.list[0].message);
	assert_string_equal(settings.clickhouse_logs_table, "access_logs_federated");
	assert_string_equal(settings.clickhouse_offsets_table, "offsets_federated");
	assert_string_equal(settings.clickhouse_database, "logs");
	lc_settings_free(&settings);
	lc_buffer_free(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(help_says_all_about_each_setting_once),
	    cmocka_unit_test(help_fits_the_terminal),
	    cmocka_unit_test(printed_settings_say_where_they_come_from),
	    cmocka_unit_test(a_path_can_not_end_its_comment),
	    cmocka_unit_test(printed_settings_can_be_read_again),
	    cmocka_unit_test(secrets_are_masked),
	    cmocka_unit_test(the_sample_in_contrib_is_what_the_program_prints),
	    cmocka_unit_test(the_sample_with_all_comments_taken_away_is_the_defaults),
	    cmocka_unit_test(the_sample_for_the_access_logs_layout_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
