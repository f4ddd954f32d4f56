/*
 * The settings of the courier written in Go (include/tbl/go_settings.h), for whoever brings a
 * configuration from there.
 */
#ifndef LC_CONFIG_GO_SETTINGS_H
#define LC_CONFIG_GO_SETTINGS_H

#include "base/view.h"
#include "config/setting.h"

#include <stdbool.h>
#include <stddef.h>

enum { LC_GO_SETTINGS_HINT_SIZE = 320 };

/* If `name`, a dotted name or that of an environment variable without its prefix, is a setting of
 * the Go courier that is not one of ours: true, with what became of it in `hint`, of
 * LC_GO_SETTINGS_HINT_SIZE bytes: "the Go courier's is not needed here: ...". */
bool lc_go_settings_explain(struct lc_view name, char *hint);

/* The setting that the Go courier reads from this environment variable ("S3_ENDPOINT"), which has
 * no prefix, or NULL. */
const struct lc_setting *lc_go_settings_find_variable(struct lc_view variable);

#endif
