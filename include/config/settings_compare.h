/* Two sets of settings held against each other. */
#ifndef LC_CONFIG_SETTINGS_COMPARE_H
#define LC_CONFIG_SETTINGS_COMPARE_H

#include "base/buffer.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>

/* True if the setting has the same value in both. */
bool lc_settings_compare_one(const struct lc_settings *a, const struct lc_settings *b,
			     enum lc_settings_index index);

/* Appends the names of those that differ, with ", " between them, never a value, and returns how
 * many there are. */
size_t lc_settings_compare_append(const struct lc_settings *a, const struct lc_settings *b,
				  struct lc_buffer *names);

#endif
