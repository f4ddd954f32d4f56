#include "config/settings_load.h"

#include "support/config_case.h"
#include "support/story.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool load_from(const char *path, struct lc_settings *settings, struct lc_error *error)
{
	char yaml[512];
	struct config_case example = {.yaml = yaml};

	snprintf(yaml, sizeof(yaml), "clickhouse.password-file: %s\n", path);
	return config_case_load(&example, settings, error);
}

static void read_well(const char *content, size_t size, const char *expected)
{
	char *path = config_case_write(content, size);
	struct lc_settings settings;
	struct lc_error error = {0};

	if (!load_from(path, &settings, &error))
		fail_msg("%s", error.message);
	assert_string_equal(settings.clickhouse_password, expected);
	lc_settings_free(&settings);
	config_case_remove(path);
}

static void refuse(const char *content, size_t size, const char *why)
{
	char *path = config_case_write(content, size);
	struct lc_settings settings;
	struct lc_error error = {0};

	assert_false(load_from(path, &settings, &error));
	assert_non_null(strstr(error.message, "clickhouse.password-file ("));
	assert_non_null(strstr(error.message, ":1)"));
	assert_non_null(strstr(error.message, path));
	assert_null(strstr(error.message, "hunter2"));
	if (strstr(error.message, why) == NULL)
		fail_msg("\"%s\" expected in: %s", why, error.message);
	config_case_remove(path);
}

static void a_file_is_the_secret_without_its_last_newline(void **state)
{
	(void)state;
	read_well("hunter2", 7, "hunter2");
	read_well("hunter2\n", 8, "hunter2");
	read_well("hunter2\r\n", 9, "hunter2");
	read_well(" hunter 2 \n", 11, " hunter 2 ");
}

static void a_file_that_holds_no_secret_is_refused(void **state)
{
	static char huge[20000];

	(void)state;
	refuse("", 0, "empty file");
	refuse("\n", 1, "empty file");
	refuse("hunter2\n\n", 9, "control character");
	refuse("user\nhunter2\n", 13, "control character");
	refuse("hunter2\0\n", 9, "control character");
	memset(huge, 'h', sizeof(huge));
	refuse(huge, sizeof(huge), "16384");
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct lc_settings settings;
	struct lc_error error = {0};

	(void)state;
	assert_false(load_from("/no/such/secret", &settings, &error));
	assert_int_equal(error.kind, LC_ERROR_SYSTEM);
	assert_non_null(strstr(error.message, "clickhouse.password-file"));
	assert_non_null(strstr(error.message, "/no/such/secret: cannot be opened: No such file"));
}

static void a_secret_comes_from_one_place(void **state)
{
	char *path = config_case_write("hunter2", 7);
	char flag[256];
	struct config_case example = {.flags = CONFIG_CASE_LIST(flag)};
	struct lc_settings settings;

	(void)state;
	snprintf(flag, sizeof(flag), "--s3.secret-access-key-file=%s", path);
	config_case_fail(
	    &example,
	    CONFIG_CASE_LIST("s3.secret-access-key-file (flag --s3.secret-access-key-file)",
			     "s3.secret-access-key (environment variable "
			     "LOG_COURIER_S3_SECRET_ACCESS_KEY)",
			     "one of the two"));
	/* An empty text takes back what a weaker source gave. */
	example.environment = CONFIG_CASE_LIST("LOG_COURIER_S3_ACCESS_KEY_ID=an-id");
	example.without_keys = true;
	example.yaml = "s3.secret-access-key: other\n";
	config_case_fail(&example, CONFIG_CASE_LIST("one of the two"));
	example.flags = CONFIG_CASE_LIST(flag, "--s3.secret-access-key=");
	config_case_succeed(&example, &settings);
	assert_string_equal(settings.s3_secret_access_key, "hunter2");
	lc_settings_free(&settings);
	config_case_remove(path);
}

/* What is written to stderr while the secret in `path` is read, into `text`. */
static void listen_while_loading(const char *path, char *text, size_t size)
{
	int kept = dup(STDERR_FILENO);
	struct lc_settings settings;
	struct lc_error error = {0};
	ssize_t heard;
	bool loaded;
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	loaded = load_from(path, &settings, &error);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	assert_true(loaded);
	lc_settings_free(&settings);
	heard = read(ends[0], text, size - 1);
	text[heard < 0 ? 0 : heard] = '\0';
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

static void a_file_open_to_all_is_warned_of(void **state)
{
	char *path = config_case_write("hunter2", 7);
	char heard[4096];

	(void)state;
	listen_while_loading(path, heard, sizeof(heard));
	assert_string_equal(heard, "");
	assert_int_equal(chmod(path, 0644), 0);
	listen_while_loading(path, heard, sizeof(heard));
	assert_non_null(strstr(heard, "every user of this machine can read"));
	assert_non_null(strstr(heard, "clickhouse.password-file"));
	assert_non_null(strstr(heard, path));
	assert_null(strstr(heard, "hunter2"));
	config_case_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_the_secret_without_its_last_newline),
	    cmocka_unit_test(a_file_that_holds_no_secret_is_refused),
	    cmocka_unit_test(a_file_that_is_not_there_is_named),
	    cmocka_unit_test(a_secret_comes_from_one_place),
	    cmocka_unit_test(a_file_open_to_all_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
