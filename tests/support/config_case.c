#include "support/config_case.h"

#include "base/memory.h"
#include "config/settings_load.h"
#include "support/story.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MAX = 64 };

char *config_case_write(const char *content, size_t size)
{
	const char *directory = getenv("TMPDIR");
	char *path = NULL;
	int fd;

	assert_true(asprintf(&path, "%s/log-courier-test-XXXXXX",
			     directory == NULL ? "/tmp" : directory) > 0);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), size);
	assert_int_equal(close(fd), 0);
	return path;
}

void config_case_remove(char *path)
{
	assert_int_equal(unlink(path), 0);
	free(path);
}

/* Pointers to text that nobody writes to, as main's argv and environ have them. */
static int append(char **list, int count, const char *text)
{
	assert_true(count < LIST_MAX - 1);
	list[count] = strdup(text);
	list[count + 1] = NULL;
	return count + 1;
}

static int append_list(char **list, int count, const char *const *texts)
{
	for (; texts != NULL && *texts != NULL; texts++)
		count = append(list, count, *texts);
	return count;
}

static void release(char **list)
{
	for (; *list != NULL; list++)
		free(*list);
}

bool config_case_load_all(const struct config_case *example, struct lc_settings *settings,
			  struct lc_errors *errors)
{
	char *argv[LIST_MAX] = {NULL};
	char *environment[LIST_MAX] = {NULL};
	int argc = append(argv, 0, "log-courier");
	int variables = append(environment, 0, "PATH=/bin");
	char *path = NULL;
	bool loaded;

	if (!example->without_keys) {
		variables = append(environment, variables, "LOG_COURIER_S3_ACCESS_KEY_ID=an-id");
		variables =
		    append(environment, variables, "LOG_COURIER_S3_SECRET_ACCESS_KEY=a-secret");
	}
	(void)append_list(environment, variables, example->environment);
	if (example->yaml != NULL) {
		path = config_case_write(example->yaml, strlen(example->yaml));
		argc = append(argv, argc, "--config-file");
		argc = append(argv, argc, path);
	}
	argc = append_list(argv, argc, example->flags);
	loaded = lc_settings_load(settings, argc, argv, environment, errors);
	if (path != NULL)
		config_case_remove(path);
	release(argv);
	release(environment);
	return loaded;
}

bool config_case_first(struct lc_errors *errors, struct lc_error *error)
{
	bool none = errors->count == 0;

	if (!none)
		*error = errors->list[0];
	lc_errors_free(errors);
	return none;
}

bool config_case_load(const struct config_case *example, struct lc_settings *settings,
		      struct lc_error *error)
{
	struct lc_errors errors = {0};
	bool loaded = config_case_load_all(example, settings, &errors);

	if (errors.count > 1)
		fail_msg("one error expected: \"%s\", \"%s\"", errors.list[0].message,
			 errors.list[1].message);
	assert_int_equal(config_case_first(&errors, error), loaded);
	return loaded;
}

void config_case_copy(struct lc_settings *copy, const struct lc_settings *settings)
{
	*copy = *settings;
#define LC_SETTING_TEXT(field, ...) copy->field = lc_memory_copy_text(settings->field);
#define LC_SETTING_SECRET(field, ...) copy->field = lc_memory_copy_text(settings->field);
#include "tbl/settings.h"
	if (settings->config_file != NULL)
		copy->config_file = lc_memory_copy_text(settings->config_file);
}

void config_case_succeed(const struct config_case *example, struct lc_settings *settings)
{
	struct lc_error error = {0};

	if (!config_case_load(example, settings, &error))
		fail_msg("did not load: %s", error.message);
}

void config_case_fail(const struct config_case *example, const char *const *texts)
{
	struct lc_error error = {0};
	struct lc_settings settings;

	if (config_case_load(example, &settings, &error)) {
		lc_settings_free(&settings);
		fail_msg("loaded, though it should not");
	}
	assert_int_not_equal(error.kind, LC_ERROR_NONE);
	for (; *texts != NULL; texts++) {
		if (strstr(error.message, *texts) == NULL)
			fail_msg("\"%s\" is not in: %s", *texts, error.message);
	}
}
