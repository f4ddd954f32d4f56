#include "config/errors.h"

#include "base/assert.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 240 }; /* bytes of several errors that are still read at a glance */

bool lc_errors_add(struct lc_errors *errors, const struct lc_error *error)
{
	if (errors->count == LC_ERRORS_MAX) {
		errors->left_out++;
		return false;
	}
	errors->list = lc_memory_grow(errors->list, &errors->capacity, errors->count + 1,
				      sizeof(errors->list[0]));
	errors->list[errors->count++] = *error;
	return false;
}

bool lc_errors_refuse(struct lc_errors *errors, enum lc_settings_index setting,
		      const struct lc_error *error)
{
	errors->refused[setting] = true;
	return lc_errors_add(errors, error);
}

size_t lc_errors_count(const struct lc_errors *errors)
{
	return errors->count + errors->left_out;
}

/* Of all texts with "; " between them. */
static size_t size_of_all(const struct lc_errors *errors)
{
	size_t size = 0;

	for (size_t i = 0; i < errors->count; i++)
		size += strlen(errors->list[i].message) + 2;
	return size;
}

void lc_errors_summarize(const struct lc_errors *errors, struct lc_error *summary)
{
	size_t others = lc_errors_count(errors) - 1;
	bool short_enough = errors->left_out == 0 && size_of_all(errors) <= SHORT;
	size_t size;

	LC_ASSERT(errors->count > 0);
	*summary = errors->list[0];
	size = strlen(summary->message);
	for (size_t i = 1; short_enough && i < errors->count; i++)
		size += (size_t)snprintf(summary->message + size, LC_ERROR_MESSAGE_SIZE - size,
					 "; %s", errors->list[i].message);
	if (!short_enough && others > 0)
		lc_error_set(summary, errors->list[0].kind,
			     "%.440s; and %zu more error%s, see the log", errors->list[0].message,
			     others, others == 1 ? "" : "s");
}

void lc_errors_free(struct lc_errors *errors)
{
	free(errors->list);
	*errors = (struct lc_errors){0};
}
