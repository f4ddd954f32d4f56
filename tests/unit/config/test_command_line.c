#include "config/command_line.h"

#include "support/config_case.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ARGUMENTS_MAX = 8 };

struct arguments {
	char text[ARGUMENTS_MAX][128];
	char *argv[ARGUMENTS_MAX + 1];
	int argc;
};

#define ARGUMENTS(...) arguments_of((const char *const[]){"log-courier", __VA_ARGS__, NULL})

static struct arguments *arguments_of(const char *const *texts)
{
	static struct arguments arguments;

	arguments.argc = 0;
	for (; *texts != NULL; texts++) {
		assert_true(arguments.argc < ARGUMENTS_MAX && strlen(*texts) < 128);
		memcpy(arguments.text[arguments.argc], *texts, strlen(*texts) + 1);
		arguments.argv[arguments.argc] = arguments.text[arguments.argc];
		arguments.argc++;
	}
	arguments.argv[arguments.argc] = NULL;
	return &arguments;
}

static bool read_line(struct lc_command_line *line, const struct arguments *arguments,
		      struct lc_error *error)
{
	struct lc_errors errors = {0};
	bool good = lc_command_line_read(line, arguments->argc, arguments->argv, &errors);

	assert_true(errors.count <= 1);
	assert_int_equal(config_case_first(&errors, error), good);
	return good;
}

static bool apply(struct lc_settings *settings, const struct arguments *arguments,
		  struct lc_error *error)
{
	struct lc_errors errors = {0};
	bool good = lc_command_line_apply(settings, arguments->argc, arguments->argv, &errors);

	assert_int_equal(config_case_first(&errors, error), good);
	return good;
}

static enum lc_command_line_action read_well(const struct arguments *arguments)
{
	struct lc_command_line line;
	struct lc_error error = {0};

	if (!read_line(&line, arguments, &error))
		fail_msg("%s", error.message);
	return line.action;
}

static void refuse(const struct arguments *arguments, const char *text, const char *other)
{
	struct lc_command_line line;
	struct lc_error error = {0};

	assert_false(read_line(&line, arguments, &error));
	assert_int_equal(error.kind, LC_ERROR_USAGE);
	if (strstr(error.message, text) == NULL || strstr(error.message, other) == NULL ||
	    strstr(error.message, "command line: ") == NULL)
		fail_msg("\"%s\", \"%s\" expected in: %s", text, other, error.message);
}

static void without_an_action_it_runs(void **state)
{
	static char name[] = "log-courier";
	char *argv[] = {name, NULL};
	struct lc_command_line line;
	struct lc_errors errors = {0};

	(void)state;
	assert_true(lc_command_line_read(&line, 1, argv, &errors));
	assert_int_equal(line.action, LC_COMMAND_LINE_RUN);
	assert_null(line.config_file);
	argv[0] = NULL;
	assert_true(lc_command_line_read(&line, 0, argv, &errors));
}

static void each_action_is_understood(void **state)
{
	(void)state;
	assert_int_equal(read_well(ARGUMENTS("--help")), LC_COMMAND_LINE_HELP);
	assert_int_equal(read_well(ARGUMENTS("--version")), LC_COMMAND_LINE_VERSION);
	assert_int_equal(read_well(ARGUMENTS("--check-config", "--log-level=x")),
			 LC_COMMAND_LINE_CHECK_CONFIG);
	assert_int_equal(read_well(ARGUMENTS("--log-level", "--help", "--print-config")),
			 LC_COMMAND_LINE_PRINT_CONFIG);
	assert_int_equal(read_well(ARGUMENTS("--print-config", "--print-config")),
			 LC_COMMAND_LINE_PRINT_CONFIG);
	assert_int_equal(read_well(ARGUMENTS("--preflight")), LC_COMMAND_LINE_PREFLIGHT);
	assert_int_equal(read_well(ARGUMENTS("--print-sample-config")),
			 LC_COMMAND_LINE_PRINT_SAMPLE_CONFIG);
}

static void help_does_not_mind_what_follows(void **state)
{
	(void)state;
	assert_int_equal(read_well(ARGUMENTS("--help", "nonsense")), LC_COMMAND_LINE_HELP);
	assert_int_equal(read_well(ARGUMENTS("--version", "--nonsense")), LC_COMMAND_LINE_VERSION);
}

static void two_actions_are_one_too_many(void **state)
{
	(void)state;
	refuse(ARGUMENTS("--print-config", "--check-config"), "--print-config", "--check-config");
}

static void the_config_file_is_a_flag_of_its_own(void **state)
{
	const struct arguments *arguments = ARGUMENTS("--config-file=a.yml", "--config-file", "b");
	struct lc_command_line line;
	struct lc_error error = {0};

	(void)state;
	assert_true(read_line(&line, arguments, &error));
	assert_string_equal(line.config_file, "b");
	refuse(ARGUMENTS("--config-file="), "--config-file", "path");
	refuse(ARGUMENTS("--config-file"), "--config-file", "needs a value");
}

static void the_bucket_of_a_preflight_goes_with_it(void **state)
{
	const struct arguments *arguments = ARGUMENTS("--preflight-bucket", "logs", "--preflight");
	struct lc_command_line line;
	struct lc_error error = {0};

	(void)state;
	assert_true(read_line(&line, arguments, &error));
	assert_int_equal(line.action, LC_COMMAND_LINE_PREFLIGHT);
	assert_string_equal(line.preflight_bucket, "logs");
	refuse(ARGUMENTS("--preflight-bucket=logs"), "--preflight-bucket", "--preflight");
	refuse(ARGUMENTS("--preflight", "--preflight-bucket="), "--preflight-bucket", "bucket");
	refuse(ARGUMENTS("--preflight=1"), "--preflight", "takes no value");
}

static void an_unknown_flag_gets_its_nearest_neighbour(void **state)
{
	(void)state;
	refuse(ARGUMENTS("--hepl"), "\"hepl\"", "--help");
	refuse(ARGUMENTS("--config-fil=x"), "\"config-fil\"", "--config-file");
	refuse(ARGUMENTS("--shards=3"), "\"shards\"", "--supervisor.shards");
	refuse(ARGUMENTS("--s3-acces-key-id", "x"), "\"s3-acces-key-id\"", "--s3.access-key-id");
	refuse(ARGUMENTS("--print-confg"), "\"print-confg\"", "--print-config");
	refuse(ARGUMENTS("--"), "\"\"", "--");
	refuse(ARGUMENTS("--="), "\"\"", "--");
	refuse(ARGUMENTS("--no-s3.region"), "\"no-s3.region\"", "--s3.region");
	refuse(ARGUMENTS("--no-"), "\"no-\"", "--");
	refuse(ARGUMENTS("--log-level\x1B[2J=info"), "\"log-level...\"", "--log-level");
}

static void what_is_no_flag_is_refused_by_its_position(void **state)
{
	(void)state;
	refuse(ARGUMENTS("start"), "argument 1", "--flag=VALUE");
	refuse(ARGUMENTS("--log-level=info", "-h"), "argument 2", "not a flag");
	refuse(ARGUMENTS("--log-level", "info", ""), "argument 3", "not a flag");
	refuse(ARGUMENTS("--s3.tls-skip-verify", "false"), "argument 2", "--flag=false");
}

static void a_flag_without_its_value_is_refused(void **state)
{
	(void)state;
	refuse(ARGUMENTS("--s3.region"), "--s3.region", "needs a value");
	refuse(ARGUMENTS("--help=yes"), "--help", "no value");
	refuse(ARGUMENTS("--no-s3.tls-skip-verify=true"), "--no-s3.tls-skip-verify", "no value");
}

static void refuse_silently(const struct arguments *arguments)
{
	struct lc_command_line line;
	struct lc_error error = {0};

	assert_false(read_line(&line, arguments, &error));
	assert_null(strstr(error.message, "hunter2"));
}

static void a_secret_that_lost_its_flag_is_not_repeated(void **state)
{
	(void)state;
	refuse_silently(ARGUMENTS("--s3.secret-access-key=", "hunter2"));
	refuse_silently(ARGUMENTS("--s3.secret-access-key:hunter2"));
	refuse_silently(ARGUMENTS("--s3.secret-acess-key=hunter2"));
	refuse_silently(ARGUMENTS("--help=hunter2"));
}

static void switches_go_on_and_off(void **state)
{
	struct lc_settings settings;
	struct lc_error error = {0};
	const struct arguments *arguments;

	(void)state;
	lc_settings_default(&settings);
	arguments = ARGUMENTS("--s3.tls-skip-verify", "--no-metrics-server.enabled");
	assert_true(apply(&settings, arguments, &error));
	assert_true(settings.s3_tls_skip_verify);
	assert_false(settings.metrics_server_enabled);
	arguments = ARGUMENTS("--s3.tls-skip-verify=false", "--metrics-server.enabled=true");
	assert_true(apply(&settings, arguments, &error));
	assert_false(settings.s3_tls_skip_verify);
	assert_true(settings.metrics_server_enabled);
	arguments = ARGUMENTS("--s3.tls-skip-verify=");
	assert_false(apply(&settings, arguments, &error));
	assert_non_null(strstr(error.message, "true or false"));
	lc_settings_free(&settings);
}

static void the_last_of_several_counts(void **state)
{
	const struct arguments *arguments =
	    ARGUMENTS("--s3.region=a", "--s3.region", "b", "--s3.region=c=d");
	struct lc_settings settings;
	struct lc_error error = {0};

	(void)state;
	lc_settings_default(&settings);
	assert_true(apply(&settings, arguments, &error));
	assert_string_equal(settings.s3_region, "c=d");
	lc_settings_free(&settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_an_action_it_runs),
	    cmocka_unit_test(each_action_is_understood),
	    cmocka_unit_test(help_does_not_mind_what_follows),
	    cmocka_unit_test(two_actions_are_one_too_many),
	    cmocka_unit_test(the_config_file_is_a_flag_of_its_own),
	    cmocka_unit_test(the_bucket_of_a_preflight_goes_with_it),
	    cmocka_unit_test(an_unknown_flag_gets_its_nearest_neighbour),
	    cmocka_unit_test(what_is_no_flag_is_refused_by_its_position),
	    cmocka_unit_test(a_flag_without_its_value_is_refused),
	    cmocka_unit_test(a_secret_that_lost_its_flag_is_not_repeated),
	    cmocka_unit_test(switches_go_on_and_off),
	    cmocka_unit_test(the_last_of_several_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
