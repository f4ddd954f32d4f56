/*
 * All errors of one configuration, in the order in which they were found: whoever corrects it sees
 * them at once.
 */
#ifndef LC_CONFIG_ERRORS_H
#define LC_CONFIG_ERRORS_H

#include "base/error.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>

enum { LC_ERRORS_MAX = 100 }; /* errors that are kept */

/* Begins zeroed ({0}) and ends with lc_errors_free. */
struct lc_errors {
	struct lc_error *list;
	size_t count; /* in the list */
	size_t capacity;
	size_t left_out; /* found after LC_ERRORS_MAX others, and only counted */
	/* Settings whose value was refused: their fields hold another one, about which no error is
	 * worth a word. */
	bool refused[LC_SETTINGS_COUNT];
	/* A source could not be read to its end: a setting that seems to be missing may stand in
	 * the rest. */
	bool incomplete;
};

/* Adds the error. Returns false, so that a function can `return lc_errors_add(...)`. */
bool lc_errors_add(struct lc_errors *errors, const struct lc_error *error);

/* As lc_errors_add, for a value of the setting that was not taken. */
bool lc_errors_refuse(struct lc_errors *errors, enum lc_settings_index setting,
		      const struct lc_error *error);

/* How many there are, with those that were only counted. */
size_t lc_errors_count(const struct lc_errors *errors);

/* All of them as one, with the kind of the first: the texts, with "; " between them, if they are
 * short, else the first and how many follow. There must be at least one. */
void lc_errors_summarize(const struct lc_errors *errors, struct lc_error *summary);

void lc_errors_free(struct lc_errors *errors);

#endif
