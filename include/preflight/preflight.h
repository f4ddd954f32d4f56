/*
 * The preflight: asks the real servers, before the service starts, whether it could work with them,
 * and says so in one line for each check. It changes nothing, but for an object that it stores in
 * a bucket of the caller's choice and deletes again.
 */
#ifndef LC_PREFLIGHT_PREFLIGHT_H
#define LC_PREFLIGHT_PREFLIGHT_H

#include "config/settings.h"

#include <stdio.h>

/* Checks one after the other, each for clickhouse.timeout-seconds at most, and writes the lines to
 * `out` as they come, then a summary. `bucket`: where an upload is tried; NULL: none is. Returns
 * LC_EXIT_OK if nothing has failed (warnings are allowed), LC_EXIT_FAILURE if something has, and
 * LC_EXIT_USAGE if the settings cannot be worked with, as when a file of authorities cannot be
 * read; stderr says why. */
int lc_preflight_run(const struct lc_settings *settings, const char *bucket, FILE *out);

#endif
