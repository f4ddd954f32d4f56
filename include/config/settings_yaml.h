/*
 * Settings from a YAML file: one mapping whose keys are dotted names, or nested mappings that spell
 * the dotted names step by step, or both mixed:
 *
 *	s3.region: eu-west-1
 *	s3:
 *	  endpoint: https://s3.example.com
 *
 * Of YAML only what configuration needs is taken (YAML 1.1, yaml.org/spec/1.1; the parser is
 * libyaml): one document, UTF-8, no anchors, aliases or tags; each setting once. Numbers and
 * booleans are written plainly, texts plainly or in quotes. Settings that hold several values take
 * a list, too. Nothing nests deeper than the settings' names do. The key `targets` is no setting,
 * but a list of mappings: see config/settings_targets.h.
 */
#ifndef LC_CONFIG_SETTINGS_YAML_H
#define LC_CONFIG_SETTINGS_YAML_H

#include "base/view.h"
#include "config/errors.h"
#include "config/settings.h"

#include <stdbool.h>

enum { LC_SETTINGS_YAML_SIZE_MAX = 262144 }; /* bytes of a file */

/* Reads the file and sets what it gives. An empty file gives nothing. Each error, in the order of
 * lines, says "<path>:<line>: <setting>: found ..., expected ...". What stands after a fault of
 * syntax is not read. */
bool lc_settings_yaml_read(struct lc_settings *settings, const char *path,
			   struct lc_errors *errors);

/* As lc_settings_yaml_read, with the file's content in memory; `path` is for messages alone. */
bool lc_settings_yaml_parse(struct lc_settings *settings, const char *path, struct lc_view content,
			    struct lc_errors *errors);

#endif
