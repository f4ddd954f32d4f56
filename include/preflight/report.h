/* The preflight for a person who waits for it. */
#ifndef LC_PREFLIGHT_REPORT_H
#define LC_PREFLIGHT_REPORT_H

#include "config/settings.h"

#include <stdio.h>

/* Runs the whole preflight (preflight/preflight.h) and writes a line for each check to `out` as
 * they come, then a summary. Returns LC_EXIT_OK if nothing has failed (warnings are allowed),
 * LC_EXIT_FAILURE if something has, and LC_EXIT_USAGE if the settings cannot be worked with; stderr
 * says why. */
int lc_preflight_report(const struct lc_settings *settings, const char *bucket, FILE *out);

#endif
