/*
 * Settings from the environment: LOG_COURIER_<DOTTED_NAME_IN_UPPER_CASE>, '_' for '.' and '-'.
 */
#ifndef LC_CONFIG_SETTINGS_ENVIRONMENT_H
#define LC_CONFIG_SETTINGS_ENVIRONMENT_H

#include "base/error.h"
#include "config/settings.h"

#include <stdbool.h>

/* Sets what the environment ("NAME=value" texts ended by NULL) gives. A variable that begins with
 * LOG_COURIER_ and is no setting is an error that names the nearest one; passed over are
 * LOG_COURIER_CONFIG_FILE and the variables of the development tools: LOG_COURIER_CACHE,
 * LOG_COURIER_CHDB, LOG_COURIER_FRONT, LOG_COURIER_TEST_*. */
bool lc_settings_environment_apply(struct lc_settings *settings, char *const *environment,
				   struct lc_error *error);

/* LOG_COURIER_CONFIG_FILE's value, or NULL if it is not set or empty. Points into the environment.
 */
const char *lc_settings_environment_config_file(char *const *environment);

#endif
