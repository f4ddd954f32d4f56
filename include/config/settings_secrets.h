/*
 * Secrets from files.
 */
#ifndef LC_CONFIG_SETTINGS_SECRETS_H
#define LC_CONFIG_SETTINGS_SECRETS_H

#include "base/error.h"
#include "config/settings.h"

#include <stdbool.h>

/* Reads each secret whose file is given into its field: the file's whole content without a newline
 * at its end. An error if the secret itself is given too, if the file can not be read, is empty or
 * holds what a secret can not hold. Warns in the log when any user of the machine may read it. */
bool lc_settings_secrets_read(struct lc_settings *settings, struct lc_error *error);

#endif
