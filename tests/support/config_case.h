/*
 * One configuration under test: a YAML file, an environment and flags, as a process would get them.
 */
#ifndef LC_TESTS_CONFIG_CASE_H
#define LC_TESTS_CONFIG_CASE_H

#include "base/error.h"
#include "config/errors.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>

/* Lists end with NULL; a NULL list is an empty one. */
struct config_case {
	const char *yaml; /* content of the file; NULL for no file */
	const char *const *environment;
	const char *const *flags;
	bool without_keys; /* else the two S3 keys are given, by the environment */
};

#define CONFIG_CASE_LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* lc_settings_load on it. */
bool config_case_load_all(const struct config_case *example, struct lc_settings *settings,
			  struct lc_errors *errors);

/* The same for examples with one error at most, which is asserted. */
bool config_case_load(const struct config_case *example, struct lc_settings *settings,
		      struct lc_error *error);

/* Releases the errors, the first of them into `error`. Returns whether there were none. */
bool config_case_first(struct lc_errors *errors, struct lc_error *error);

/* Asserts that it loads; `settings` is to be released. */
void config_case_succeed(const struct config_case *example, struct lc_settings *settings);

/* Asserts that it does not, and that the message of the only error holds each of the texts. */
void config_case_fail(const struct config_case *example, const char *const *texts);

/* A copy of all; to be released with lc_settings_free on its own. */
void config_case_copy(struct lc_settings *copy, const struct lc_settings *settings);

/* A new file in the temporary directory; the path is to be given to config_case_remove. */
char *config_case_write(const char *content, size_t size);
void config_case_remove(char *path);

#endif
