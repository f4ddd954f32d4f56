/*
 * Checks that concern several settings, or the machine.
 */
#ifndef LC_CONFIG_SETTINGS_CHECK_H
#define LC_CONFIG_SETTINGS_CHECK_H

#include "config/errors.h"
#include "config/settings.h"

#include <stdbool.h>

/* True if the settings fit one another, and what must be given is given. Otherwise each error
 * (LC_ERROR_USAGE) names the setting, where it comes from, what was found and what was expected.
 * Settings that `errors` has as refused are passed over. */
bool lc_settings_check(const struct lc_settings *settings, struct lc_errors *errors);

#endif
