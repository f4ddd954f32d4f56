/*
 * The settings from all their sources: in falling precedence the flags (config/command_line.h), the
 * environment, the YAML file (config/settings_yaml.h) and the defaults. Secrets may come from files
 * of their own. What differs by target bucket stands in the YAML file alone
 * (config/settings_targets.h). What is gathered is checked as a whole (config/settings_check.h): the
 * values fit one another, and secrets that come from files stand in their fields.
 */
#ifndef LC_CONFIG_SETTINGS_LOAD_H
#define LC_CONFIG_SETTINGS_LOAD_H

#include "config/errors.h"
#include "config/settings.h"

#include <stdbool.h>

/* Reads flags (argv[1] on), environment ("NAME=value" texts ended by NULL) and the YAML file that
 * they name, and checks the whole. The flags that ask for something else than a setting (--help,
 * --check-config, ...) are passed over. On success `settings` is filled and to be released with
 * lc_settings_free. Otherwise it returns false, `settings` needs no release, and each of `errors`,
 * which were none before (LC_ERROR_USAGE; LC_ERROR_SYSTEM when a file cannot be read), says where
 * the fault lies, what was found and what was expected, never a secret: first those of the command
 * line's form, then those of the file, the environment, the flags, the secrets' files and the
 * whole. The whole is checked only if all sources could be read to their end. Warns in the log when
 * a secret's file is open to everybody. May be called again at any time to read the configuration
 * again. */
bool lc_settings_load(struct lc_settings *settings, int argc, char *const *argv,
		      char *const *environment, struct lc_errors *errors);

/* Sets what the environment gives: LOG_COURIER_<DOTTED_NAME_IN_UPPER_CASE>, '_' for '.' and '-'. A
 * variable that begins with LOG_COURIER_ and is no setting is an error that names one that is near;
 * passed over are LOG_COURIER_CONFIG_FILE and the variables of the development tools:
 * LOG_COURIER_CACHE, LOG_COURIER_CHDB, LOG_COURIER_FRONT, LOG_COURIER_TEST_*. */
bool lc_settings_load_environment(struct lc_settings *settings, char *const *environment,
				  struct lc_errors *errors);

#endif
