/*
 * Settings that differ by target bucket: the entries under `targets` in the YAML file.
 *
 *	targets:
 *	  - buckets: [audit, "audit-*"]
 *	    s3.region: eu-west-1
 *
 * The first entry with a pattern that the bucket's name matches counts, alone, whatever source the
 * service's own values come from. In a pattern `*` stands for any number of characters and `?` for
 * one.
 */
#ifndef LC_CONFIG_SETTINGS_TARGETS_H
#define LC_CONFIG_SETTINGS_TARGETS_H

#include "base/view.h"
#include "config/settings.h"

#include <stdbool.h>

enum { LC_SETTINGS_TARGETS_MAX = 1000 }; /* entries */

/* All settings that are in force for the target bucket, whose name may hold any bytes. Valid as
 * long as `settings`; which struct it is depends on the bucket alone. */
const struct lc_settings *lc_settings_of_bucket(const struct lc_settings *settings,
						struct lc_view bucket);

/* Adds an entry that gives nothing yet, which begins in this line of this file. It is valid until
 * the next one is added. */
struct lc_settings_target *lc_settings_targets_add(struct lc_settings *settings, const char *path,
						   unsigned line);

/* Makes each entry whole, once the service's own settings are: what it does not give is as the
 * service's, but credentials that go with some that it gives. */
void lc_settings_targets_complete(struct lc_settings *settings);

/* Takes the next pattern off the front of *rest, a comma-separated list of them. False at its
 * end. */
bool lc_settings_targets_next_pattern(const char **rest, struct lc_view *pattern);

/* True if the pattern matches the bucket's name. A name that is a pattern itself is matched if
 * whatever it matches is. */
bool lc_settings_targets_match(struct lc_view pattern, struct lc_view name);

#endif
